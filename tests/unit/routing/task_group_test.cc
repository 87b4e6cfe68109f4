#include "routing/task_group.h"

#include <catch2/catch.hpp>
#include <stdexcept>

#include "routing/signal.h"
#include "tests/unit/routing/waiting.h"

namespace cpc::tests {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

asio::awaitable<void> tick(Waiting& world, int& ticks) {
  for (;;) {
    const routing::SteadyPoint due = world.timers.steady_now() + 1s;
    co_await world.timers.sleep_until(due);
    if (world.timers.steady_now() >= due) ++ticks;  // A cancelled sleep returns early.
  }
}
asio::awaitable<void> throw_later(Waiting& world) {
  co_await world.timers.sleep_until(world.timers.steady_now() + 1s);
  throw std::runtime_error("a bug");
}
asio::awaitable<void> throw_nothing_standard() {
  throw 7;
  co_return;
}
asio::awaitable<void> wait_for(routing::TaskGroup& group, bool& is_over) {
  co_await group.wait();
  is_over = true;
}
asio::awaitable<void> stop_from_inside(Waiting& world, bool& went_on) {
  world.tasks.stop();
  co_await world.timers.sleep_until(world.timers.steady_now() + 1s);
  went_on = true;
}
asio::awaitable<void> mark(bool& has_run) {
  has_run = true;
  co_return;
}

TEST_CASE("an exception in a task is logged with its name, and the others live on") {
  Waiting world;
  int ticks = 0;
  world.tasks.start("ticker", tick(world, ticks));
  world.tasks.start("thrower", throw_later(world));
  world.tasks.start("odd thrower", throw_nothing_standard());
  CHECK(world.tasks.count() == 3);
  world.timers.pass(10s);
  CHECK(world.tasks.count() == 1);
  CHECK(ticks == 10);
  REQUIRE(world.log.count("a task ended by an exception") == 2);
  CHECK(world.log.lines[0].value("task") == "odd thrower");
  CHECK(world.log.lines[1].value("task") == "thrower");
  CHECK(world.log.lines[1].value("reason") == "a bug");
  CHECK(world.log.lines[1].level == "error");
  world.tasks.stop();
  world.timers.settle();
}

TEST_CASE("a group that stops cancels every task, and wait returns when the last has ended") {
  Waiting world;
  routing::TaskGroup outer{world.io.get_executor(), world.log};
  int ticks = 0;
  bool is_over = false;
  for (int i = 0; i < 50; ++i) world.tasks.start("ticker", tick(world, ticks));
  outer.start("waiter", wait_for(world.tasks, is_over));
  world.timers.pass(1s);
  CHECK_FALSE(is_over);
  world.tasks.stop();
  world.tasks.stop();
  world.timers.settle();
  CHECK(is_over);
  CHECK(world.tasks.count() == 0);
  CHECK(world.timers.sleepers() == 0);
  CHECK(ticks == 50);
  CHECK(world.log.lines.empty());
}

TEST_CASE("a group may be stopped by one of its own tasks") {
  Waiting world;
  int ticks = 0;
  bool went_on = false;
  world.tasks.start("ticker", tick(world, ticks));
  world.tasks.start("stopper", stop_from_inside(world, went_on));
  world.timers.pass(1min);
  CHECK(world.tasks.count() == 0);
  CHECK_FALSE(went_on);
  CHECK(ticks == 0);
}

TEST_CASE("a task that is stopped before its first turn never runs") {
  Waiting world;
  bool has_run = false;
  world.tasks.start("mark", mark(has_run));
  world.tasks.stop();
  world.timers.settle();
  CHECK_FALSE(has_run);
  CHECK(world.tasks.count() == 0);
  CHECK(world.log.lines.empty());
}

asio::awaitable<void> wait_for_bell(routing::Signal& bell) {
  co_await bell.wait();
}

TEST_CASE("a task may end while its cancellation is on the way") {
  Waiting world;
  routing::Signal bell{world.io.get_executor()};
  world.tasks.start("wait for bell", wait_for_bell(bell));
  world.timers.settle();
  bell.notify();
  world.tasks.stop();
  world.timers.settle();
  CHECK(world.tasks.count() == 0);
  CHECK(world.log.lines.empty());
}

TEST_CASE("nothing starts in a group that was stopped, nor inside of start") {
  Waiting world;
  bool has_run = false;
  world.tasks.start("mark", mark(has_run));
  CHECK_FALSE(has_run);
  world.timers.settle();
  CHECK(has_run);
  has_run = false;
  world.tasks.stop();
  world.tasks.start("mark", mark(has_run));
  world.timers.settle();
  CHECK_FALSE(has_run);
  CHECK(world.tasks.count() == 0);
}

}  // namespace
}  // namespace cpc::tests
