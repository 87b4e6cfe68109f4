// Which request nonces were seen. A signature is good until it expires, at most replay_window from
// now; the cache remembers its nonce for that long, so that a copied request is refused.
//
// It never forgets a nonce whose signature could still be accepted: a full cache refuses newcomers
// (BUSY) instead. Each peer has a share of its own, so a noisy one shuts out only itself. It lives
// in memory; after a restart, requests created before the boot are refused by their time
// (federation.md). Not thread-safe: it belongs to the network thread. Time is an argument.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/time.h"
#include "federation/wire_codes.h"

namespace cpc::federation {

using Nonce = Id<16, struct NonceTag>;

/// Skew ahead plus life of a signature: the longest that one can stay acceptable.
inline constexpr auto replay_window = std::chrono::seconds{600};

struct ReplayLimits {
  std::size_t nonces_per_peer_max = 65'536;
  std::size_t nonces_max = 1'000'000;  ///< All peers together, about 200 octets each.
};

class ReplayCache {
 public:
  explicit ReplayCache(ReplayLimits limits = {}) : limits_(limits) {}

  /// Remembers `nonce` until after `expires`. Call it last, when the signature has verified: a
  /// nonce burnt by a forger would shut out its owner. `peer` is the iid or name the nonce is
  /// unique in. Fails with
  ///   replay      if this peer's nonce is remembered;
  ///   clock_skew  if `expires` lies before `now`, or more than replay_window after it;
  ///   retry       if it expires before something that was already forgotten (our clock was set
  ///               back): whether it was seen can no longer be told;
  ///   busy        if the peer's share or the whole is full of unexpired nonces.
  [[nodiscard]] WireResult<> first_time(std::string_view peer, const Nonce& nonce,
                                        TimePoint expires, TimePoint now);

  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  struct Peer {
    std::set<Nonce> seen;  // Ordered: a peer chooses its nonces, and could make a hash table slow.
    std::set<std::pair<TimePoint, Nonce>> by_expiry;
  };
  void forget_expired(Peer& peer, TimePoint now);
  void forget_everywhere(TimePoint now);

  ReplayLimits limits_;
  std::map<std::string, Peer, std::less<>> peers_;
  std::size_t size_ = 0;
  TimePoint forgotten_until_{};  // Nonces that expired before this may be gone.
};

}  // namespace cpc::federation
