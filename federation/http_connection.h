// One connection to our HTTP server, from the handshake to the last octet: requests are read,
// answered and replied to one after the other. Between requests it holds no buffer and one
// coroutine frame.
//
// It sets a due time for whatever it waits for; the server looks at the due times of all
// connections a few times a second (check_due) and wakes who is late, so that no wait needs a timer
// of its own.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

#include "core/base/log.h"
#include "federation/beast_web_socket.h"
#include "federation/http_parser.h"
#include "federation/http_server.h"
#include "federation/socket_stream.h"

namespace cpc::federation {

/// What the connections of one server share; outlives them.
struct HttpService {
  HttpServerOptions options;
  HttpHandler handler;
  Log& log;
  bool is_stopping = false;
};

class HttpConnection {
 public:
  using Clock = std::chrono::steady_clock;

  HttpConnection(SocketStream stream, PeerInfo peer, const HttpService& service);
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  /// Returns when the connection is over. Once; the connection outlives it.
  [[nodiscard]] boost::asio::awaitable<void> serve();

  /// Ends what has waited past its due time.
  void check_due(Clock::time_point now);
  /// No request has begun.
  [[nodiscard]] bool is_idle() const { return is_idle_; }
  /// Null unless it has become a WebSocket.
  [[nodiscard]] const std::shared_ptr<BeastWebSocket::Core>& web_socket() const {
    return web_socket_;
  }
  [[nodiscard]] const PeerInfo& peer() const { return peer_; }
  void cut();

 private:
  enum class Filled { some, ended, late };
  /// What comes after a request.
  enum class After { next, hang_up, vanish, web_socket };
  /// What reading a request came to.
  enum class Arrival { complete, refused, gone };

  template <class T = void>
  using Awaitable = boost::asio::awaitable<T>;
  [[nodiscard]] Awaitable<bool> shake_hands();
  [[nodiscard]] Awaitable<After> serve_one();
  [[nodiscard]] Awaitable<Arrival> read_request(HttpRequestParser& parser);
  [[nodiscard]] Awaitable<Arrival> read_body(HttpRequestParser& parser);
  [[nodiscard]] int refusal_of_head(HttpRequestParser& parser) const;
  [[nodiscard]] Awaitable<Filled> fill();
  [[nodiscard]] Awaitable<Arrival> refuse(int status);
  [[nodiscard]] Awaitable<HttpReply> answer(HttpRequest request);
  [[nodiscard]] Awaitable<bool> write_reply(HttpReply reply, bool is_head, bool keeps_alive);
  [[nodiscard]] Awaitable<bool> write_all(std::string_view head, std::string_view body);
  [[nodiscard]] Awaitable<After> start_web_socket(HttpRequest request, std::string subprotocol);
  [[nodiscard]] Awaitable<void> run_web_socket();
  [[nodiscard]] Awaitable<void> hang_up();

  [[nodiscard]] SocketStream& stream();
  void due_after(std::chrono::milliseconds time, std::size_t octets_moved = 0);
  void never_due() { due_at_ = Clock::time_point::max(); }
  /// Whether the last wait was cut short because it was late.
  [[nodiscard]] bool was_late() const { return was_late_; }

  SocketStream stream_;  ///< Moved into web_socket_ if there is one.
  const PeerInfo peer_;
  const HttpService& service_;
  Bytes input_;
  Clock::time_point phase_began_{};
  Clock::time_point due_at_ = Clock::time_point::max();
  bool was_late_ = false;
  bool is_idle_ = false;
  std::shared_ptr<BeastWebSocket::Core> web_socket_;
  std::unique_ptr<HttpRequest> upgrade_request_;
};

}  // namespace cpc::federation
