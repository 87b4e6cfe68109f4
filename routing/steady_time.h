// Time for waits and intervals: a clock that only moves forward, at the pace of real time, also
// while the machine sleeps. Its zero means nothing, so it is never written, signed or shown; for
// that there is TimePoint, the wall clock, which an operator or NTP may set to anything.
#pragma once

#include "core/base/time.h"

namespace cpc::routing {

/// Read through Timers::steady_now() only.
struct SteadyClock {
  // NOLINTBEGIN(readability-identifier-naming): std::chrono's names for a clock.
  using duration = Milliseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<SteadyClock>;
  // NOLINTEND(readability-identifier-naming)
  static constexpr bool is_steady = true;
};
using SteadyPoint = SteadyClock::time_point;

/// One moment on both clocks.
struct Instant {
  TimePoint wall{};
  SteadyPoint steady{};
};

}  // namespace cpc::routing
