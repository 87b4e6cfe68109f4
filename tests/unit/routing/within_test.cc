#include "routing/within.h"

#include <catch2/catch.hpp>
#include <stdexcept>

#include "tests/unit/routing/waiting.h"

namespace cpc::tests {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using routing::within;

struct Work : Waiting {
  bool is_running = false;
  std::optional<Result<int>> outcome;
  routing::SteadyPoint ended_at{};
};

struct Running {
  explicit Running(Work& work) : self(work) { self.is_running = true; }
  ~Running() { self.is_running = false; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  Work& self;
};

Task<int> seven_after(Work& work, Milliseconds span) {
  const Running running{work};
  const routing::SteadyPoint due = work.timers.steady_now() + span;
  co_await work.timers.sleep_until(due);
  if (work.timers.steady_now() < due) co_return fail(ErrorCode::internal, "cancelled, as I saw it");
  co_return 7;
}
Task<int> throws_after(Work& work, Milliseconds span) {
  co_await work.timers.sleep_until(work.timers.steady_now() + span);
  throw std::runtime_error("a bug");
}
asio::awaitable<void> run(Work& work, Milliseconds limit, Task<int> task) {
  work.outcome = co_await within(work.timers, limit, std::move(task));
  work.ended_at = work.timers.steady_now();
}

TEST_CASE("what ends before its deadline keeps its outcome and leaves no timer behind") {
  Work work;
  const routing::SteadyPoint start = work.timers.steady_now();
  work.tasks.start("run", run(work, 100ms, seven_after(work, 30ms)));
  work.timers.pass(1s);
  REQUIRE(work.outcome.has_value());
  CHECK(work.outcome->value() == 7);
  CHECK(work.ended_at == start + 30ms);
  CHECK(work.timers.sleepers() == 0);
}

TEST_CASE("what is late fails with unavailable at its deadline, cancelled and ended") {
  Work work;
  const routing::SteadyPoint start = work.timers.steady_now();
  work.tasks.start("run", run(work, 100ms, seven_after(work, 1h)));
  work.timers.pass(50ms);
  CHECK(work.is_running);
  work.timers.pass(50ms);
  REQUIRE(work.outcome.has_value());
  CHECK(work.outcome->error().code == ErrorCode::unavailable);
  CHECK(work.outcome->error().detail == "deadline passed");
  CHECK(work.ended_at == start + 100ms);
  CHECK_FALSE(work.is_running);
  CHECK(work.timers.sleepers() == 0);
}

Task<int> careless(Work& work) {
  co_await work.timers.sleep_until(work.timers.steady_now() + 1h);
  co_return 7;  // Also when the sleep was cut short.
}

TEST_CASE("a value that comes of a cancelled wait is no outcome") {
  Work work;
  work.tasks.start("run", run(work, 100ms, careless(work)));
  work.timers.pass(1s);
  REQUIRE(work.outcome.has_value());
  CHECK_FALSE(work.outcome->has_value());
}

TEST_CASE("an exception passes through at once, not at the deadline") {
  Work work;
  work.tasks.start("run", run(work, 1h, throws_after(work, 10ms)));
  work.timers.pass(10ms);
  CHECK(work.tasks.count() == 0);
  REQUIRE(work.log.lines.size() == 1);
  CHECK(work.log.lines.front().value("reason") == "a bug");
}

TEST_CASE("a cancelled wait is no failure: the coroutine ends, and so does its task") {
  Work work;
  work.tasks.start("run", run(work, 1h, seven_after(work, 30min)));
  work.timers.pass(1min);
  CHECK(work.is_running);
  work.tasks.stop();
  work.timers.settle();
  CHECK_FALSE(work.is_running);
  CHECK_FALSE(work.outcome.has_value());
  CHECK(work.tasks.count() == 0);
  CHECK(work.timers.sleepers() == 0);
  CHECK(work.log.lines.empty());
}

TEST_CASE("deadlines nest, and the inner one's failure is an outcome of the outer task") {
  Work work;
  const routing::SteadyPoint start = work.timers.steady_now();
  work.tasks.start("run", run(work, 1h, within(work.timers, 20ms, seven_after(work, 30min))));
  work.timers.pass(1s);
  REQUIRE(work.outcome.has_value());
  CHECK(work.outcome->error().detail == "deadline passed");
  CHECK(work.ended_at == start + 20ms);

  work.outcome.reset();
  work.tasks.start("run", run(work, 20ms, within(work.timers, 1h, seven_after(work, 30min))));
  work.timers.pass(1s);
  REQUIRE(work.outcome.has_value());
  CHECK(work.ended_at == start + 1s + 20ms);
  CHECK_FALSE(work.is_running);
}

}  // namespace
}  // namespace cpc::tests
