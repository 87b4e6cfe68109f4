// Our HTTP/1.1 server: the federation port (TLS 1.3), the client API and the admin API (TCP or a
// Unix socket). A handler gets a checked request value and returns a reply value.
//
// Parsing is strict, because a proxy in front may read a sloppy request differently from us, and
// what two readers disagree about is a smuggled request (RFC 9112 section 11.2). Refused with 400:
// Content-Length beside Transfer-Encoding, either of them twice, any transfer coding but chunked,
// chunk extensions, trailers, folded lines, bare CR or LF, control octets, white space around a
// header's name, methods not in upper-case letters, targets not in origin-form (RFC 9112 section
// 3.2.1) or with octets outside RFC 3986, no Host or two. What is refused closes the connection.
//
// A slow client costs one small object: nothing is buffered for a connection between requests, and
// each phase has an end (HttpTimeouts). Requests that came in one packet are answered one after the
// other, in order. Errors told by the server itself are 400, 408, 413, 417, 431 and 500, with
// an application/problem+json body that says nothing about us.
//
// Network thread only. No Server and no Date header is sent (only a 101 has `Server: -`, where
// Beast would tell its version).
#pragma once

#include <sys/types.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "core/base/log.h"
#include "core/base/result.h"
#include "federation/handshake_limit.h"
#include "federation/http_message.h"
#include "federation/tls_identity.h"
#include "federation/web_socket.h"

namespace cpc::federation {

/// Who is at the other end of a connection.
struct PeerInfo {
  struct Process {
    uid_t uid;
    gid_t gid;
    pid_t pid;
  };
  std::string address;             ///< As text, IPv4-mapped as IPv4; empty on a Unix socket.
  std::uint16_t port = 0;          ///< 0 on a Unix socket.
  std::optional<Process> process;  ///< On a Unix socket, as the kernel says (SO_PEERCRED).
};

struct TcpListener {
  std::string address = "127.0.0.1";  ///< An IP address; `::` takes IPv4 too.
  std::uint16_t port = 0;             ///< 0: the kernel chooses, port() tells.
  const TlsIdentity* tls = nullptr;   ///< Read by start() only. Null: plain HTTP.
};

struct UnixListener {
  std::filesystem::path path;
  mode_t mode = 0660;  ///< 0600 or 0660, from the moment on at which the path exists.
};

/// A transfer may take its time-out plus one second for every bytes_per_second_min octets moved.
struct HttpTimeouts {
  std::chrono::milliseconds handshake{10'000};  ///< TLS.
  std::chrono::milliseconds header{10'000};     ///< From the first octet to the blank line.
  std::chrono::milliseconds body{30'000};
  std::chrono::milliseconds write{30'000};
  std::chrono::milliseconds idle{75'000};  ///< Between requests, and before the first.
  /// After our last word, for the client to hear it and hang up.
  std::chrono::milliseconds drain{2'000};
  std::size_t bytes_per_second_min = 8 * 1024;
};

struct HttpServerOptions {
  std::variant<TcpListener, UnixListener> listen;
  std::size_t header_bytes_max = 32 * 1024;  ///< Request line and headers.
  std::size_t header_count_max = 100;
  std::size_t body_bytes_max = 1024 * 1024;
  /// Overrides body_bytes_max for a request whose head has arrived (the body is empty). Optional.
  std::function<std::size_t(const HttpRequest&)> body_bytes_max_for;
  std::size_t connections_max = 1024;  ///< Further ones are closed at once.
  /// Of those, from one IP address (0: no bound of its own, as behind a proxy).
  std::size_t connections_per_address_max = 0;
  /// TLS handshakes of one address; a connection beyond it is closed at once, and nothing is
  /// computed for it.
  HandshakeRate handshakes_per_address;
  HttpTimeouts timeouts;

  /// The subprotocol (may be empty) with which a well-formed WebSocket request is taken; nothing:
  /// it is an ordinary request for the handler, which refuses it. Origin and path are the daemon's
  /// to judge here. Optional; without it nothing is ever upgraded. A subprotocol that the client
  /// did not offer refuses the request with 400.
  std::function<std::optional<std::string>(const HttpRequest&, const PeerInfo&)> take_upgrade;
  /// Runs for as long as the WebSocket lives; when it returns, the connection is closed.
  std::function<boost::asio::awaitable<void>(HttpRequest, std::unique_ptr<WebSocket>)> upgrade;
  WebSocketLimits web_socket;
};

/// Must end by itself: it has no deadline but its own. Headers with octets that HTTP does not allow
/// become 500; content-length, connection and transfer-encoding are the server's and dropped. An
/// exception becomes 500.
using HttpHandler = std::function<boost::asio::awaitable<HttpReply>(HttpRequest, PeerInfo)>;

class HttpServer {
 public:
  /// `log` outlives the server.
  HttpServer(const boost::asio::any_io_executor& executor, HttpServerOptions options,
             HttpHandler handler, Log& log);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  /// Await stop() first if start() succeeded.
  ~HttpServer();

  /// Listens and accepts from now on. The socket file of a process that died is replaced. Once
  /// only. Fails with
  ///   invalid      the address, mode or TLS identity is unusable;
  ///   conflict     the port is taken, a live server is behind the path, or it is no socket;
  ///   denied       the system does not permit the port or the folder;
  ///   unavailable  anything else the system refuses.
  [[nodiscard]] Result<> start();

  /// The port that is listened on; 0 for a Unix socket or before start().
  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::size_t connections() const;

  /// New connections use `identity` from now on, open ones are left alone: a certificate is
  /// replaced without a pause. Fails with invalid unless it can be used, or the listener is plain.
  [[nodiscard]] Result<> use_identity(const TlsIdentity& identity);

  /// In place of HttpServerOptions::handshakes_per_address, as for a key that costs more.
  void bound_handshakes(HandshakeRate rate);

  /// Stops accepting, closes idle connections at once and WebSockets with 1012, lets requests in
  /// flight finish for `grace` at most, then cancels them; removes the socket file. Once only.
  [[nodiscard]] boost::asio::awaitable<void> stop(std::chrono::milliseconds grace);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace cpc::federation
