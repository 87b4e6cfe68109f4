// The network between simulated instances: requests and replies are lost, late, doubled, overtaken,
// cut off or left hanging, as the seed says.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>

#include "federation/http_link.h"
#include "routing/signal.h"
#include "tests/sim/dice.h"
#include "tests/sim/trace.h"
#include "tests/support/virtual_timers.h"

namespace cpc::sim {

struct NetworkFaults {
  unsigned lost_per_mille = 0;     ///< Each way; the connection breaks after a while.
  unsigned hangs_per_mille = 0;    ///< Half open: nothing comes until the caller gives up.
  unsigned doubled_per_mille = 0;  ///< The request arrives once more, later.
  unsigned late_per_mille = 0;     ///< Seconds instead of milliseconds, each way.
};

/// A request that came to an end.
struct Exchanged {
  core::InstanceName from;
  core::InstanceName to;
  TimePoint at{};  ///< When the request arrived.
  federation::HttpRequest request;
  federation::HttpReply reply;
};

/// Where the reply to one request is put.
struct ReplySlot {
  explicit ReplySlot(const boost::asio::any_io_executor& executor) : arrived(executor) {}
  std::optional<federation::HttpReply> reply;
  routing::Signal arrived;
};

class SimNetwork {
 public:
  /// Serves one request of a host; nothing comes into the slot if it dies meanwhile.
  using Serve = std::function<void(federation::HttpRequest, std::shared_ptr<ReplySlot>)>;

  /// Every request and reply goes into `trace`, octet by octet.
  SimNetwork(boost::asio::io_context& io, tests::VirtualTimers& timers, Trace& trace, Dice dice)
      : io_(io), timers_(timers), trace_(trace), dice_(dice) {}

  void attach(const core::InstanceName& name, Serve serve) { hosts_[name] = std::move(serve); }
  void detach(const core::InstanceName& name) { hosts_.erase(name); }

  /// No request or reply travels from `from` to `to`.
  void cut(const core::InstanceName& from, const core::InstanceName& to) {
    cuts_.insert({from, to});
  }
  void heal() {
    cuts_.clear();
    faults = {};
  }

  [[nodiscard]] Task<federation::HttpReply> carry(core::InstanceName from, core::InstanceName to,
                                                  federation::HttpRequest request,
                                                  Milliseconds timeout);

  NetworkFaults faults;
  /// Hears all that is said, if it is set.
  std::function<void(const Exchanged&)> listener;
  std::size_t requests = 0;
  std::size_t faults_met = 0;
  std::size_t refusals = 0;     ///< Replies of 400 and more.
  std::size_t unexplained = 0;  ///< Of them without a code.

 private:
  [[nodiscard]] Milliseconds latency();
  void note_refusal(const federation::HttpReply& reply);
  [[nodiscard]] bool meets(unsigned per_mille);
  [[nodiscard]] boost::asio::awaitable<void> arrive_late(core::InstanceName to,
                                                         federation::HttpRequest request);

  boost::asio::io_context& io_;
  tests::VirtualTimers& timers_;
  Trace& trace_;
  Dice dice_;
  std::map<core::InstanceName, Serve> hosts_;
  std::set<std::pair<core::InstanceName, core::InstanceName>> cuts_;
};

/// One instance's end of it.
class SimLink final : public federation::HttpLink {
 public:
  SimLink(SimNetwork& network, core::InstanceName self)
      : network_(network), self_(std::move(self)) {}
  Task<federation::HttpReply> exchange(federation::LinkTarget target,
                                       federation::HttpRequest request,
                                       federation::LinkLimits limits) override {
    return network_.carry(self_, target.peer, std::move(request), limits.timeout);
  }

 private:
  SimNetwork& network_;
  core::InstanceName self_;
};

}  // namespace cpc::sim
