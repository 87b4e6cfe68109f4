// The production gate (overlay, batches, fence, SQLite) in virtual time: closures wait together
// while a commit is under way, commits are slow, fail, or are the last thing that an instance does.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "routing/wake_ups.h"
#include "store/store.h"
#include "tests/sim/dice.h"
#include "tests/sim/planted.h"
#include "tests/support/virtual_timers.h"

namespace cpc::sim {

/// How a store misbehaves; chances per commit.
struct StoreFaults {
  unsigned slow_per_mille = 0;
  unsigned crash_before_per_mille = 0;  ///< The instance dies, and nothing of the batch is stored.
  unsigned crash_after_per_mille = 0;   ///< It is stored, and nobody is told.
  unsigned error_before_per_mille = 0;  ///< The commit fails, and nothing is stored by it.
  unsigned error_after_per_mille = 0;   ///< It reports a failure, and took place.
};

/// What the next commit of the writing connection does; shared with the connection.
enum class NextCommit { works, fails, fails_afterwards, pretends };
[[nodiscard]] store::Decorate decorated_by(std::shared_ptr<NextCommit> next, Plant plant,
                                           tests::VirtualTimers& timers);

class SimGate final : public routing::StoreGate {
 public:
  struct Parts {
    boost::asio::io_context& io;
    tests::VirtualTimers& timers;
    store::Store& store;
    routing::WakeUps& wake_ups;
    const StoreFaults& faults;
    std::shared_ptr<NextCommit> next_commit;
    std::function<void()> crash;  ///< Asks for the end of the instance's life.
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
