#include "daemon/graphql/problem.h"

#include <utility>

namespace cpc::graphql {

Location locate(std::string_view text, std::size_t offset) {
  Location location;
  const std::string_view before = text.substr(0, offset);
  for (std::size_t i = 0; i < before.size(); ++i) {
    const auto octet = static_cast<unsigned char>(before[i]);
    const bool ends_line = octet == '\n' || (octet == '\r' && text.substr(i + 1, 1) != "\n");
    if (ends_line) {
      ++location.line;
      location.column = 1;
    } else if ((octet & 0xC0) != 0x80) {  // Not the continuation of a code point.
      ++location.column;
    }
  }
  return location;
}

Answer to_json(const Problem& problem) {
  Answer json = {{"message", problem.message}};
  if (!problem.locations.empty()) {
    Answer& locations = json["locations"] = Answer::array();
    for (const Location& place : problem.locations) {
      locations.push_back({{"line", place.line}, {"column", place.column}});
    }
  }
  if (!problem.path.is_null()) json["path"] = problem.path;
  Answer& extensions = json["extensions"] = Answer{{"code", problem.code}};
  for (const auto& [key, value] : problem.extensions.items()) {
    if (key != "code") extensions[key] = Answer(value);
  }
  return json;
}

Answer Refusal::answer() const {
  Answer errors = Answer::array();
  for (const Problem& problem : problems) errors.push_back(to_json(problem));
  return Answer{{"errors", std::move(errors)}};
}

Refusal refuse(std::string_view code, std::string message, std::vector<Location> locations) {
  Problem problem;
  problem.message = std::move(message);
  problem.code = code;
  problem.locations = std::move(locations);
  return Refusal{{std::move(problem)}};
}

}  // namespace cpc::graphql
