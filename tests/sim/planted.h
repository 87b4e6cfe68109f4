// Bugs that are planted to see the simulation catch them: decorators around ports, here alone. The
// daemon has no switch that weakens it.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string_view>

#include "core/store.h"
#include "store/database.h"
#include "tests/sim/dice.h"
#include "tests/support/virtual_timers.h"

namespace cpc::sim {

enum class Plant {
  none,
  acknowledged_before_commit,  ///< Whoever waits is told, then the instance dies uncommitted.
  no_deduplication,            ///< What was asked before is not recognised when it is asked again.
  consent_outside,             ///< Consent is decided from what was read a while before.
  lost_wake_up,                ///< Some commits wake nobody.
  cache_before_commit,         ///< What a client asked for counts as done, committed or not.
  refused_yet_stored,          ///< Some of what was committed is answered with a refusal.
  order_after_restart,         ///< What is owed leaves in another order after a restart.
  author_forgotten,            ///< What becomes of a message does not wake its author.
  gap_untold,                  ///< That something may have been missed is not said.
  copy_behind,                 ///< Some of a log counts as taken by a peer that has not got it.
  lane_blocked,                ///< Some of what a peer took counts as a fork.
  chance_outside,              ///< Chance does not come from the seed.
};

struct PlantedBug {
  std::string_view name;  ///< On the command line: "lost-wake-up".
  Plant plant;
  std::string_view invariant;  ///< What it breaks, as the violation that has to catch it begins.
};
[[nodiscard]] std::optional<PlantedBug> planted_bug(std::string_view name);

/// Own messages that were changed by a commit, for author_forgotten: author and conversation.
using OwnChanges = std::set<std::pair<core::Address, core::ConversationId>>;

/// The connection with the plant's lies about what is in the store; itself where it tells none.
[[nodiscard]] std::unique_ptr<store::Connection> planted_around(
    std::unique_ptr<store::Connection> inner, Plant plant, tests::VirtualTimers& timers,
    std::shared_ptr<OwnChanges> own_changes);

/// What the plant leaves of whom a commit wakes.
void forget_some(core::Committed& committed, Plant plant, OwnChanges& own_changes, Dice& dice);

/// The exchange of an instance in its `lives`th life; nothing where the plant leaves it alone.
[[nodiscard]] std::unique_ptr<routing::PeerExchange> planted_before(routing::PeerExchange& inner,
                                                                    Plant plant, std::size_t lives);

}  // namespace cpc::sim
