// When a peer that failed is tried again. Pure: time and chance are arguments.
//
// The schedule is per peer, not per message, and counts from the first failure since the last
// success, by the steady clock:
//
//   day one            2, 5, 15, 30, 60 s, then 2, 5, 10 min, then every 15 min
//   up to day seven    every hour
//   up to day thirty   every 6 h  (dormant: probes only)
//   later              every 24 h (dormant)
//
// each times 0.75 to 1.25 by chance, so that many instances do not return in step. Unreachable is
// never treated as refused: only a refusal slows down at once, because knocking will not mend it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "routing/steady_time.h"

namespace cpc::routing {

enum class FailureClass {
  unreachable,     ///< No connection, no answer in time, an answer that proves nothing, a 5xx.
  refused,         ///< It does not want us: wrong keys, no peering, gone.
  asked_for_time,  ///< It is there and busy.
  retry,           ///< It cannot judge us yet (our clock, its boot): greet, then go on at once.
};

/// unreachable | refused | asked_for_time | retry: stable words, for the log and for cpcctl.
[[nodiscard]] std::string_view to_text(FailureClass failure);

struct Failure {
  FailureClass kind = FailureClass::unreachable;
  std::string word;  ///< The refusal's stable code (`NOT_PEERED`), or to_text(kind).
};

/// What a PeerExchange's error means for the schedule. `CODE: sentence` in its detail: RETRY and
/// CLOCK_SKEW are retry, BUSY is asked_for_time. Without them denied is refused, too_large is
/// refused (nothing smaller is left to send), all else unreachable.
[[nodiscard]] Failure failure_of(const Error& error);

inline constexpr Milliseconds retry_after_max = std::chrono::hours{1};
inline constexpr Milliseconds dormant_after = std::chrono::hours{24} * 7;

struct Attempts {
  SteadyPoint first_failure{};
  int count = 0;  ///< Failures in a row, this one included.
};

/// When to try next, after a failure at `now`. `retry_after` is what the peer asked for: a minimum,
/// honoured up to one hour. `jitter` is 0 to 1; values outside are clamped.
[[nodiscard]] SteadyPoint next_try(const Attempts& attempts, FailureClass failure, SteadyPoint now,
                                   std::optional<Milliseconds> retry_after, double jitter);

/// Failing for more than seven days: only probed.
[[nodiscard]] bool is_dormant(SteadyPoint first_failure, SteadyPoint now);

}  // namespace cpc::routing
