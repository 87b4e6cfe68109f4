// What the link makes of replies: whole, broken, hostile.
#include <string>
#include <vector>

#include "tests/unit/federation_net/link.h"

namespace cpc::federation::test {
namespace {

TEST_CASE("a reused connection that breaks before any reply is replaced once") {
  Net net;
  BeastHttpLink link{net.io.get_executor(), loopback_allowed(), {}};
  Scripted server{net, {{ok}, {ok}, {}}};
  const auto target = target_at(server.port(), {server.pin()});
  CHECK(net.wait(link.exchange(target, get("/1"), {})).has_value());
  CHECK(server.accepted == 1);
  CHECK(net.wait(link.exchange(target, get("/2"), {})).has_value());
  CHECK(server.accepted == 2);
  // The second connection breaks, and so does the third, which is fresh.
  CHECK(code_of(net.wait(link.exchange(target, get("/3"), {}))) == ErrorCode::unavailable);
  CHECK(server.accepted == 3);
  REQUIRE(server.heard.size() == 5);
  CHECK(server.heard[1] == server.heard[2]);
}

TEST_CASE("a request whose reply broke half-way is not sent again") {
  Net net;
  BeastHttpLink link{net.io.get_executor(), loopback_allowed(), {}};
  Scripted server{net, {{ok, "HTTP/1.1 200 OK\r\nX: close\r\nContent-Le"}, {ok}}};
  const auto target = target_at(server.port(), {server.pin()});
  CHECK(net.wait(link.exchange(target, get("/1"), {})).has_value());
  CHECK(code_of(net.wait(link.exchange(target, get("/2"), {}))) == ErrorCode::unavailable);
  CHECK(server.heard.size() == 2);
  CHECK(server.accepted == 1);
}

TEST_CASE("a reply may end with the connection, if TLS says that it ended") {
  Net net;
  BeastHttpLink link{net.io.get_executor(), loopback_allowed(), {}};
  Scripted server{net, {{"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nwhole"}}};
  const auto reply =
      net.wait(link.exchange(target_at(server.port(), {server.pin()}), get("/"), {}));
  REQUIRE(reply);
  CHECK(reply.value().body == "whole");
  CHECK(link.idle_connections() == 0);
}

TEST_CASE("a reply that only the network ended is not taken for whole") {
  Net net;
  BeastHttpLink link{net.io.get_executor(), loopback_allowed(), {}};
  Scripted server{net, {{"HTTP/1.1 200 OK\r\n\r\ntruncated"}}};
  const auto exchange =
      net.start(link.exchange(target_at(server.port(), {server.pin()}), get("/"), {}));
  REQUIRE(net.until([&] { return !server.heard.empty(); }));
  server.hang_up_abruptly();
  CHECK(code_of(net.finish(exchange)) == ErrorCode::unavailable);
}

TEST_CASE("a reply that nobody asked for answers no later request") {
  Net net;
  BeastHttpLink link{net.io.get_executor(), loopback_allowed(), {}};
  Scripted server{net, {{ok + "|HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong"}, {ok}}};
  const auto target = target_at(server.port(), {server.pin()});
  CHECK(net.wait(link.exchange(target, get("/1"), {})).has_value());
  CHECK(link.idle_connections() == 1);
  REQUIRE(net.until([&] { return server.has_said_more; }));
  const auto reply = net.wait(link.exchange(target, get("/2"), {}));
  REQUIRE(reply);
  CHECK(reply.value().body == "ok");
  CHECK(server.accepted == 2);
}

TEST_CASE("a reply over the limit, compressed, ambiguous or not HTTP is refused by its code") {
  Net net;
  BeastHttpLink link{net.io.get_executor(), loopback_allowed(), {}};
  const LinkLimits limits{10s, 10};
  const auto ask = [&](std::string text) {
    Scripted server{net, {{std::move(text)}}};
    auto reply =
        net.wait(link.exchange(target_at(server.port(), {server.pin()}), get("/"), limits));
    CHECK(link.idle_connections() == 0);
    net.until([&] { return server.is_done(); });
    return code_of(reply);
  };
  CHECK(ask("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n") == ErrorCode::too_large);
  CHECK(ask("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nabc") ==
        ErrorCode::too_large);
  CHECK(ask("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok") ==
        ErrorCode::invalid);
  CHECK(ask("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok") ==
        ErrorCode::invalid);
  CHECK(ask("SSH-2.0-OpenSSH\r\n\r\n") == ErrorCode::invalid);
  CHECK(ask("HTTP/1.1 200 OK\r\nX: " + std::string(40'000, 'a')) == ErrorCode::invalid);
}

TEST_CASE("a redirect is handed back, and nobody goes there") {
  EchoHandler echo;
  Pair elsewhere{echo.handler()};
  Pair pair{[&](HttpRequest, PeerInfo) {
    HttpReply reply = make_reply(307, {});
    reply.headers.list.push_back(
        {"location", "https://127.0.0.1:" + std::to_string(elsewhere.serving.port()) + "/"});
    return reply_with(std::move(reply));
  }};
  const auto reply = pair.ask(get("/"));
  REQUIRE(reply);
  CHECK(reply.value().status == 307);
  CHECK(elsewhere.serving.server().connections() == 0);
  CHECK(echo.requests.empty());
}

TEST_CASE("an early refusal is heard, though the request was not taken as a whole") {
  EchoHandler echo;
  HttpServerOptions options;
  options.body_bytes_max = 1000;
  Pair pair{echo.handler(), options};
  const auto reply = pair.ask({"POST", "/", {}, {}, Bytes(16 * 1024 * 1024, 'a')});
  REQUIRE(reply);
  CHECK(reply.value().status == 413);
  CHECK(echo.requests.empty());
}

}  // namespace
}  // namespace cpc::federation::test
