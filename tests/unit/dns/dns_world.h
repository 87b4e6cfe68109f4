// A resolver on an io_context of its own, and time that stands still until a test moves it: what is
// kept, and for how long, is seen without waiting.
#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>
#include <optional>

#include "routing/ares_resolver.h"

namespace cpc::tests {

using namespace std::chrono_literals;

class StillTimers final : public routing::Timers {
 public:
  routing::SteadyPoint steady{std::chrono::hours{24}};
  [[nodiscard]] TimePoint now() const override { return TimePoint{}; }
  [[nodiscard]] routing::SteadyPoint steady_now() const override { return steady; }
  [[nodiscard]] boost::asio::awaitable<void> sleep_until(routing::SteadyPoint) override {
    co_return;
  }
};

class CountingRandom final : public routing::Random {
 public:
  Bytes bytes(std::size_t count) override {
    Bytes drawn(count, '\0');
    drawn[0] = static_cast<char>(++drawn_ >> 8);
    if (count > 1) drawn[1] = static_cast<char>(drawn_);
    return drawn;
  }

 private:
  unsigned drawn_ = 0;
};

/// One resolve() under way.
struct Asking {
  std::optional<Result<routing::Hints>> outcome;
  boost::asio::cancellation_signal cancel;
  bool is_over = false;
};

struct DnsWorld {
  boost::asio::io_context io;
  StillTimers timers;
  CountingRandom random;
  std::unique_ptr<routing::AresResolver> resolver;

  void open(routing::DnsSettings settings) {
    resolver =
        routing::AresResolver::open(io.get_executor(), std::move(settings), timers, random).value();
  }

  static boost::asio::awaitable<void> resolve(routing::Resolver& resolver, core::InstanceName name,
                                              Asking& asking) {
    asking.outcome = co_await resolver.resolve(name);
  }
  void begin(const std::string& name, Asking& asking) {
    boost::asio::co_spawn(
        io, resolve(*resolver, core::InstanceName::parse(name).value(), asking),
        boost::asio::bind_cancellation_slot(
            asking.cancel.slot(), [&asking](const std::exception_ptr&) { asking.is_over = true; }));
  }
  void wait(const Asking& asking) {
    const auto patience = std::chrono::steady_clock::now() + 60s;
    while (!asking.is_over && std::chrono::steady_clock::now() < patience) {
      io.restart();
      io.run_one_for(1s);
    }
    REQUIRE(asking.is_over);
  }
  Result<routing::Hints> ask(const std::string& name) {
    Asking asking;
    begin(name, asking);
    wait(asking);
    REQUIRE(asking.outcome);
    return *asking.outcome;
  }
  ErrorCode failure(const std::string& name) {
    const auto outcome = ask(name);
    REQUIRE_FALSE(outcome);
    INFO(outcome.error().detail);
    return outcome.error().code;
  }
};

inline std::vector<std::string> texts(const routing::Hints& hints) {
  std::vector<std::string> all;
  for (const auto& endpoint : hints.endpoints) all.push_back(endpoint.text());
  return all;
}

}  // namespace cpc::tests
