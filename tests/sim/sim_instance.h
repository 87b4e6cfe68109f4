// One simulated instance: keys and store for good, and one life after the other. A life is made of
// the production parts in the order of daemon/parts.cc; only the ports are the simulation's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/api/api_parts.h"
#include "federation/peer_directory.h"
#include "tests/sim/sim_gate.h"
#include "tests/sim/sim_network.h"
#include "tests/support/kept_log.h"

namespace cpc::sim {

/// Whom an instance is: what its key files hold.
struct SimKeys {
  federation::Keyring ring;
  crypto::MasterKey master;
};

/// What all instances share.
struct Ground {
  boost::asio::io_context& io;
  tests::VirtualTimers& timers;
  SimNetwork& network;
};

class SimInstance {
 public:
  /// Its keys are drawn.
  SimInstance(Ground ground, const std::string& name, std::filesystem::path folder, Dice dice);
  SimInstance(Ground ground, const std::string& name, std::filesystem::path folder, Dice dice,
              SimKeys keys);
  ~SimInstance();
  SimInstance(const SimInstance&) = delete;
  SimInstance& operator=(const SimInstance&) = delete;

  [[nodiscard]] const core::InstanceName& name() const { return name_; }
  [[nodiscard]] federation::StaticPeer as_peer() const;
  [[nodiscard]] bool is_up() const { return life_ != nullptr; }
  /// A commit was the last thing it did: call crash().
  [[nodiscard]] bool wants_to_die() const { return wants_to_die_; }

  void boot(const std::vector<federation::StaticPeer>& peers);
  /// Everything that was not committed is gone, coroutines and all.
  void crash();

  // Of the life; only while it is up.
  [[nodiscard]] api::ApiParts& api();
  [[nodiscard]] const core::Home& home() const;
  /// Runs with the life, and ends with it.
  void start(const std::string& what, boost::asio::awaitable<void> work);
  [[nodiscard]] boost::asio::any_io_executor executor() { return ground_.io.get_executor(); }
  /// A commit took place of which the gate does not know yet.
  [[nodiscard]] Result<bool> has_untold();
  /// Committed state, as an observer reads it: at once, and without faults.
  [[nodiscard]] Result<> look(const std::function<Result<>(core::Snapshot&)>& look);

  StoreFaults faults;
  Plant plant = Plant::none;  ///< From the next boot on.
  Milliseconds skew{};        ///< Of the wall clock, from the next boot on.
  tests::KeptLog log;
  std::size_t lives = 0;
  std::size_t doubts = 0;  ///< Commits of which the gate could not learn at once what became.

 private:
  struct Life;
  Ground ground_;
  core::InstanceName name_;
  std::filesystem::path folder_;
  Dice dice_;
  DiceRandom random_;
  SimKeys keys_;
  bool wants_to_die_ = false;
  std::unique_ptr<Life> life_;
};

}  // namespace cpc::sim
