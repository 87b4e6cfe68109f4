// What we know of each peer's reachability. In memory: a restart forgets it and greets everybody.
//
// Delivery loops write it; the admin face and the DELAYED state of a message read it. Only a
// success of ours towards the peer ends a failing state: that it can reach us says nothing of
// whether we reach it, so its traffic merely makes us look again. Decisions only, no waits.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/address.h"
#include "routing/retry_schedule.h"

namespace cpc::routing {

enum class Reachability {
  never,        ///< Not tried with success or failure since our start.
  reachable,    ///< The last try succeeded.
  unreachable,  ///< The last try failed; `failure` says how.
};

struct PeerStatus {
  Reachability state = Reachability::never;
  FailureClass failure = FailureClass::unreachable;  ///< Of the last failure.
  std::string last_error;                            ///< Stable word of it; empty if none.
  SteadyPoint first_failure{};                       ///< Since the last success.
  int attempts = 0;                                  ///< Failures since the last success.
  SteadyPoint try_due{};    ///< When the next try is. Only while unreachable.
  TimePoint next_try_at{};  ///< The same for people: by the wall clock as it stood.
  std::optional<TimePoint> last_success_at;  ///< Of ours towards the peer.
  std::optional<TimePoint> last_contact_at;  ///< In either direction.
};

/// Network thread only.
class PeerHealth {
 public:
  /// Beyond so many names, strangers' traffic is not noted.
  static constexpr std::size_t peers_max = 100'000;
  static constexpr Milliseconds probe_interval_min = std::chrono::seconds{10};

  /// What is known of `peer`; state never if nothing is.
  [[nodiscard]] PeerStatus of(const core::InstanceName& peer) const;
  [[nodiscard]] bool is_failing(const core::InstanceName& peer) const;
  /// None unless the peer is failing.
  [[nodiscard]] std::optional<TimePoint> next_try_at(const core::InstanceName& peer) const;
  [[nodiscard]] std::vector<std::pair<core::InstanceName, PeerStatus>> all() const;

  /// A transaction of ours was answered, or a greeting when nothing else is owed. True if the state
  /// changed by it.
  bool succeeded(const core::InstanceName& peer, TimePoint now);
  /// One of ours failed. Sets try_due. True if the state changed by it. `jitter` is 0 to 1.
  bool failed(const core::InstanceName& peer, const Failure& failure, Instant now, double jitter);
  /// The peer sent Retry-After with the refusal that is about to be reported by failed(), which
  /// then honours it (up to an hour). Called by the PeerExchange, which alone sees the header.
  void asked_to_wait(const core::InstanceName& peer, Milliseconds retry_after);

  /// An authenticated request of the peer arrived. If it is failing, it is tried again now, at most
  /// once in probe_interval_min; not if it asked for time.
  void saw_inbound(const core::InstanceName& peer, Instant now);
  /// The operator asks for a try now (`cpcctl peer retry`), as often as he likes. False if the peer
  /// is not failing.
  bool retry_now(const core::InstanceName& peer, Instant now);

  /// `listener` is told when a failing peer's next try has been moved to now. One only: the
  /// delivery loops.
  void on_probe(std::function<void(const core::InstanceName&)> listener);

 private:
  struct Entry {
    PeerStatus status;
    std::optional<Milliseconds> retry_after;
    std::optional<SteadyPoint> probed_at;
  };
  void probe(const core::InstanceName& peer, Entry& known, Instant now);

  std::map<core::InstanceName, Entry> peers_;
  std::function<void(const core::InstanceName&)> listener_;
};

}  // namespace cpc::routing
