#include "routing/single_flight.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <catch2/catch.hpp>

#include "tests/unit/routing/waiting.h"

namespace cpc::tests {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// Somebody who is asked, takes 10 s and says how often that was.
struct Oracle : Waiting {
  routing::SingleFlight<int> flight;
  int asked = 0;
  std::optional<Error> refuses;
  std::vector<std::string> heard;

  Task<int> answer() {
    const int number = ++asked;
    const routing::SteadyPoint due = timers.steady_now() + 10s;
    co_await timers.sleep_until(due);
    if (refuses) co_return *refuses;
    co_return number;
  }
  asio::awaitable<void> ask(std::string name) {
    const auto asks = [this] { return answer(); };
    const Result<int> heard_now = co_await flight.run(asks);
    const std::string outcome = heard_now ? std::to_string(heard_now.value()) : "nothing";
    heard.push_back(name + " " + outcome);
  }
};

TEST_CASE("who asks while somebody asks shares the answer") {
  Oracle oracle;
  for (const char* name : {"ann", "bob", "cleo"}) oracle.tasks.start(name, oracle.ask(name));
  oracle.timers.pass(5s);
  CHECK(oracle.flight.is_under_way());
  CHECK(oracle.heard.empty());
  oracle.timers.pass(5s);
  CHECK(oracle.heard == std::vector<std::string>{"ann 1", "bob 1", "cleo 1"});
  CHECK_FALSE(oracle.flight.is_under_way());
}

TEST_CASE("a refusal is shared as well, and who comes later asks anew") {
  Oracle oracle;
  oracle.refuses = Error{ErrorCode::denied, "no"};
  for (const char* name : {"ann", "bob"}) oracle.tasks.start(name, oracle.ask(name));
  oracle.timers.pass(10s);
  oracle.refuses.reset();
  oracle.tasks.start("cleo", oracle.ask("cleo"));
  oracle.timers.pass(10s);
  CHECK(oracle.heard == std::vector<std::string>{"ann nothing", "bob nothing", "cleo 2"});
}

TEST_CASE("who asks and is cancelled is followed by one of those who wait") {
  Oracle oracle;
  asio::cancellation_signal cancel;
  asio::co_spawn(oracle.io, oracle.ask("ann"),
                 asio::bind_cancellation_slot(cancel.slot(), asio::detached));
  for (const char* name : {"bob", "cleo"}) oracle.tasks.start(name, oracle.ask(name));
  oracle.timers.pass(5s);
  cancel.emit(asio::cancellation_type::terminal);
  oracle.timers.pass(1s);
  CHECK(oracle.asked == 2);
  oracle.timers.pass(10s);
  CHECK(oracle.heard == std::vector<std::string>{"ann nothing", "bob 2", "cleo 2"});
}

TEST_CASE("who waits and is cancelled leaves the others alone") {
  Oracle oracle;
  asio::cancellation_signal cancel;
  oracle.tasks.start("ann", oracle.ask("ann"));
  oracle.timers.settle();
  asio::co_spawn(oracle.io, oracle.ask("bob"),
                 asio::bind_cancellation_slot(cancel.slot(), asio::detached));
  oracle.timers.pass(5s);
  cancel.emit(asio::cancellation_type::terminal);
  oracle.timers.pass(5s);
  CHECK(oracle.asked == 1);
  CHECK(oracle.heard == std::vector<std::string>{"bob nothing", "ann 1"});
}

}  // namespace
}  // namespace cpc::tests
