#include "core/address.h"

#include <algorithm>

namespace cpc::core {
namespace {

constexpr std::string_view suffix = ".cpc";
constexpr std::size_t label_bytes_max = 63;
constexpr std::size_t local_bytes_max = 64;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

}  // namespace

Result<InstanceName> InstanceName::parse(std::string_view text) {
  const auto refuse = [](const char* why) { return fail(ErrorCode::invalid, why); };
  if (!text.ends_with(suffix)) return refuse("an instance name ends in .cpc");
  const std::string_view label = text.substr(0, text.size() - suffix.size());
  if (label.empty() || label.size() > label_bytes_max) {
    return refuse("an instance name has 1 to 63 letters before .cpc");
  }
  const bool is_ldh =
      std::ranges::all_of(label, [](char c) { return is_letter_or_digit(c) || c == '-'; });
  if (!is_ldh || label.front() == '-' || label.back() == '-') {
    return refuse("an instance name consists of a-z, 0-9 and inner hyphens");
  }
  if (label.starts_with("xn--") || label == "localhost") {
    return refuse("this instance name is reserved");
  }
  return InstanceName{std::string{text}};
}

bool is_local_part(std::string_view text) {
  if (text.empty() || text.size() > local_bytes_max) return false;
  if (!is_letter_or_digit(text.front()) || !is_letter_or_digit(text.back())) return false;
  if (text.find("..") != std::string_view::npos) return false;
  return std::ranges::all_of(
      text, [](char c) { return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-'; });
}

Result<Address> Address::parse(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos) return fail(ErrorCode::invalid, "an address is local@name.cpc");
  if (!is_local_part(text.substr(0, at))) {
    return fail(ErrorCode::invalid, "the part before @ is not a valid name");
  }
  CPC_TRY(InstanceName instance, InstanceName::parse(text.substr(at + 1)));
  return Address{std::string{text.substr(0, at)}, std::move(instance)};
}

}  // namespace cpc::core
