// How often one address may begin a TLS handshake with us. A handshake costs the network thread 0.2
// ms with a P-256 key and 5 ms with RSA of 4096 bits, and the client next to nothing: without a
// bound one stranger, who connects and hangs up, keeps a core busy for everybody.
//
// An address saves up tries for as long as it makes none. IPv6 is counted by /64, which is what one
// customer of a provider has at least.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>

namespace cpc::federation {

struct HandshakeRate {
  std::size_t at_once_max = 0;               ///< Saved up at most. 0: there is no bound.
  std::chrono::milliseconds interval{1000};  ///< One more may begin after each.
};

/// Not thread-safe.
class HandshakeLimit {
 public:
  using Point = std::chrono::steady_clock::time_point;

  explicit HandshakeLimit(HandshakeRate rate, std::size_t addresses_max = 100'000)
      : rate_(rate), addresses_max_(addresses_max) {}

  /// Whether the address may begin one now; then it is counted. A new address is refused while
  /// addresses_max others are counted.
  [[nodiscard]] bool take(const std::string& address, Point now);
  /// Another rate from now on; what was saved up in time counts on.
  void use(HandshakeRate rate) { rate_ = rate; }
  /// Addresses that have not saved up everything yet, or lately had not.
  [[nodiscard]] std::size_t addresses() const { return full_at_.size(); }

 private:
  void forget_full(Point now);

  HandshakeRate rate_;
  std::size_t addresses_max_;
  std::map<std::string, Point> full_at_;  ///< When everything is saved up again.
  Point forgotten_at_{};
};

}  // namespace cpc::federation
