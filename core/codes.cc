#include "core/codes.h"

#include <algorithm>

namespace cpc::core {
namespace {

std::size_t code_length(const Error& error) {
  const std::size_t colon = error.detail.find(": ");
  if (colon == std::string::npos || colon == 0) return 0;
  const bool is_code =
      std::all_of(error.detail.begin(), error.detail.begin() + static_cast<std::ptrdiff_t>(colon),
                  [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; });
  return is_code ? colon : 0;
}

}  // namespace

std::string_view stable_code(const Error& error) {
  return std::string_view{error.detail}.substr(0, code_length(error));
}

std::string_view sentence_of(const Error& error) {
  const std::size_t length = code_length(error);
  return std::string_view{error.detail}.substr(length == 0 ? 0 : length + 2);
}

}  // namespace cpc::core
