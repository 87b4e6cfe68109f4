#include "routing/signal.h"

#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>
#include <random>

#include "routing/permits.h"
#include "routing/within.h"
#include "tests/unit/routing/waiting.h"

namespace cpc::tests {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using routing::Permits;
using routing::Signal;

struct Bell : Waiting {
  Signal signal{io.get_executor()};
  int work = 0;   ///< What there is to do.
  int done = 0;   ///< What the loop has seen of it.
  int turns = 0;  ///< How often it looked.
  std::mt19937 chance{1};

  void add() {
    ++work;
    signal.notify();
  }
};

asio::awaitable<void> look(Bell& bell) {
  const int seen = bell.work;
  // Reading takes its time, and what comes meanwhile is not in what was read.
  co_await bell.timers.sleep_until(bell.timers.steady_now() + Milliseconds{bell.chance() % 3});
  bell.done = seen;
  ++bell.turns;
}
asio::awaitable<void> loop(Bell& bell) {
  for (;;) {
    co_await look(bell);
    co_await bell.signal.wait();
  }
}
asio::awaitable<void> loop_with_deadlines(Bell& bell) {
  bool is_wanted = true;
  for (;;) {
    if (is_wanted) co_await look(bell);
    const routing::SteadyPoint due = bell.timers.steady_now() + Milliseconds{bell.chance() % 3};
    is_wanted = co_await bell.signal.wait_until(bell.timers, due);
  }
}
asio::awaitable<void> ring_later(Bell& bell, routing::SteadyPoint at) {
  co_await bell.timers.sleep_until(at);
  bell.add();
}

TEST_CASE("no wake-up is lost, whenever it comes") {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    Bell bell;
    bell.chance.seed(seed);
    const bool has_deadlines = seed % 2 == 0;
    bell.tasks.start("loop", has_deadlines ? loop_with_deadlines(bell) : loop(bell));
    const routing::SteadyPoint start = bell.timers.steady_now();
    for (int i = 0; i < 20; ++i) {
      bell.tasks.start("ring", ring_later(bell, start + Milliseconds{bell.chance() % 40}));
    }
    bell.timers.pass(100ms);
    INFO("seed " << seed);
    CHECK(bell.done == 20);
    bell.tasks.stop();
    bell.timers.settle();
    CHECK(bell.tasks.count() == 0);
  }
}

TEST_CASE("several notifications before one wait are one wake-up, and none is none") {
  Bell bell;
  bell.tasks.start("loop", loop(bell));
  bell.timers.pass(10ms);
  CHECK(bell.turns == 1);
  for (int i = 0; i < 5; ++i) bell.add();
  bell.timers.pass(10ms);
  CHECK(bell.turns == 2);
  CHECK_FALSE(bell.signal.is_set());
  bell.tasks.stop();
  bell.timers.settle();
}

asio::awaitable<void> wait_once(Bell& bell, routing::SteadyPoint due,
                                std::optional<bool>& was_woken) {
  was_woken = co_await bell.signal.wait_until(bell.timers, due);
}

TEST_CASE("a wait with a deadline tells a wake-up from the deadline") {
  Bell bell;
  std::optional<bool> was_woken;
  bell.tasks.start("wait", wait_once(bell, bell.timers.steady_now() + 1s, was_woken));
  bell.timers.pass(1s);
  CHECK(was_woken == false);

  was_woken.reset();
  bell.tasks.start("wait", wait_once(bell, bell.timers.steady_now() + 1s, was_woken));
  bell.timers.pass(500ms);
  CHECK_FALSE(was_woken.has_value());
  bell.signal.notify();
  bell.timers.settle();
  CHECK(was_woken == true);

  was_woken.reset();
  bell.signal.notify();
  bell.tasks.start("wait", wait_once(bell, bell.timers.steady_now() - 1s, was_woken));
  bell.timers.settle();
  CHECK(was_woken == true);  // Set before: true even when the deadline is over.
  CHECK_FALSE(bell.signal.is_set());
}

// A clock that strikes after so many turns of the io_context, within one instant.
class CountedTimers final : public routing::Timers {
 public:
  explicit CountedTimers(int turns) : turns_(turns) {}
  [[nodiscard]] TimePoint now() const override { return {}; }
  [[nodiscard]] routing::SteadyPoint steady_now() const override { return {}; }
  [[nodiscard]] asio::awaitable<void> sleep_until(routing::SteadyPoint) override {
    for (int i = 0; i < turns_; ++i) co_await asio::post(asio::as_tuple(asio::use_awaitable));
  }

 private:
  int turns_;
};

asio::awaitable<void> wait_by(Bell& bell, routing::Timers& timers, std::optional<bool>& was_woken) {
  was_woken = co_await bell.signal.wait_until(timers, timers.steady_now() + 1s);
}
asio::awaitable<void> ring_after(Bell& bell, int turns) {
  for (int i = 0; i < turns; ++i) co_await asio::post(asio::as_tuple(asio::use_awaitable));
  bell.signal.notify();
}

TEST_CASE("a notification in the instant of the deadline wakes, or is there for the next wait") {
  int woken = 0;
  int late = 0;
  for (int clock = 0; clock < 12; ++clock) {
    for (int ring = 0; ring < 12; ++ring) {
      Bell bell;
      CountedTimers timers{clock};
      std::optional<bool> was_woken;
      bell.tasks.start("wait", wait_by(bell, timers, was_woken));
      bell.tasks.start("ring", ring_after(bell, ring));
      bell.timers.settle();
      REQUIRE(was_woken.has_value());
      INFO("the clock after " << clock << " turns, the ring after " << ring);
      CHECK(*was_woken != bell.signal.is_set());
      *was_woken ? ++woken : ++late;
    }
  }
  CHECK(woken > 0);
  CHECK(late > 0);
}

struct Shared : Waiting {
  Permits permits{io.get_executor(), 2};
  int inside = 0;
  int inside_max = 0;
  std::vector<int> order;
};
asio::awaitable<void> use(Shared& shared, int number) {
  const Permits::Permit permit = co_await shared.permits.acquire();
  shared.order.push_back(number);
  shared.inside_max = std::max(shared.inside_max, ++shared.inside);
  co_await shared.timers.sleep_until(shared.timers.steady_now() + 1s);
  --shared.inside;
}

TEST_CASE("at most so many hold a permit at a time, in order of arrival") {
  Shared shared;
  for (int i = 0; i < 7; ++i) shared.tasks.start("use", use(shared, i));
  shared.timers.pass(3500ms);
  CHECK(shared.inside == 1);
  shared.timers.pass(1s);
  CHECK(shared.inside_max == 2);
  CHECK(shared.order == std::vector<int>{0, 1, 2, 3, 4, 5, 6});
  CHECK(shared.permits.free() == 2);
}

Task<int> use_in_time(Shared& shared) {
  const Permits::Permit permit = co_await shared.permits.acquire();
  co_await shared.timers.sleep_until(shared.timers.steady_now() + 1s);
  co_return 1;
}
asio::awaitable<void> try_to_use(Shared& shared, Milliseconds limit, int& outcomes) {
  const Result<int> used = co_await routing::within(shared.timers, limit, use_in_time(shared));
  outcomes += used ? 1 : 100;
}

TEST_CASE("who gives up waiting for a permit loses none, also in the instant it was granted") {
  Shared shared;
  int outcomes = 0;
  for (int i = 0; i < 2; ++i) shared.tasks.start("use", use(shared, i));
  shared.timers.settle();
  // Their deadlines fall before, on and after the second in which permits come back.
  for (const Milliseconds limit : {500ms, 1000ms, 1000ms, 1000ms, 1500ms}) {
    shared.tasks.start("try", try_to_use(shared, limit, outcomes));
  }
  shared.timers.pass(10s);
  CHECK(shared.tasks.count() == 0);
  CHECK(shared.permits.free() == 2);
  CHECK(outcomes == 500);  // Each holds a permit for a second: none can end in time.
}

TEST_CASE("stopping gives every permit back") {
  Shared shared;
  for (int i = 0; i < 7; ++i) shared.tasks.start("use", use(shared, i));
  shared.timers.pass(100ms);
  shared.tasks.stop();
  shared.timers.settle();
  CHECK(shared.tasks.count() == 0);
  CHECK(shared.permits.free() == 2);
}

}  // namespace
}  // namespace cpc::tests
