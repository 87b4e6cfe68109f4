// Bugs that are planted to see the simulation catch them: decorators around ports, here alone. The
// daemon has no switch that weakens it.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "store/database.h"
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
};

struct PlantedBug {
  std::string_view name;  ///< On the command line: "lost-wake-up".
  Plant plant;
  std::string_view invariant;  ///< What it breaks, and by what it has to be caught.
};
[[nodiscard]] std::optional<PlantedBug> planted_bug(std::string_view name);

/// The connection with the plant's lies about what is in the store; itself where it tells none.
[[nodiscard]] std::unique_ptr<store::Connection> planted_around(
    std::unique_ptr<store::Connection> inner, Plant plant, tests::VirtualTimers& timers);

/// The exchange of an instance that lives again under order_after_restart.
[[nodiscard]] std::unique_ptr<routing::PeerExchange> planted_before(routing::PeerExchange& inner);

}  // namespace cpc::sim
