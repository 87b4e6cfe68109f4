// What is told to a client whose request cannot be run: the "request errors" of the specification
// (section 7.1), as against field errors, which stand beside data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace cpc::graphql {

/// Values as resolvers and variables hold them.
using Json = nlohmann::json;
/// What goes back to the client: keeps the order in which the client asked (section 7.2.2).
using Answer = nlohmann::ordered_json;

/// The closed list of `extensions.code` of request errors.
namespace code {
inline constexpr std::string_view parse_failed = "GRAPHQL_PARSE_FAILED";
inline constexpr std::string_view validation_failed = "GRAPHQL_VALIDATION_FAILED";
inline constexpr std::string_view bad_user_input = "BAD_USER_INPUT";
inline constexpr std::string_view operation_resolution = "OPERATION_RESOLUTION_FAILURE";
inline constexpr std::string_view too_complex = "QUERY_TOO_COMPLEX";
/// Of field errors that the engine finds itself: a resolver threw or broke the schema's word.
inline constexpr std::string_view internal = "INTERNAL";
}  // namespace code

/// A place in a document; both count from 1, columns in code points.
struct Location {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  bool operator==(const Location&) const = default;
};

/// Where the octet at `offset` stands in `text`. Line ends as in section 2.1.3.
[[nodiscard]] Location locate(std::string_view text, std::size_t offset);

/// One entry of `errors` (section 7.1.2).
struct Problem {
  std::string message;
  std::string code;
  std::vector<Location> locations;
  Answer path;                       ///< An array for field errors, else null: left out.
  Json extensions = Json::object();  ///< Besides the code.
};

[[nodiscard]] Answer to_json(const Problem& problem);

/// Why a request is not run at all. Never empty.
struct Refusal {
  std::vector<Problem> problems;

  /// {"errors": [...]}, without "data".
  [[nodiscard]] Answer answer() const;
};

[[nodiscard]] Refusal refuse(std::string_view code, std::string message,
                             std::vector<Location> locations = {});

/// Either a T or the Refusal to send to the client. CPC_TRY works with it as with Result.
template <class T = void>
using Checked = boost::outcome_v2::basic_result<T, Refusal, boost::outcome_v2::policy::terminate>;

}  // namespace cpc::graphql
