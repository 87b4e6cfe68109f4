#include "routing/retry_schedule.h"

#include <catch2/catch.hpp>
#include <vector>

namespace cpc::routing {
namespace {

using namespace std::chrono_literals;

constexpr SteadyPoint start{std::chrono::hours{24 * 365 * 56}};
constexpr double middle = 0.5;

// Every interval from the first failure on, tried exactly when due.
std::vector<Milliseconds> intervals(Milliseconds for_so_long) {
  std::vector<Milliseconds> result;
  Attempts attempts{start, 0};
  for (SteadyPoint now = start; now < start + for_so_long;) {
    ++attempts.count;
    const SteadyPoint next =
        next_try(attempts, FailureClass::unreachable, now, std::nullopt, middle);
    result.push_back(next - now);
    now = next;
  }
  return result;
}

TEST_CASE("the first hour is tried at 2, 5, 15, 30, 60 s, 2, 5, 10 and then every 15 min") {
  const std::vector<Milliseconds> expected{2s,   5s,    15s,   30s,   60s,  2min,
                                           5min, 10min, 15min, 15min, 15min};
  CHECK(intervals(1h) == expected);
}

TEST_CASE("after a day it is every hour, after seven every 6 h, after thirty once a day") {
  const std::vector<Milliseconds> all = intervals(24h * 40);
  std::vector<std::pair<Milliseconds, std::int64_t>> phases;
  for (const Milliseconds interval : all) {
    if (phases.empty() || phases.back().first != interval) phases.emplace_back(interval, 0);
    ++phases.back().second;
  }
  REQUIRE(phases.size() == 12);
  CHECK(phases[8].first == 15min);
  CHECK(phases[8].second == 95);  // About a day.
  CHECK(phases[9] == std::pair<Milliseconds, std::int64_t>{1h, 144});
  CHECK(phases[10] == std::pair<Milliseconds, std::int64_t>{6h, 92});
  CHECK(phases[11] == std::pair<Milliseconds, std::int64_t>{24h, 10});
}

TEST_CASE("chance spreads an interval from three quarters to five quarters") {
  const Attempts attempts{start, 5};
  const auto at = [&](double jitter) {
    return next_try(attempts, FailureClass::unreachable, start + 1min, std::nullopt, jitter) -
           start - 1min;
  };
  CHECK(at(0.0) == 45s);
  CHECK(at(0.5) == 60s);
  CHECK(at(1.0) == 75s);
  CHECK(at(-3.0) == 45s);
  CHECK(at(9.0) == 75s);
}

TEST_CASE("what the peer asks for is the least we wait, up to one hour") {
  const auto asked = [](int count, Milliseconds retry_after) {
    return next_try({start, count}, FailureClass::asked_for_time, start, retry_after, middle) -
           start;
  };
  CHECK(asked(1, 90s) == 90s);
  CHECK(asked(9, 90s) == 15min);
  CHECK(asked(1, 60min) == 60min);
  CHECK(asked(1, 24h * 365) == 60min);
  CHECK(asked(1, -5s) == 2s);
}

TEST_CASE("a refusal is tried once more soon and then hourly; the unreachable are not") {
  const auto after = [](int count, FailureClass failure) {
    return next_try({start, count}, failure, start + 1min, std::nullopt, middle) - start - 1min;
  };
  CHECK(after(1, FailureClass::refused) == 2s);
  CHECK(after(2, FailureClass::refused) == 60min);
  CHECK(after(2, FailureClass::unreachable) == 5s);
  CHECK(after(2, FailureClass::asked_for_time) == 5s);
}

TEST_CASE(
    "a clock that went back or a wrong count gives an interval of the schedule all the same") {
  CHECK(next_try({start + 1h, 1}, FailureClass::unreachable, start, std::nullopt, middle) ==
        start + 2s);
  CHECK(next_try({start, 0}, FailureClass::unreachable, start, std::nullopt, middle) == start + 2s);
  CHECK(next_try({start, 1 << 30}, FailureClass::unreachable, start, std::nullopt, middle) ==
        start + 15min);
}

TEST_CASE("a peer is dormant from the seventh day of failing on") {
  CHECK_FALSE(is_dormant(start, start + 24h * 7 - 1ms));
  CHECK(is_dormant(start, start + 24h * 7));
}

TEST_CASE("an error's stable code decides its class, then its kind") {
  const auto kind = [](ErrorCode code, const char* detail) {
    return failure_of(fail(code, detail)).kind;
  };
  CHECK(kind(ErrorCode::unavailable, "no connection") == FailureClass::unreachable);
  CHECK(kind(ErrorCode::internal, "nonsense in the answer") == FailureClass::unreachable);
  CHECK(kind(ErrorCode::denied, "NOT_PEERED: refused") == FailureClass::refused);
  CHECK(kind(ErrorCode::denied, "no word") == FailureClass::refused);
  CHECK(kind(ErrorCode::unavailable, "BUSY: later") == FailureClass::asked_for_time);
  CHECK(kind(ErrorCode::unavailable, "RETRY: just booted") == FailureClass::retry);
  CHECK(kind(ErrorCode::unavailable, "CLOCK_SKEW: seven minutes") == FailureClass::retry);
  CHECK(failure_of(fail(ErrorCode::denied, "NOT_PEERED: refused")).word == "NOT_PEERED");
  CHECK(failure_of(fail(ErrorCode::unavailable, "no connection")).word == "unreachable");
}

}  // namespace
}  // namespace cpc::routing
