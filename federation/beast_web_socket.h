// WebSocket over one of the server's connections. Beast speaks RFC 6455; this adds what the client
// API needs: a queue of sends with a bound, and an end to every wait.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "federation/http_message.h"
#include "federation/http_server.h"
#include "federation/socket_stream.h"
#include "federation/web_socket.h"

namespace cpc::federation {

class BeastWebSocket final : public WebSocket {
 public:
  /// The connection, which the server keeps to end it, and the daemon's WebSocket uses.
  class Core;

  struct Terms {
    PeerInfo peer;
    std::string subprotocol;
    WebSocketLimits limits;
  };
  /// `stream` has just delivered `request`.
  [[nodiscard]] static std::shared_ptr<Core> make(SocketStream stream, Terms terms);
  /// Answers the request with 101. False if it is not a WebSocket request after all, which the
  /// client was then told with 400, or if the connection broke.
  [[nodiscard]] static boost::asio::awaitable<bool> accept(std::shared_ptr<Core> core,
                                                           const HttpRequest& request);
  /// WebSocket::close() for who has the core only.
  [[nodiscard]] static boost::asio::awaitable<void> close_core(std::shared_ptr<Core> core,
                                                               std::uint16_t code,
                                                               std::string reason);
  [[nodiscard]] static SocketStream& stream_of(Core& core);

  explicit BeastWebSocket(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  ~BeastWebSocket() override;

  [[nodiscard]] boost::asio::awaitable<Result<std::string>> receive() override;
  [[nodiscard]] boost::asio::awaitable<Result<>> send(std::string text) override;
  [[nodiscard]] boost::asio::awaitable<void> close(std::uint16_t code,
                                                   std::string_view reason) override;
  [[nodiscard]] std::uint16_t closed_with() const override;
  [[nodiscard]] const PeerInfo& peer() const override;
  [[nodiscard]] const std::string& subprotocol() const override;

 private:
  std::shared_ptr<Core> core_;
};

}  // namespace cpc::federation
