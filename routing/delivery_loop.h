// Brings to each peer what we owe it. One coroutine per peer that owes something to do: wait, greet
// if the peer is new or failing, read what it lacks, deliver, record its answer, again.
//
// The store is the queue: a loop keeps no list of work, and may end and start again at any time. A
// delivery that is cut off between sending and recording is sent again, and its positions make that
// harmless. One transaction is in flight per peer; as a lane is in at most one, disjoint sets of
// lanes could travel side by side later without another protocol.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <memory>
#include <vector>

#include "core/base/log.h"
#include "routing/delivery_step.h"
#include "routing/peer_health.h"
#include "routing/permits.h"
#include "routing/ports.h"
#include "routing/signal.h"
#include "routing/task_group.h"
#include "routing/wake_ups.h"

namespace cpc::routing {

struct DeliverySettings {
  core::DeliveryLimits limits;
  std::vector<core::InstanceName> configured;  ///< Greeted at start, whether or not we owe them.
  std::size_t failing_peers_max = 10;          ///< Tried at a time: a tenth of the connections.
  std::size_t first_meetings_max = 50;  ///< Peers greeted at a time that we have not met yet.
  Milliseconds greeting_max = std::chrono::seconds{20};
  Milliseconds delivery_max = std::chrono::seconds{60};
  Milliseconds idle_max = std::chrono::minutes{10};       ///< A loop without work ends.
  Milliseconds sweep_interval = std::chrono::minutes{5};  ///< Who owes, is looked up anew.
};

/// What delivery works with. Owned by daemon/; outlives the loops.
struct Delivery {
  StoreGate& store;
  PeerExchange& peers;
  Timers& timers;
  Random& random;
  WakeUps& wake_ups;
  PeerHealth& health;
  Log& log;
  const core::Home& home;
  TaskGroup& tasks;
  DeliverySettings settings;
};

/// Network thread only. Outlives the tasks it starts in Delivery::tasks: stop and wait for those
/// first. It is the one listener of PeerHealth::on_probe.
class DeliveryLoops {
 public:
  DeliveryLoops(const boost::asio::any_io_executor& executor, Delivery& parts);
  ~DeliveryLoops();
  DeliveryLoops(const DeliveryLoops&) = delete;
  DeliveryLoops& operator=(const DeliveryLoops&) = delete;

  /// Listens for commits, then reads who owes and greets them and the configured peers. Once.
  void start();

  /// A lane towards `peer` may owe something: its loop looks, and is started if there is none.
  void wake(const core::InstanceName& peer);

  [[nodiscard]] std::size_t loops() const { return loops_.size(); }

 private:
  struct PeerLoop;
  void open(const core::InstanceName& peer, SteadyPoint first_turn_at, bool has_work);
  [[nodiscard]] boost::asio::awaitable<void> greet_then_sweep();
  [[nodiscard]] boost::asio::awaitable<void> sweep();
  [[nodiscard]] boost::asio::awaitable<void> greet_at_start();
  [[nodiscard]] Task<std::vector<core::InstanceName>> owing();
  [[nodiscard]] boost::asio::awaitable<std::vector<core::InstanceName>> owing_at_last();
  [[nodiscard]] boost::asio::awaitable<bool> until_turn(std::shared_ptr<PeerLoop> loop);
  [[nodiscard]] boost::asio::awaitable<void> run_peer(std::shared_ptr<PeerLoop> loop);
  [[nodiscard]] boost::asio::awaitable<Permits::Permit> permit_for(core::InstanceName peer);
  [[nodiscard]] boost::asio::awaitable<TurnEnd> greet(std::shared_ptr<PeerLoop> loop);
  [[nodiscard]] boost::asio::awaitable<TurnEnd> deliver(std::shared_ptr<PeerLoop> loop);
  TurnEnd note_failure(const PeerLoop& loop, const Error& error);
  void note_success(const core::InstanceName& peer);
  void note_store(const Result<>& outcome);
  [[nodiscard]] double jitter();

  boost::asio::any_io_executor executor_;
  Delivery& parts_;
  Permits failing_;
  Permits first_meetings_;
  bool is_store_failing_ = false;
  std::map<core::InstanceName, std::shared_ptr<PeerLoop>> loops_;
  WakeUps::Registration registration_;
};

}  // namespace cpc::routing
