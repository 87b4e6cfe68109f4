#include "routing/peer_health.h"

#include <utility>

namespace cpc::routing {

PeerStatus PeerHealth::of(const core::InstanceName& peer) const {
  const auto found = peers_.find(peer);
  return found == peers_.end() ? PeerStatus{} : found->second.status;
}

bool PeerHealth::is_failing(const core::InstanceName& peer) const {
  const auto found = peers_.find(peer);
  return found != peers_.end() && found->second.status.state == Reachability::unreachable;
}

std::optional<TimePoint> PeerHealth::next_try_at(const core::InstanceName& peer) const {
  if (!is_failing(peer)) return std::nullopt;
  return peers_.at(peer).status.next_try_at;
}

std::vector<std::pair<core::InstanceName, PeerStatus>> PeerHealth::all() const {
  std::vector<std::pair<core::InstanceName, PeerStatus>> result;
  result.reserve(peers_.size());
  for (const auto& [name, entry] : peers_) result.emplace_back(name, entry.status);
  return result;
}

bool PeerHealth::succeeded(const core::InstanceName& peer, TimePoint now) {
  Entry& known = peers_[peer];
  const bool is_change = known.status.state != Reachability::reachable;
  known.status = {};
  known.status.state = Reachability::reachable;
  known.status.last_success_at = now;
  known.status.last_contact_at = now;
  known.retry_after.reset();
  return is_change;
}

bool PeerHealth::failed(const core::InstanceName& peer, const Failure& failure, Instant now,
                        double jitter) {
  Entry& known = peers_[peer];
  PeerStatus& status = known.status;
  const bool is_change = status.state != Reachability::unreachable;
  if (is_change) status.first_failure = now.steady;
  ++status.attempts;
  status.state = Reachability::unreachable;
  status.failure = failure.kind;
  status.last_error = failure.word;
  // A refusal was spoken by somebody at that name, but only an answer that proves it is a contact.
  status.try_due = next_try({status.first_failure, status.attempts}, failure.kind, now.steady,
                            std::exchange(known.retry_after, std::nullopt), jitter);
  status.next_try_at = now.wall + (status.try_due - now.steady);
  return is_change;
}

void PeerHealth::asked_to_wait(const core::InstanceName& peer, Milliseconds retry_after) {
  peers_[peer].retry_after = retry_after;
}

void PeerHealth::saw_inbound(const core::InstanceName& peer, Instant now) {
  auto found = peers_.find(peer);
  if (found == peers_.end()) {
    // Others decide how many names write to us; whom we write to, we decide ourselves.
    if (peers_.size() >= peers_max) return;
    found = peers_.try_emplace(peer).first;
  }
  Entry& known = found->second;
  known.status.last_contact_at = now.wall;
  if (known.status.state != Reachability::unreachable) return;
  // It is there, as it said itself when it asked us to come later.
  if (known.status.failure == FailureClass::asked_for_time) return;
  if (known.probed_at && now.steady - *known.probed_at < probe_interval_min) return;
  probe(peer, known, now);
}

bool PeerHealth::retry_now(const core::InstanceName& peer, Instant now) {
  const auto found = peers_.find(peer);
  if (found == peers_.end() || found->second.status.state != Reachability::unreachable) {
    return false;
  }
  probe(peer, found->second, now);
  return true;
}

void PeerHealth::on_probe(std::function<void(const core::InstanceName&)> listener) {
  listener_ = std::move(listener);
}

void PeerHealth::probe(const core::InstanceName& peer, Entry& known, Instant now) {
  if (known.status.try_due <= now.steady) return;  // Under way, or about to be.
  known.probed_at = now.steady;
  known.status.try_due = now.steady;
  known.status.next_try_at = now.wall;
  if (listener_) listener_(peer);
}

}  // namespace cpc::routing
