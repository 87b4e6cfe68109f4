#include "routing/retry_schedule.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/codes.h"

namespace cpc::routing {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Milliseconds day = hours{24};
constexpr std::array<Milliseconds, 9> day_one{seconds{2},  seconds{5},  seconds{15},
                                              seconds{30}, seconds{60}, minutes{2},
                                              minutes{5},  minutes{10}, minutes{15}};

Milliseconds interval(const Attempts& attempts, FailureClass failure, SteadyPoint now) {
  const Milliseconds failing_for = now - attempts.first_failure;
  if (failing_for >= day * 30) return day;
  if (failing_for >= dormant_after) return hours{6};
  if (failing_for >= day) return hours{1};
  // A first refusal may come from our old view of the peer's keys; from the second on it is meant.
  if (failure == FailureClass::refused && attempts.count > 1) return hours{1};
  const auto last = static_cast<int>(day_one.size()) - 1;
  return day_one[static_cast<std::size_t>(std::clamp(attempts.count - 1, 0, last))];
}

}  // namespace

std::string_view to_text(FailureClass failure) {
  switch (failure) {
    case FailureClass::unreachable:
      return "unreachable";
    case FailureClass::refused:
      return "refused";
    case FailureClass::asked_for_time:
      return "asked_for_time";
    case FailureClass::retry:
      return "retry";
  }
  return "unreachable";
}

Failure failure_of(const Error& error) {
  const std::string_view code = core::stable_code(error);
  FailureClass kind = FailureClass::unreachable;
  if (code == "RETRY" || code == "CLOCK_SKEW") {
    kind = FailureClass::retry;
  } else if (code == "BUSY") {
    kind = FailureClass::asked_for_time;
  } else if (error.code == ErrorCode::denied || error.code == ErrorCode::too_large) {
    kind = FailureClass::refused;
  }
  return {kind, std::string{code.empty() ? to_text(kind) : code}};
}

SteadyPoint next_try(const Attempts& attempts, FailureClass failure, SteadyPoint now,
                     std::optional<Milliseconds> retry_after, double jitter) {
  const Milliseconds plain = interval(attempts, failure, now);
  const double factor = 0.75 + 0.5 * (jitter >= 0 ? std::min(jitter, 1.0) : 0.0);
  const Milliseconds spread{std::llround(static_cast<double>(plain.count()) * factor)};
  const Milliseconds asked = std::min(retry_after.value_or(Milliseconds{0}), retry_after_max);
  return now + std::max(spread, asked);
}

bool is_dormant(SteadyPoint first_failure, SteadyPoint now) {
  return now - first_failure >= dormant_after;
}

}  // namespace cpc::routing
