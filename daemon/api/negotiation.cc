#include "daemon/api/negotiation.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace cpc::api {
namespace {

constexpr std::string_view bearer = "Bearer";

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool is_same(std::string_view one, std::string_view other) {
  return std::ranges::equal(one, other, {}, lower, lower);
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Takes what stands before the next `mark` off `text`.
std::string_view next_part(std::string_view& text, char mark) {
  const auto end = std::min(text.find(mark), text.size());
  const std::string_view part = trimmed(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

// A weight in thousandths; what is no weight counts as none given (RFC 9110 section 12.4.2).
int weight_of(std::string_view parameters) {
  while (!parameters.empty()) {
    std::string_view value = next_part(parameters, ';');
    if (!is_same(next_part(value, '='), "q")) continue;
    double weight = 1;
    const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), weight);
    const bool is_weight = problem == std::errc{} && weight >= 0 && weight <= 1;
    return is_weight ? static_cast<int>(weight * 1000) : 1000;
  }
  return 1000;
}

// How well a client likes one media type: the range that names it most closely decides.
struct Liking {
  std::string_view type;
  int closeness = 0;  // 0: no range fits, 1: */*, 2: application/*, 3: itself.
  int weight = 0;

  void hear(std::string_view range, int its_weight) {
    const int its_closeness = is_same(range, type)              ? 3
                              : is_same(range, "application/*") ? 2
                              : range == "*/*"                  ? 1
                                                                : 0;
    if (its_closeness <= closeness) return;
    closeness = its_closeness;
    weight = its_weight;
  }
};

}  // namespace

std::string_view media_type_of(AnswerType type) {
  return type == AnswerType::plain_json ? "application/json" : "application/graphql-response+json";
}

std::optional<AnswerType> answer_type_for(const federation::HttpHeaders& headers) {
  if (headers.count("accept") == 0) return AnswerType::graphql_response;
  Liking newer{media_type_of(AnswerType::graphql_response)};
  Liking older{media_type_of(AnswerType::plain_json)};
  for (const auto& header : headers.list) {
    if (header.name != "accept") continue;
    std::string_view ranges = header.value;
    while (!ranges.empty()) {
      std::string_view parameters = next_part(ranges, ',');
      const std::string_view range = next_part(parameters, ';');
      const int weight = weight_of(parameters);
      newer.hear(range, weight);
      older.hear(range, weight);
    }
  }
  if (newer.weight == 0 && older.weight == 0) return std::nullopt;
  return older.weight > newer.weight ? AnswerType::plain_json : AnswerType::graphql_response;
}

bool is_json_body(const federation::HttpHeaders& headers) {
  const auto type = headers.find("content-type");
  if (!type) return false;
  return is_same(trimmed(type->substr(0, type->find(';'))), media_type_of(AnswerType::plain_json));
}

std::optional<std::string_view> bearer_token(std::string_view credentials) {
  const auto space = credentials.find(' ');
  if (space == std::string_view::npos || !is_same(credentials.substr(0, space), bearer)) {
    return std::nullopt;
  }
  return trimmed(credentials.substr(space));
}

}  // namespace cpc::api
