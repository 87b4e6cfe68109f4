// The production gate (overlay, batches, fence, SQLite) in virtual time: closures wait together
// while a commit is under way; commits are slow, fail, stay in doubt, or are the last thing that an
// instance does; looks are overtaken by commits, or fail.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "routing/wake_ups.h"
#include "store/store.h"
#include "tests/sim/dice.h"
#include "tests/sim/store_faults.h"

namespace cpc::sim {

class SimGate final : public routing::StoreGate {
 public:
  struct Parts {
    boost::asio::io_context& io;
    tests::VirtualTimers& timers;
    store::Store& store;
    routing::WakeUps& wake_ups;
    const StoreFaults& faults;
    std::shared_ptr<StoreFate> fate;
    std::function<void()> crash;  ///< Asks for the end of the instance's life.
    std::size_t& doubts;
    Dice dice;
    Plant plant;
  };
  explicit SimGate(Parts parts);
  ~SimGate() override;

  [[nodiscard]] Task<> transact(core::Keys prefetch, core::Closure closure) override;
  [[nodiscard]] Task<> read(std::function<Result<>(core::Snapshot&)> look) override;

  /// Nothing is committed any more, and whoever waits is told nothing but "unavailable".
  void die();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace cpc::sim
