// HttpLink over real sockets: the only door through which we talk to other instances.
//
// One exchange: take a kept-alive connection of the same peer, endpoint and pins, or make one;
// write the request; read the reply. A connection is made like this, for one endpoint after the
// other and one address after the other, `connect_timeout` each:
//   - a host that is a name goes to the machine's resolver (getaddrinfo, on Asio's own thread);
//     `.cpc` names never come here, routing/ has turned them into endpoints;
//   - every address is checked against AddressPolicy, and exactly that address is connected to, so
//     a name that answers differently the next time wins nothing;
//   - TLS 1.3, SNI is the peer's name, and the server's key must be pinned. Chains, names and dates
//     are not looked at: a pin is a statement about a key (docs/protocol.md);
//   - no proxy, no redirect, no cookie, no decompression: a Content-Encoding is an error.
//
// Network thread only. Details of errors are constant words: nothing that a server sent is in them.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <memory>

#include "federation/http_link.h"
#include "routing/address_policy.h"

namespace cpc::federation {

struct BeastHttpLinkOptions {
  std::chrono::milliseconds connect_timeout{5'000};  ///< For one address, with TLS.
  std::chrono::milliseconds resolve_timeout{5'000};
  /// A connection kept alive for longer is closed; below what servers commonly allow (75 s).
  std::chrono::milliseconds idle_timeout{50'000};
  std::size_t idle_connections_per_peer_max = 8;
  std::size_t idle_connections_max = 256;
  std::size_t exchanges_max = 512;  ///< At the same time; a further one fails with unavailable.
  std::size_t addresses_max = 8;    ///< Tried in one exchange, over all endpoints.
  std::size_t header_bytes_max = 32 * 1024;  ///< Status line and headers of a reply.
  std::size_t header_count_max = 100;
};

class BeastHttpLink final : public HttpLink {
 public:
  BeastHttpLink(boost::asio::any_io_executor executor, routing::AddressPolicy policy,
                BeastHttpLinkOptions options);
  BeastHttpLink(const BeastHttpLink&) = delete;
  BeastHttpLink& operator=(const BeastHttpLink&) = delete;
  /// Closes what is kept alive. No exchange may be awaited any more.
  ~BeastHttpLink() override;

  [[nodiscard]] Task<HttpReply> exchange(LinkTarget target, HttpRequest request,
                                         LinkLimits limits) override;

  [[nodiscard]] std::size_t idle_connections() const;
  /// Closes every kept-alive connection, so that the executor has nothing left to wait for.
  void close_idle();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace cpc::federation
