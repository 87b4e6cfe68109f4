// The port to a peer's HTTP server: a request value goes out, a reply value comes back.
//
// BeastHttpLink (beast_http_link.h) implements it over TLS 1.3 with pinned keys; a simulation
// implements it as the network. Network thread only.
#pragma once

#include <chrono>
#include <vector>

#include "core/base/bytes.h"
#include "federation/http_message.h"
#include "routing/endpoint.h"
#include "routing/ports.h"

namespace cpc::federation {

/// Where to connect and whom to expect there.
struct LinkTarget {
  core::InstanceName peer;                   ///< SNI, and the key of the connection pool.
  std::vector<routing::Endpoint> endpoints;  ///< Tried in order.
  /// SHA-256 of the SPKI the server must show. Empty: any key, for fetching a document, which
  /// proves itself.
  std::vector<Digest> tls_pins;
};

struct LinkLimits {
  std::chrono::milliseconds timeout{30'000};  ///< The whole exchange, connecting included.
  std::size_t reply_bytes_max = 4 * 1024 * 1024;
};

class HttpLink {
 public:
  virtual ~HttpLink() = default;
  /// Sends `request` and reads the whole reply, over a kept-alive connection when there is one. A
  /// request that failed on a reused connection before any octet of the reply came is sent once
  /// more on a fresh one, so the peer may have seen it already. Follows no redirects. Fails with
  ///   unavailable  no endpoint answered in time, or the connection broke;
  ///   denied       the server's key is not pinned, or no endpoint's address may be connected to;
  ///   too_large    the reply is over the limit;
  ///   invalid      the reply is not HTTP.
  [[nodiscard]] virtual Task<HttpReply> exchange(LinkTarget target, HttpRequest request,
                                                 LinkLimits limits) = 0;
};

}  // namespace cpc::federation
