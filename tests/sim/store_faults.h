// How the store of a simulated instance misbehaves: chances that the seed gives, and what they make
// of the next commit.
#pragma once

#include <memory>

#include "store/database.h"
#include "tests/sim/planted.h"
#include "tests/support/virtual_timers.h"

namespace cpc::sim {

/// Chances per commit, the last two per look.
struct StoreFaults {
  unsigned slow_per_mille = 0;
  unsigned crash_before_per_mille = 0;  ///< The instance dies, and nothing of the batch is stored.
  unsigned crash_after_per_mille = 0;   ///< It is stored, and nobody is told.
  unsigned error_before_per_mille = 0;  ///< The commit fails, and nothing is stored by it.
  unsigned error_after_per_mille = 0;   ///< It reports a failure, and took place.
  unsigned doubt_per_mille = 0;         ///< Of those: the store goes away, and cannot be asked.
  unsigned late_look_per_mille = 20;    ///< Commits overtake it. Never zero: a machine is busy.
  unsigned failed_look_per_mille = 0;
};

/// What the connection that writes meets next.
struct StoreFate {
  enum class NextCommit { works, fails, fails_afterwards, pretends };
  NextCommit next_commit = NextCommit::works;
  /// How long the store is away after a commit that fails: so long it stays in doubt.
  Milliseconds away{};
  routing::SteadyPoint away_until{};
  bool is_away_for_readers = false;
  std::shared_ptr<OwnChanges> own_changes = std::make_shared<OwnChanges>();
};

/// Lays the faults, and below them the plant's lies, around the connection that writes.
[[nodiscard]] store::Decorate decorated_by(std::shared_ptr<StoreFate> fate, Plant plant,
                                           tests::VirtualTimers& timers);

}  // namespace cpc::sim
