// Connections to peers that are kept alive between exchanges. Bounded per peer and in all; the one
// that has waited longest goes first. Synchronous, and without a clock of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "core/address.h"
#include "core/base/bytes.h"
#include "federation/socket_stream.h"
#include "routing/endpoint.h"

namespace cpc::federation {

/// Whom a connection leads to. One made under other pins is another connection.
struct ConnectionKey {
  core::InstanceName peer;
  routing::Endpoint endpoint;
  std::vector<Digest> tls_pins;
  auto operator<=>(const ConnectionKey&) const = default;
};

struct PeerConnection {
  ConnectionKey key;
  SocketStream stream;
  std::chrono::steady_clock::time_point idle_since{};
};

class ConnectionPool {
 public:
  ConnectionPool(std::size_t per_peer_max, std::size_t connections_max)
      : per_peer_max_(per_peer_max), connections_max_(connections_max) {}

  /// The most recently used one that is still of use; null if there is none.
  [[nodiscard]] std::unique_ptr<PeerConnection> take(const ConnectionKey& key);
  void put(std::unique_ptr<PeerConnection> connection, std::chrono::steady_clock::time_point now);
  /// Closes what is idle since `before` or longer.
  void close_older(std::chrono::steady_clock::time_point before);
  /// Since when the one has waited that waits longest; nothing if there is none.
  [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> oldest() const;
  [[nodiscard]] std::size_t size() const { return idle_.size(); }

 private:
  std::size_t per_peer_max_;
  std::size_t connections_max_;
  std::list<std::unique_ptr<PeerConnection>> idle_;  ///< The one that waits longest in front.
};

}  // namespace cpc::federation
