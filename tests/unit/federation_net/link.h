// What the tests of the link share: a server over TLS with a link that may go there, and a server
// that says whatever it is told.
#pragma once

#include <string>
#include <vector>

#include "federation/beast_http_link.h"
#include "federation/socket_stream.h"
#include "tests/unit/federation_net/net.h"

namespace cpc::federation::test {

using Acceptor = asio::ip::tcp::acceptor;

inline TlsIdentity new_identity() {
  return TlsIdentity::make("beta.cpc", from_milliseconds(1'700'000'000'000)).value();
}

inline routing::AddressPolicy loopback_allowed() {
  return routing::AddressPolicy{{routing::AddressRange::parse("127.0.0.0/8").value()}};
}

inline LinkTarget target_at(std::uint16_t port, std::vector<Digest> pins) {
  return {core::InstanceName::parse("beta.cpc").value(), {{"127.0.0.1", port}}, std::move(pins)};
}

inline HttpRequest get(std::string path) {
  return {"GET", std::move(path), {}, {}, {}};
}

/// A server over TLS that answers, and a link that may go there.
struct Pair {
  explicit Pair(HttpHandler handler, HttpServerOptions options = {},
                BeastHttpLinkOptions link_options = {})
      : serving(net, with_tls(std::move(options)), std::move(handler)),
        link(net.io.get_executor(), loopback_allowed(), link_options) {}

  HttpServerOptions with_tls(HttpServerOptions options) {
    options.listen = TcpListener{"127.0.0.1", 0, &identity};
    return options;
  }
  LinkTarget target() { return target_at(serving.port(), {identity.pin()}); }
  Result<HttpReply> ask(HttpRequest request, LinkLimits limits = {}) {
    return net.wait(link.exchange(target(), std::move(request), limits));
  }

  Net net;
  TlsIdentity identity = new_identity();
  Serving serving;
  BeastHttpLink link;
};

/// A server over TLS that says what it is told, whatever it is asked: each connection answers its
/// n-th request with the n-th of its texts, and hangs up when there is none left. What stands
/// behind a '|' is said later, unasked. A text with `close` in it ends with TLS's close_notify.
class Scripted {
 public:
  Scripted(Net& net, std::vector<std::vector<std::string>> connections)
      : acceptor_(net.io, {asio::ip::address_v4::loopback(), 0}),
        connections_(std::move(connections)),
        running_(net.start(keep_result_of_void(run()))) {}

  [[nodiscard]] std::uint16_t port() { return acceptor_.local_endpoint().port(); }
  [[nodiscard]] Digest pin() const { return identity_.pin(); }
  [[nodiscard]] bool is_done() const { return running_->is_done; }
  void hang_up_abruptly() {
    boost::system::error_code ignored;
    if (talking_ != nullptr) {
      talking_->socket().shutdown(SocketStream::Socket::shutdown_both, ignored);
    }
  }
  std::size_t accepted = 0;
  bool has_said_more = false;
  std::vector<std::string> heard;

 private:
  asio::awaitable<void> run() {
    const auto context = TlsContext::for_server(identity_).value();
    for (const auto& texts : connections_) {
      auto [failure, socket] = co_await acceptor_.async_accept(token);
      if (failure) co_return;
      ++accepted;
      auto session = TlsSession::accept(context, socket.native_handle()).value();
      SocketStream stream{std::move(socket), std::move(session)};
      (void)co_await stream.async_handshake(token);
      talking_ = &stream;
      co_await answer(stream, texts);
      talking_ = nullptr;
    }
  }
  asio::awaitable<void> answer(SocketStream& stream, const std::vector<std::string>& texts) {
    for (std::size_t turn = 0;; ++turn) {
      std::string request(64 * 1024, '\0');
      const auto [ended, count] = co_await stream.async_read_some(asio::buffer(request), token);
      if (ended) co_return;
      heard.push_back(request.substr(0, count));
      if (turn == texts.size()) co_return;
      const auto& text = texts[turn];
      const auto bar = text.find('|');
      (void)co_await asio::async_write(stream, asio::buffer(text.substr(0, bar)), token);
      if (bar != std::string::npos) {
        asio::steady_timer pause{acceptor_.get_executor(), 50ms};
        (void)co_await pause.async_wait(token);
        (void)co_await asio::async_write(stream, asio::buffer(text.substr(bar + 1)), token);
        has_said_more = true;
      }
      if (turn + 1 == texts.size() && text.find("close") != std::string::npos) {
        stream.end_sending();
      }
    }
  }

  TlsIdentity identity_ = new_identity();
  Acceptor acceptor_;
  std::vector<std::vector<std::string>> connections_;
  SocketStream* talking_ = nullptr;
  std::shared_ptr<Started<bool>> running_;
};

inline ErrorCode code_of(const Result<HttpReply>& result) {
  REQUIRE_FALSE(result);
  return result.error().code;
}

inline const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

}  // namespace cpc::federation::test
