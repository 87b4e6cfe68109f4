#include "federation/dialer.h"

#include <utility>

#include "federation/as_result.h"
#include "federation/deadline.h"

namespace cpc::federation {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

}  // namespace

void Attempt::interrupt() {
  boost::system::error_code ignored;
  if (resolver) resolver->cancel();
  if (socket) socket->close(ignored);
  if (connection) connection->stream.cut();
}

Error Dialer::Obstacles::explain() const {
  if (refused_key) return fail(ErrorCode::denied, "the peer shows a key that is not pinned");
  if (refused_address && tried == 0) {
    return fail(ErrorCode::denied, "the peer's addresses may not be connected to");
  }
  return fail(ErrorCode::unavailable, "no endpoint of the peer answers");
}

asio::awaitable<Result<>> Dialer::dial(Attempt& attempt, const LinkTarget& target) {
  Obstacles obstacles;
  for (const auto& endpoint : target.endpoints) {
    if (attempt.is_over) co_return obstacles.explain();
    const Addresses addresses = co_await resolve(attempt, endpoint);
    for (const auto& address : addresses) {
      if (attempt.is_over || obstacles.tried >= options_.addresses_max) {
        co_return obstacles.explain();
      }
      // The checked address is the connected one; the name is not asked again.
      if (!policy_.check(address)) {
        obstacles.refused_address = true;
        continue;
      }
      ++obstacles.tried;
      ConnectionKey key{target.peer, endpoint, target.tls_pins};
      const bool is_connected = co_await connect(attempt, std::move(key), address, obstacles);
      if (is_connected) co_return success();
    }
  }
  co_return obstacles.explain();
}

asio::awaitable<Dialer::Addresses> Dialer::resolve(Attempt& attempt,
                                                   const routing::Endpoint& endpoint) {
  Addresses found;
  boost::system::error_code failure;
  const auto literal = asio::ip::make_address(endpoint.host, failure);
  if (!failure) {
    found.push_back(literal);
    co_return found;
  }
  // Who asks the public DNS for a name below .cpc tells it who talks to whom, and learns nothing.
  if (endpoint.host.ends_with(".cpc")) co_return found;
  attempt.resolver.emplace(executor_);
  const Deadline deadline{executor_, options_.resolve_timeout,
                          [&attempt] { attempt.resolver->cancel(); }};
  const auto [refused, results] = co_await attempt.resolver->async_resolve(
      endpoint.host, std::to_string(endpoint.port), tcp::resolver::numeric_service, as_result);
  attempt.resolver.reset();
  if (refused) co_return found;
  for (const auto& result : results) {
    if (found.size() < options_.addresses_max) found.push_back(result.endpoint().address());
  }
  co_return found;
}

asio::awaitable<bool> Dialer::connect(Attempt& attempt, ConnectionKey key,
                                      asio::ip::address address, Obstacles& obstacles) {
  const tcp::endpoint where{address, key.endpoint.port};
  const Deadline deadline{executor_, options_.connect_timeout, [&attempt] { attempt.interrupt(); }};
  attempt.socket.emplace(executor_);
  const auto [unreachable] = co_await attempt.socket->async_connect(where, as_result);
  if (unreachable || !attempt.socket->is_open() || !start_tls(attempt, std::move(key))) {
    attempt.socket.reset();
    co_return false;
  }
  auto& stream = attempt.connection->stream;
  const auto [failure, none] = co_await stream.async_handshake(as_result);
  if (!failure) co_return true;
  obstacles.refused_key |= stream.tls()->refused_key();
  attempt.connection.reset();
  co_return false;
}

/// The connected socket becomes a connection. Fails with internal.
Result<> Dialer::start_tls(Attempt& attempt, ConnectionKey key) {
  if (!tls_) {
    CPC_TRY(tls_, TlsContext::for_client());
  }
  boost::system::error_code ignored;  // Then it is slower.
  attempt.socket->set_option(tcp::no_delay{true}, ignored);
  CPC_TRY(auto session, TlsSession::connect(*tls_, attempt.socket->native_handle(), key.peer.text(),
                                            key.tls_pins));
  attempt.connection = std::make_unique<PeerConnection>(
      PeerConnection{std::move(key), SocketStream{*std::move(attempt.socket), std::move(session)}});
  attempt.socket.reset();
  return success();
}

}  // namespace cpc::federation
