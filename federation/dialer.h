// Makes connections to peers: resolve, check the address, connect to exactly that address, TLS.
// beast_http_link.h tells the rules.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "federation/beast_http_link.h"
#include "federation/connection_pool.h"

namespace cpc::federation {

/// What one exchange waits for, so that its deadline can end the wait. Lives in the exchange's
/// frame.
struct Attempt {
  std::optional<boost::asio::ip::tcp::resolver> resolver{};
  std::optional<SocketStream::Socket> socket{};
  std::unique_ptr<PeerConnection> connection{};
  bool is_over = false;  ///< The deadline has struck: try nothing else.

  /// Ends the present wait.
  void interrupt();
};

class Dialer {
 public:
  /// References outlive the dialer.
  Dialer(boost::asio::any_io_executor executor, const routing::AddressPolicy& policy,
         const BeastHttpLinkOptions& options)
      : executor_(std::move(executor)), policy_(policy), options_(options) {}

  /// Puts a connection to the first endpoint that answers into `attempt`. Fails like
  /// HttpLink::exchange.
  [[nodiscard]] boost::asio::awaitable<Result<>> dial(Attempt& attempt, const LinkTarget& target);

 private:
  using Addresses = std::vector<boost::asio::ip::address>;
  /// What stood in the way, over all addresses.
  struct Obstacles {
    std::size_t tried = 0;
    bool refused_address = false;
    bool refused_key = false;
    [[nodiscard]] Error explain() const;
  };
  [[nodiscard]] boost::asio::awaitable<Addresses> resolve(Attempt& attempt,
                                                          const routing::Endpoint& endpoint);
  [[nodiscard]] boost::asio::awaitable<bool> connect(Attempt& attempt, ConnectionKey key,
                                                     boost::asio::ip::address address,
                                                     Obstacles& obstacles);
  [[nodiscard]] Result<> start_tls(Attempt& attempt, ConnectionKey key);

  boost::asio::any_io_executor executor_;
  const routing::AddressPolicy& policy_;
  const BeastHttpLinkOptions& options_;
  std::optional<TlsContext> tls_;  ///< Made by the first one that needs it.
};

}  // namespace cpc::federation
