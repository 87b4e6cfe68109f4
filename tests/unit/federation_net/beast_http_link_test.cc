#include "federation/beast_http_link.h"

#include <netdb.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <string>
#include <vector>

#include "tests/unit/federation_net/link.h"

namespace cpc::federation::test {
namespace {

TEST_CASE("a peer with a pinned key answers, one with another key is denied") {
  EchoHandler echo;
  Pair pair{echo.handler()};
  HttpRequest request{"POST", "/cpc", "a=b", {{{"x", "y"}, {"accept-encoding", "gzip"}}}, "body"};
  const auto reply = pair.ask(request);
  REQUIRE(reply);
  CHECK(reply.value().status == 200);
  CHECK(reply.value().body == "POST /cpc a=b body");
  REQUIRE(echo.requests.size() == 1);
  CHECK(echo.requests[0].headers.find("host") == "beta.cpc");
  CHECK(echo.requests[0].headers.find("x") == "y");
  CHECK(echo.requests[0].headers.count("accept-encoding") == 0);

  const Digest other = new_identity().pin();
  const auto port = pair.serving.port();
  CHECK(code_of(pair.net.wait(pair.link.exchange(target_at(port, {other}), get("/"), {}))) ==
        ErrorCode::denied);
  const auto either = pair.net.wait(
      pair.link.exchange(target_at(port, {other, pair.identity.pin()}), get("/"), {}));
  CHECK(either.has_value());
  CHECK(echo.requests.size() == 2);
}

TEST_CASE("without pins any key will do, but its connection serves no pinned request") {
  EchoHandler echo;
  Pair pair{echo.handler()};
  const auto port = pair.serving.port();
  CHECK(pair.net.wait(pair.link.exchange(target_at(port, {}), get("/"), {})).has_value());
  CHECK(pair.link.idle_connections() == 1);
  CHECK(code_of(pair.net.wait(pair.link.exchange(target_at(port, {new_identity().pin()}), get("/"),
                                                 {}))) == ErrorCode::denied);
}

TEST_CASE("a new identity is shown to new connections") {
  EchoHandler echo;
  Pair pair{echo.handler()};
  CHECK(pair.ask(get("/1")).has_value());
  const auto next = new_identity();
  REQUIRE(pair.serving.server().use_identity(next));
  CHECK(pair.ask(get("/2")).has_value());  // Over the old connection.
  pair.link.close_idle();
  CHECK(code_of(pair.ask(get("/3"))) == ErrorCode::denied);
  CHECK(
      pair.net.wait(pair.link.exchange(target_at(pair.serving.port(), {next.pin()}), get("/4"), {}))
          .has_value());
}

asio::awaitable<std::string> first_octets(Acceptor& acceptor) {
  auto [failure, socket] = co_await acceptor.async_accept(token);
  std::string octets(4096, '\0');
  const auto [ended, count] = co_await socket.async_read_some(asio::buffer(octets), token);
  octets.resize(count);
  co_return octets;
}

TEST_CASE("the peer's name is told to the server before the handshake is over") {
  Net net;
  Acceptor acceptor{net.io, {asio::ip::address_v4::loopback(), 0}};
  BeastHttpLink link{net.io.get_executor(), loopback_allowed(), {}};
  const auto octets = net.start(first_octets(acceptor));
  const auto reply =
      net.wait(link.exchange(target_at(acceptor.local_endpoint().port(), {}), get("/"), {}));
  CHECK(code_of(reply) == ErrorCode::unavailable);
  CHECK(net.finish(octets).find("beta.cpc") != std::string::npos);
}

TEST_CASE("a connection is kept alive and used again, and closed when idle for too long") {
  EchoHandler echo;
  BeastHttpLinkOptions options;
  options.idle_timeout = 300ms;
  Pair pair{echo.handler(), {}, options};
  CHECK(pair.ask(get("/1")).has_value());
  CHECK(pair.ask(get("/2")).has_value());
  REQUIRE(echo.peers.size() == 2);
  CHECK(echo.peers[0].port == echo.peers[1].port);
  CHECK(pair.link.idle_connections() == 1);
  CHECK(pair.net.until([&] { return pair.link.idle_connections() == 0; }));
  CHECK(pair.net.until([&] { return pair.serving.server().connections() == 0; }));
}

TEST_CASE("a connection that the server has closed meanwhile is not used again") {
  EchoHandler echo;
  HttpServerOptions options;
  options.timeouts.idle = 100ms;
  options.timeouts.drain = 100ms;
  Pair pair{echo.handler(), options};
  CHECK(pair.ask(get("/1")).has_value());
  CHECK(pair.net.until([&] { return pair.serving.server().connections() == 0; }));
  CHECK(pair.ask(get("/2")).has_value());
  CHECK(echo.peers[0].port != echo.peers[1].port);
}

asio::awaitable<HttpReply> reply_never(asio::steady_timer& gate) {
  (void)co_await gate.async_wait(token);
  co_return HttpReply{};
}

TEST_CASE("a peer that does not answer in time is unavailable, and so is one that only connects") {
  Pair pair{[](HttpRequest, PeerInfo) { return reply_with({}); }};
  asio::steady_timer gate{pair.net.io, asio::steady_timer::time_point::max()};
  Pair silent{[&](HttpRequest, PeerInfo) { return reply_never(gate); }};
  CHECK(code_of(silent.ask(get("/"), {200ms, 1000})) == ErrorCode::unavailable);
  gate.cancel();

  Acceptor mute{pair.net.io, {asio::ip::address_v4::loopback(), 0}};
  CHECK(code_of(pair.net.wait(pair.link.exchange(target_at(mute.local_endpoint().port(), {}),
                                                 get("/"), {200ms, 1000}))) ==
        ErrorCode::unavailable);
}

TEST_CASE("an address is connected to only if the policy permits it") {
  EchoHandler echo;
  Pair pair{echo.handler()};
  BeastHttpLink strict{pair.net.io.get_executor(), routing::AddressPolicy{}, {}};
  CHECK(code_of(pair.net.wait(strict.exchange(pair.target(), get("/"), {}))) == ErrorCode::denied);
  CHECK(pair.serving.server().connections() == 0);
  addrinfo* found = nullptr;
  if (::getaddrinfo("localhost", nullptr, nullptr, &found) != 0) {
    WARN("ran WITHOUT a name: this machine does not know localhost");
    return;
  }
  ::freeaddrinfo(found);
  LinkTarget named = pair.target();
  named.endpoints[0].host = "localhost";  // As a name that points inside.
  CHECK(code_of(pair.net.wait(strict.exchange(named, get("/"), {}))) == ErrorCode::denied);
  CHECK(pair.serving.server().connections() == 0);
  CHECK(pair.net.wait(pair.link.exchange(named, get("/"), {})).has_value());
}

TEST_CASE("the next endpoint is tried when one does not answer") {
  EchoHandler echo;
  Pair pair{echo.handler()};
  std::uint16_t dead_port = 0;
  {
    Acceptor dead{pair.net.io, {asio::ip::address_v4::loopback(), 0}};
    dead_port = dead.local_endpoint().port();
  }
  LinkTarget target = pair.target();
  target.endpoints.insert(target.endpoints.begin(), {"127.0.0.1", dead_port});
  target.endpoints.insert(target.endpoints.begin(), {"10.1.2.3", 80});  // Not permitted.
  CHECK(pair.net.wait(pair.link.exchange(target, get("/"), {})).has_value());
  target.endpoints.pop_back();
  CHECK(code_of(pair.net.wait(pair.link.exchange(target, get("/"), {}))) == ErrorCode::unavailable);
}

TEST_CASE("idle connections and exchanges are bounded") {
  EchoHandler echo;
  BeastHttpLinkOptions options;
  options.idle_connections_per_peer_max = 2;
  options.exchanges_max = 3;
  Pair pair{echo.handler(), {}, options};
  std::vector<std::shared_ptr<Started<Result<HttpReply>>>> exchanges;
  for (int i = 0; i < 4; ++i) {
    exchanges.push_back(pair.net.start(pair.link.exchange(pair.target(), get("/"), {})));
  }
  int answered = 0;
  for (const auto& exchange : exchanges) {
    const auto reply = pair.net.finish(exchange);
    answered += reply.has_value() ? 1 : 0;
    if (!reply) CHECK(reply.error().code == ErrorCode::unavailable);
  }
  CHECK(answered == 3);
  CHECK(pair.link.idle_connections() == 2);
}

TEST_CASE("a request that HTTP does not allow is refused here") {
  EchoHandler echo;
  Pair pair{echo.handler()};
  CHECK(code_of(pair.ask({"GET", "/a b", {}, {}, {}})) == ErrorCode::invalid);
  CHECK(code_of(pair.ask({"GET", "/", "a#b", {}, {}})) == ErrorCode::invalid);
  CHECK(code_of(pair.ask({"GET /", "/", {}, {}, {}})) == ErrorCode::invalid);
  CHECK(code_of(pair.ask({"GET", "/", {}, {{{"x", "a\r\ny: b"}}}, {}})) == ErrorCode::invalid);
  CHECK(echo.requests.empty());
}

asio::awaitable<void> exchange_and_forget(BeastHttpLink& link, LinkTarget target, bool& has_ended) {
  struct Ended {
    ~Ended() { flag = true; }
    bool& flag;
  } ended{has_ended};
  HttpRequest request = get("/");
  (void)co_await link.exchange(std::move(target), std::move(request), {});
}

TEST_CASE("a cancelled exchange ends at once") {
  Net net;
  Acceptor mute{net.io, {asio::ip::address_v4::loopback(), 0}};
  BeastHttpLink link{net.io.get_executor(), loopback_allowed(), {}};
  asio::cancellation_signal cancel;
  bool has_ended = false;
  asio::co_spawn(net.io,
                 exchange_and_forget(link, target_at(mute.local_endpoint().port(), {}), has_ended),
                 asio::bind_cancellation_slot(cancel.slot(), [](std::exception_ptr) {}));
  net.until([&, turns = 0]() mutable { return ++turns > 5; });
  REQUIRE_FALSE(has_ended);
  cancel.emit(asio::cancellation_type::terminal);
  CHECK(net.until([&] { return has_ended; }));
}

}  // namespace
}  // namespace cpc::federation::test
