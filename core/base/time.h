// Points in time: milliseconds since the Unix epoch, in memory, in the store and on the wire.
// Nothing below daemon/ asks a clock; time is an argument.
#pragma once

#include <chrono>
#include <cstdint>

namespace cpc {

using Milliseconds = std::chrono::milliseconds;
using TimePoint = std::chrono::sys_time<Milliseconds>;

[[nodiscard]] constexpr std::int64_t to_milliseconds(TimePoint time) {
  return time.time_since_epoch().count();
}
[[nodiscard]] constexpr TimePoint from_milliseconds(std::int64_t milliseconds) {
  return TimePoint{Milliseconds{milliseconds}};
}

}  // namespace cpc
