#include "routing/delivery_step.h"

#include <catch2/catch.hpp>

namespace cpc::routing {
namespace {

using namespace std::chrono_literals;

constexpr SteadyPoint start{std::chrono::hours{24 * 365 * 56}};
const core::DeliveryLimits full{};
const core::InstanceName beta = core::InstanceName::parse("beta.cpc").value();

NextStep after(Pace pace, TurnEnd end) {
  return next_step(pace, end, full, start, 10min);
}
Pace fresh() {
  Pace pace;
  pace.limits = full;
  return pace;
}

TEST_CASE("progress and greetings go on at once, nothing owed idles until it is woken") {
  for (const TurnEnd end : {TurnEnd::progressed, TurnEnd::greeted}) {
    const NextStep next = after(fresh(), end);
    CHECK(next.wait.due == start);
    CHECK_FALSE(next.wait.is_idle);
  }
  const NextStep idle = after(fresh(), TurnEnd::nothing_owed);
  CHECK(idle.wait.is_idle);
  CHECK(idle.wait.due == start + 10min);
  CHECK(idle.wait.earliest == start);
}

TEST_CASE("pauses double to 30 s and are forgotten after progress") {
  NextStep next{fresh(), {}};
  for (int i = 0; i < 20; ++i) next = after(next.pace, TurnEnd::deferred);
  CHECK(next.wait.due == start + 30s);
  CHECK(next.wait.earliest == start + 250ms);
  next = after(next.pace, TurnEnd::progressed);
  next = after(next.pace, TurnEnd::deferred);
  CHECK(next.wait.due == start + 250ms);
}

TEST_CASE("no wake-up cuts the pause of a failing store") {
  const NextStep next = after(after(fresh(), TurnEnd::store_failed).pace, TurnEnd::store_failed);
  CHECK(next.wait.earliest == start + 500ms);
  CHECK(next.wait.due == start + 500ms);
}

TEST_CASE("limits are halved by too_large and grow back with each answer") {
  Pace pace = after(fresh(), TurnEnd::too_large).pace;
  CHECK(pace.limits.entries_max == 250);
  CHECK(pace.limits.lanes_max == 50);
  CHECK(pace.limits.bytes_max == full.bytes_max / 2);
  for (int i = 0; i < 30; ++i) pace = after(pace, TurnEnd::too_large).pace;
  CHECK(pace.limits.entries_max == 1);
  CHECK(pace.limits.lanes_max == 1);
  CHECK(pace.limits.bytes_max == batch_bytes_min);
  for (int i = 0; i < 30; ++i) pace = after(pace, TurnEnd::progressed).pace;
  CHECK(pace.limits.entries_max == full.entries_max);
  CHECK(pace.limits.lanes_max == full.lanes_max);
  CHECK(pace.limits.bytes_max == full.bytes_max);
}

TEST_CASE("too_large is a failure once nothing smaller is left") {
  const Error error = fail(ErrorCode::too_large, "TOO_LARGE: less");
  Pace pace = fresh();
  CHECK(turn_end(failure_of(error), error, pace) == TurnEnd::too_large);
  pace.limits = {1, batch_bytes_min, 1, 1000};
  CHECK(turn_end(failure_of(error), error, pace) == TurnEnd::failed);
}

TEST_CASE("retry leads to a greeting at once, three times in a row and no more") {
  const Error error = fail(ErrorCode::unavailable, "RETRY: just booted");
  Pace pace = fresh();
  for (int i = 0; i < retries_max; ++i) {
    REQUIRE(turn_end(failure_of(error), error, pace) == TurnEnd::retry);
    const NextStep next = after(pace, TurnEnd::retry);
    CHECK(next.wait.due == start);
    CHECK(next.pace.must_greet);
    pace = after(next.pace, TurnEnd::greeted).pace;
    CHECK_FALSE(pace.must_greet);
  }
  CHECK(turn_end(failure_of(error), error, pace) == TurnEnd::failed);
  CHECK(after(pace, TurnEnd::progressed).pace.retries == 0);
  CHECK(after(pace, TurnEnd::failed).pace.retries == retries_max);
}

TEST_CASE("work wakes a healthy peer's loop, only the schedule a failing one's") {
  const Wait wait{start + 1s, start + 1min, false};
  PeerStatus status;
  status.state = Reachability::reachable;
  Pace pace = fresh();
  CHECK(go_at(wait, true, pace, status) == start + 1s);
  CHECK(go_at(wait, false, pace, status) == start + 1min);
  status.state = Reachability::unreachable;
  status.try_due = start + 1h;
  CHECK(go_at(wait, true, pace, status) == start + 1h);
  pace.has_greeted = true;
  CHECK(go_at(wait, true, pace, status) == start + 1s);
}

TEST_CASE("only a reachable peer that judges us is not greeted first") {
  PeerStatus status;
  CHECK(greets_first(fresh(), status));
  status.state = Reachability::unreachable;
  CHECK(greets_first(fresh(), status));
  status.state = Reachability::reachable;
  CHECK_FALSE(greets_first(fresh(), status));
  Pace pace = fresh();
  pace.must_greet = true;
  CHECK(greets_first(pace, status));
  status.state = Reachability::unreachable;
  CHECK_FALSE(greets_first(after(pace, TurnEnd::greeted).pace, status));
  CHECK(greets_first(after(after(pace, TurnEnd::greeted).pace, TurnEnd::failed).pace, status));
}

TEST_CASE("a lane that was blocked counts as progress, an answer without movement as deferral") {
  core::DeliveryOutcome outcome;
  CHECK(turn_end(outcome) == TurnEnd::deferred);
  outcome.is_deferred = true;
  CHECK(turn_end(outcome) == TurnEnd::deferred);
  outcome.has_progressed = true;
  CHECK(turn_end(outcome) == TurnEnd::progressed);
  outcome = {};
  outcome.blocked.push_back({beta, core::LaneKind::consent, {}});
  CHECK(turn_end(outcome) == TurnEnd::progressed);
}

TEST_CASE("every lane that was sent is fetched for its answer") {
  core::Batch batch;
  CHECK(keys_of_answer(beta, batch).empty());
  batch.frames.emplace();
  batch.logs.emplace_back();
  batch.submissions.emplace_back();
  batch.receipts.emplace_back();
  CHECK(keys_of_answer(beta, batch).size() == 5);  // The log's conversation as well.
}

}  // namespace
}  // namespace cpc::routing
