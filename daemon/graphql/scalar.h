// Scalars: how leaf values enter and leave (sections 3.5 and 6.4.3).
#pragma once

#include <functional>
#include <map>
#include <string>

#include "core/base/result.h"
#include "daemon/graphql/problem.h"

namespace cpc::graphql {

/// The two directions of one scalar. Both must be pure: they run at any time, on any thread.
/// The detail of a failure is for tests and logs; the client reads `expected a value of type "X"`.
struct Scalar {
  /// From a variable, or from a literal turned to JSON, to what resolvers read. Never sees null.
  std::function<Result<Json>(const Json& input)> parse;
  /// From what a resolver returned to what the client reads. Never sees null.
  std::function<Result<Json>(const Json& value)> serialise;
};

using Scalars = std::map<std::string, Scalar, std::less<>>;

/// Int, Float, String, Boolean and ID, as sections 3.5.1 to 3.5.5 have them. Int is 32 bits.
[[nodiscard]] const Scalars& built_in_scalars();

/// `DateTime`: an RFC 3339 time with offset on the wire (https://scalars.graphql.org/andimarek/
/// date-time), milliseconds since the Unix epoch (core/base/time.h) in resolvers. Leaves in UTC
/// with three decimals; finer input is cut off. Years 0001 to 9999; a leap second is refused.
[[nodiscard]] Scalar date_time_scalar();

}  // namespace cpc::graphql
