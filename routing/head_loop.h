// As a copy: asks each hub whether both still hold the same, and pulls what we lost. One coroutine
// per hub. It asks about every log at start and whenever the hub says hello as another store or
// after another start, and every 15 minutes about the logs of the last day. Deliveries bring what
// is new; this finds what no delivery would: entries that a restored store lost, and histories
// that differ.
//
// core/heads.h has the rules, docs/protocol.md section "Comparing heads" the exchange.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <memory>

#include "core/base/log.h"
#include "core/heads.h"
#include "routing/permits.h"
#include "routing/ports.h"
#include "routing/task_group.h"

namespace cpc::routing {

/// The hub as the loop asks it. Adapter: federation/head_exchange.h.
class HeadExchange {
 public:
  virtual ~HeadExchange() = default;
  struct Compared {
    std::vector<core::HeadAnswer> answers;
    Bytes proof;  ///< The signed exchange, as federation/proof.h.
  };
  /// At most core::heads_max of them. Fails as PeerExchange::greet.
  [[nodiscard]] virtual Task<Compared> compare(core::InstanceName hub,
                                               std::vector<core::LogHead> heads) = 0;
  struct Pulled {
    core::Origin origin;
    core::VerifiedBatch batch;  ///< One part of a log.
    bool has_more = false;
  };
  /// What follows `after`, each entry with its envelope. Fails as PeerExchange::greet.
  [[nodiscard]] virtual Task<Pulled> pull(core::InstanceName hub, core::WireId wire_id,
                                          core::Position after) = 0;
};

struct HeadSettings {
  core::DeliveryLimits limits;
  std::size_t hubs_at_a_time = 8;
  Milliseconds exchange_max = std::chrono::seconds{60};
  Milliseconds interval = std::chrono::minutes{15};  ///< Times 0.75 to 1.25.
  Milliseconds active_within = std::chrono::hours{24};
  Milliseconds pull_interval = std::chrono::minutes{1};  ///< Of one log, at most.
  /// Between two comparisons with one hub, however often it says that its life is a new one.
  Milliseconds compare_interval_min = std::chrono::seconds{10};
};

/// What the loops work with. Owned by daemon/; outlives them.
struct HeadParts {
  StoreGate& store;
  HeadExchange& hubs;
  Timers& timers;
  Random& random;
  Log& log;
  const core::Home& home;
  TaskGroup& tasks;
  HeadSettings settings;
};

/// Network thread only. Outlives the tasks it starts in HeadParts::tasks.
class HeadLoops {
 public:
  HeadLoops(const boost::asio::any_io_executor& executor, HeadParts& parts);
  ~HeadLoops();
  HeadLoops(const HeadLoops&) = delete;
  HeadLoops& operator=(const HeadLoops&) = delete;

  /// Reads which hubs there are and begins with each of them. Once.
  void start();
  /// `hub` is another store than before, or was started again: everything is compared.
  void compare_all(const core::InstanceName& hub);
  /// An entry of this log came whose event is not here any more.
  void pull(const core::InstanceName& hub, const core::WireId& wire_id);

  /// As hub: what a copy's heads showed stops what differs.
  void found_as_hub(const core::InstanceName& copy, std::vector<core::HeadFinding> findings);

 private:
  struct HubLoop;
  HubLoop& loop_of(const core::InstanceName& hub, SteadyPoint first_at);
  [[nodiscard]] boost::asio::awaitable<void> begin();
  [[nodiscard]] boost::asio::awaitable<void> run_hub(std::shared_ptr<HubLoop> loop);
  [[nodiscard]] Task<std::vector<core::InstanceName>> hubs();
  [[nodiscard]] Task<> compare(std::shared_ptr<HubLoop> loop, TimePoint since);
  [[nodiscard]] Task<> judge(std::shared_ptr<HubLoop> loop, std::vector<core::LogHead> told,
                             HeadExchange::Compared compared);
  [[nodiscard]] boost::asio::awaitable<void> note_as_hub(core::InstanceName copy,
                                                         std::vector<core::HeadFinding> findings);
  [[nodiscard]] Task<> note(core::InstanceName peer, core::LaneKind kind,
                            std::vector<core::HeadFinding> findings, Bytes proof);
  [[nodiscard]] Task<> pull_wanted(std::shared_ptr<HubLoop> loop);
  [[nodiscard]] Task<bool> pull_log(core::InstanceName hub, core::WireId wire_id);
  [[nodiscard]] Milliseconds interval();

  boost::asio::any_io_executor executor_;
  HeadParts& parts_;
  Permits permits_;
  std::map<core::InstanceName, std::shared_ptr<HubLoop>> loops_;
};

}  // namespace cpc::routing
