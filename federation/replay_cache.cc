#include "federation/replay_cache.h"

#include <tuple>

namespace cpc::federation {

bool ReplayCache::Entry::operator<(const Entry& other) const {
  return std::forward_as_tuple(expires, nonce, peer->first) <
         std::forward_as_tuple(other.expires, other.nonce, other.peer->first);
}

WireResult<> ReplayCache::first_time(std::string_view peer, const Nonce& nonce, TimePoint expires,
                                     TimePoint now) {
  if (expires < now) return WireError{WireCode::clock_skew, "the signature has expired"};
  if (expires > now + replay_window) {
    return WireError{WireCode::clock_skew, "the signature expires beyond the replay window"};
  }
  forget_expired(now);
  if (expires < forgotten_before_) {
    return WireError{WireCode::clock_skew, "our clock was set back"};
  }

  auto known = peers_.find(peer);
  if (known != peers_.end()) {
    if (known->second.contains(nonce)) return WireError{WireCode::replay, "nonce seen before"};
    if (known->second.size() >= limits_.nonces_per_peer_max) {
      return WireError{WireCode::busy, "too many fresh nonces from this peer"};
    }
  }
  if (size() >= limits_.nonces_max) {
    return WireError{WireCode::busy, "too many fresh nonces from all peers"};
  }
  if (known == peers_.end()) known = peers_.try_emplace(std::string{peer}).first;
  known->second.insert(nonce);
  by_expiry_.insert({expires, nonce, known});
  return success();
}

void ReplayCache::forget_expired(TimePoint now) {
  // Set back by more: to refuse everything for as long as the clock was wrong would be worse.
  const bool is_set_back_far = forgotten_before_ > now + clock_step_max;
  if (now > forgotten_before_ || is_set_back_far) forgotten_before_ = now;
  while (!by_expiry_.empty() && by_expiry_.begin()->expires < now) {
    const Entry oldest = *by_expiry_.begin();
    by_expiry_.erase(by_expiry_.begin());
    oldest.peer->second.erase(oldest.nonce);
    if (oldest.peer->second.empty()) peers_.erase(oldest.peer);
  }
}

}  // namespace cpc::federation
