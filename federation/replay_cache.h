// Which request nonces were seen. A signature is good until it expires, at most replay_window from
// now; the cache remembers its nonce for that long, so that a copied request is refused.
//
// It never forgets a nonce whose signature could still be accepted. Expired ones are forgotten, and
// a clock that is set back by clock_step_max at most opens no gap: what may have been forgotten is
// refused. A full cache refuses newcomers (BUSY) instead of forgetting, and each peer has a share
// of its own, so a noisy one shuts out only itself. It lives in memory; after a restart, requests
// created before the boot are refused by their time (federation.md). Not thread-safe: it belongs to
// the network thread. Time is an argument.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/time.h"
#include "federation/wire_codes.h"

namespace cpc::federation {

using Nonce = Id<16, struct NonceTag>;

/// Skew ahead plus life of a signature: the longest that one can stay acceptable.
inline constexpr auto replay_window = std::chrono::seconds{600};
/// How far our clock may be set back without a forgotten nonce becoming acceptable again.
inline constexpr auto clock_step_max = std::chrono::seconds{60};

struct ReplayLimits {
  std::size_t nonces_per_peer_max = 65'536;
  std::size_t nonces_max = 1'000'000;  ///< All peers together, about 250 octets each.
};

class ReplayCache {
 public:
  explicit ReplayCache(ReplayLimits limits = {}) : limits_(limits) {}
  ReplayCache(const ReplayCache&) = delete;
  ReplayCache& operator=(const ReplayCache&) = delete;

  /// Remembers `nonce` until `expires`. Call it last, when the signature has
  /// verified: a nonce burnt by a forger would shut out its owner. `peer` is the iid or name whose
  /// nonces these are. Fails with
  ///   replay      if this peer's nonce is remembered;
  ///   clock_skew  if `expires` lies more than replay_window after `now`, before `now`, or before a
  ///               `now` of earlier calls that is at most clock_step_max ahead;
  ///   busy        if the peer's share or the whole is full.
  [[nodiscard]] WireResult<> first_time(std::string_view peer, const Nonce& nonce,
                                        TimePoint expires, TimePoint now);

  /// How many nonces are remembered, of all peers.
  [[nodiscard]] std::size_t size() const { return by_expiry_.size(); }

 private:
  // Ordered, not hashed: a peer chooses its nonces, and could make a hash table slow.
  using Peers = std::map<std::string, std::set<Nonce>, std::less<>>;
  struct Entry {
    TimePoint expires;
    Nonce nonce;
    Peers::iterator peer;
    bool operator<(const Entry& other) const;
  };
  void forget_expired(TimePoint now);

  ReplayLimits limits_;
  TimePoint forgotten_before_{};  // What expires earlier may have been seen.
  Peers peers_;                   // No peer without a nonce stays.
  std::set<Entry> by_expiry_;
};

}  // namespace cpc::federation
