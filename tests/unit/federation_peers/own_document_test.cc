// What we say of ourselves is always current, whatever happens to the clock and the store.

#include "federation/own_document.h"

#include <boost/asio/bind_cancellation_slot.hpp>

#include "tests/unit/federation_peers/world.h"

namespace cpc::tests {
namespace {

struct Renewing {
  World world;
  asio::cancellation_signal stop;
  Side& side = world.beta;
  Renewing() {
    asio::co_spawn(world.io, side.document->run(side.log),
                   asio::bind_cancellation_slot(stop.slot(), asio::detached));
    world.timers.settle();
  }
  ~Renewing() {
    stop.emit(asio::cancellation_type::all);
    world.timers.settle();
  }
  Renewing(const Renewing&) = delete;
  Renewing& operator=(const Renewing&) = delete;

  /// As a peer with a right clock reads it.
  [[nodiscard]] bool is_good() const {
    return federation::verify_document(side.document->bytes(), side.home.name, side.home.iid,
                                       side.timers.now())
        .has_value();
  }
};

TEST_CASE("the own document is renewed at half life and not before") {
  Renewing self;
  const std::int64_t first = self.side.document->serial();
  self.world.timers.pass(84h - 2min);
  CHECK(self.side.document->serial() == first);
  self.world.timers.pass(2min);
  CHECK(self.side.document->serial() > first);
  CHECK(self.is_good());
}

TEST_CASE("a clock that is stepped, forward or back, leads to a new document within a minute") {
  for (const Milliseconds step : {Milliseconds{24h * 30}, Milliseconds{-24h * 30}}) {
    Renewing self;
    self.side.timers.skew += step;
    CHECK_FALSE(self.is_good());
    self.world.timers.pass(1min);
    CHECK(self.is_good());
  }
}

TEST_CASE("the delegation is signed anew long before it ends, and published") {
  Renewing self;
  const std::int64_t first = self.side.document->delegation_serial();
  for (int day = 0; day < 800; day += 20) {
    self.world.timers.pass(24h * 20);
    CHECK(self.is_good());
  }
  CHECK(self.side.document->delegation_serial() > first);
}

TEST_CASE("a renewal that the store refuses is tried again after a minute") {
  Renewing self;
  const std::int64_t first = self.side.document->serial();
  self.side.gate.failures = 2;
  self.world.timers.pass(84h);
  CHECK(self.side.document->serial() == first);
  self.world.timers.pass(2min);
  CHECK(self.side.document->serial() > first);
  CHECK(self.side.log.count("own document was not renewed") == 2);
}

TEST_CASE("serials rise over restarts, and over the loss of the store") {
  World world;
  const std::int64_t first = world.beta.document->serial();
  CHECK(first >= to_milliseconds(VirtualTimers::start_of_time) / 1000);
  world.restart(world.beta);
  const std::int64_t second = world.beta.document->serial();
  CHECK(second > first);
  world.beta.gate.store.restore({});
  world.timers.pass(1s);
  world.restart(world.beta);
  CHECK(world.beta.document->serial() > second);
}

}  // namespace
}  // namespace cpc::tests
