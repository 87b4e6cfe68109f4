#include "federation/http_server.h"

#include <stdexcept>
#include <string>

#include "tests/unit/federation_net/net.h"

namespace cpc::federation::test {
namespace {

HttpServerOptions quick() {
  HttpServerOptions options;
  options.timeouts = {.handshake = 300ms,
                      .header = 300ms,
                      .body = 300ms,
                      .write = 300ms,
                      .idle = 300ms,
                      .drain = 100ms,
                      .bytes_per_second_min = 1 << 30};
  return options;
}

TEST_CASE("a request is answered with its length, and nothing about us") {
  Net net;
  EchoHandler echo;
  Serving serving{net, {}, echo.handler()};
  RawClient client{net, serving.port()};
  CHECK(client.ask(raw_get_and_close) ==
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 9\r\n"
        "connection: close\r\n\r\nGET /a b ");
  REQUIRE(echo.peers.size() == 1);
  CHECK(echo.peers[0].address == "127.0.0.1");
  CHECK(echo.peers[0].port != 0);
  CHECK_FALSE(echo.peers[0].process);
}

TEST_CASE("requests that come in one packet are answered in their order on one connection") {
  Net net;
  EchoHandler echo;
  Serving serving{net, {}, echo.handler()};
  RawClient client{net, serving.port()};
  const std::string replies =
      client.ask("POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab" +
                 std::string{"PUT /2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"} +
                 "1\r\nc\r\n0\r\n\r\n" + "HEAD /3 HTTP/1.1\r\nHost: x\r\n\r\n" + raw_get_and_close);
  const auto first = replies.find("POST /1  ab");
  const auto second = replies.find("PUT /2  c");
  const auto last = replies.find("GET /a b ");
  CHECK(first < second);
  CHECK(second < last);
  CHECK(last != std::string::npos);
  CHECK_FALSE(has(replies, "HEAD /3"));
  CHECK(has(replies, "content-length: 9\r\nconnection: keep-alive\r\n\r\nHTTP/1.1"));
  CHECK(echo.peers[0].port == echo.peers[3].port);
}

TEST_CASE("a smuggled request reaches no handler and ends the connection") {
  Net net;
  EchoHandler echo;
  Serving serving{net, {}, echo.handler()};
  const std::string inner = "GET /inner HTTP/1.1\r\nHost: x\r\n\r\n";
  for (const std::string& framing : {
           std::string{"Content-Length: 30\r\nTransfer-Encoding: chunked\r\n"},
           std::string{"Transfer-Encoding: chunked\r\nContent-Length: 30\r\n"},
           std::string{"Content-Length: 0\r\nContent-Length: 30\r\n"},
           std::string{"Transfer-Encoding: xchunked\r\n"},
           std::string{"Transfer-Encoding:\r\n chunked\r\n"},
           std::string{"Content-Length : 30\r\n"},
       }) {
    RawClient client{net, serving.port()};
    const std::string reply =
        client.ask("POST / HTTP/1.1\r\nHost: x\r\n" + framing + "\r\n0\r\n\r\n" + inner);
    CAPTURE(framing);
    CHECK(reply ==
          "HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\n"
          "content-length: 14\r\nconnection: close\r\n\r\n{\"status\":400}");
  }
  CHECK(echo.requests.empty());
}

TEST_CASE("what is too long is refused by its own status") {
  Net net;
  EchoHandler echo;
  HttpServerOptions options;
  options.header_bytes_max = 1000;
  options.header_count_max = 10;
  options.body_bytes_max = 10;
  options.body_bytes_max_for = [](const HttpRequest& request) -> std::size_t {
    return request.path == "/media" ? 20 : 10;
  };
  Serving serving{net, options, echo.handler()};
  const auto ask = [&](const std::string& octets) {
    return RawClient{net, serving.port()}.ask(octets);
  };
  CHECK(starts(ask("GET /" + std::string(2000, 'a')), "HTTP/1.1 431 "));
  std::string many = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 10; ++i) many += "X: y\r\n";
  CHECK(starts(ask(many + "\r\n"), "HTTP/1.1 431 "));
  // Not an octet of the body is waited for.
  CHECK(starts(ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n"), "HTTP/1.1 413 "));
  CHECK(starts(ask("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nabc"),
               "HTTP/1.1 413 "));
  CHECK(starts(ask("POST /media HTTP/1.1\r\nHost: x\r\nContent-Length: 21\r\n\r\n"),
               "HTTP/1.1 413 "));
  CHECK(echo.requests.empty());
  CHECK(starts(ask("POST /media HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                   "Content-Length: 20\r\n\r\n01234567890123456789"),
               "HTTP/1.1 200 "));
}

TEST_CASE("a client that waits for 100 gets it before the body, or the refusal instead") {
  Net net;
  EchoHandler echo;
  HttpServerOptions options;
  options.body_bytes_max = 10;
  Serving serving{net, options, echo.handler()};
  const std::string post = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";

  RawClient client{net, serving.port()};
  client.say(post + "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  CHECK(client.hear_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(has(client.ask("abc"), "POST /  abc"));

  RawClient large{net, serving.port()};
  CHECK(starts(large.ask(post + "Expect: 100-continue\r\nContent-Length: 11\r\n\r\n"),
               "HTTP/1.1 413 "));
  RawClient odd{net, serving.port()};
  CHECK(starts(odd.ask(post + "Expect: tea\r\nContent-Length: 1\r\n\r\n"), "HTTP/1.1 417 "));
  CHECK(echo.requests.size() == 1);
}

TEST_CASE("an HTTP/1.0 client is answered and closed") {
  Net net;
  EchoHandler echo;
  Serving serving{net, {}, echo.handler()};
  RawClient client{net, serving.port()};
  CHECK(has(client.ask("GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
            "connection: close\r\n\r\nGET /old"));
}

TEST_CASE("slow clients are cut off in every phase") {
  Net net;
  EchoHandler echo;
  Serving serving{net, quick(), echo.handler()};
  RawClient silent{net, serving.port()};
  CHECK(silent.hear_all().empty());
  RawClient slow_head{net, serving.port()};
  CHECK(starts(slow_head.ask("GET / HTTP/1.1\r\nHost:"), "HTTP/1.1 408 "));
  RawClient slow_body{net, serving.port()};
  CHECK(starts(slow_body.ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab"),
               "HTTP/1.1 408 "));
  CHECK(echo.requests.empty());
  RawClient idle{net, serving.port()};
  const std::string reply = idle.ask(raw_get);  // Returns because the server hangs up.
  CHECK(starts(reply, "HTTP/1.1 200 "));
  CHECK(net.until([&] { return serving.server().connections() == 0; }));
}

TEST_CASE("dripping one octet at a time does not prolong the time for the headers") {
  Net net;
  EchoHandler echo;
  Serving serving{net, quick(), echo.handler()};
  RawClient client{net, serving.port()};
  client.say("GET / HTTP/1.1\r\nX: ");
  bool is_open = true;
  for (int i = 0; i < 200 && is_open; ++i) {
    is_open = client.say("a") && serving.server().connections() == 1;
    net.until([&, end = std::chrono::steady_clock::now() + 20ms] {
      return std::chrono::steady_clock::now() > end;
    });
  }
  CHECK_FALSE(is_open);
  CHECK(echo.requests.empty());
}

TEST_CASE("a client that does not read its reply is cut off") {
  Net net;
  Serving serving{net, quick(), [](HttpRequest, PeerInfo) {
                    return reply_with(make_reply(200, Bytes(64 * 1024 * 1024, 'a')));
                  }};
  RawClient client{net, serving.port()};
  client.say(raw_get);
  REQUIRE(net.until([&] { return serving.server().connections() == 1; }));
  CHECK(net.until([&] { return serving.server().connections() == 0; }));
}

TEST_CASE("a connection over the limit is closed at once, and others go on") {
  Net net;
  EchoHandler echo;
  HttpServerOptions options;
  SECTION("in all") {
    options.connections_max = 2;
  }
  SECTION("for one address") {
    options.connections_per_address_max = 2;
  }
  Serving serving{net, options, echo.handler()};
  RawClient first{net, serving.port()};
  RawClient second{net, serving.port()};
  REQUIRE(net.until([&] { return serving.server().connections() == 2; }));
  RawClient third{net, serving.port()};
  CHECK(third.hear_all().empty());
  CHECK(serving.server().connections() == 2);
  CHECK(starts(first.ask(raw_get_and_close), "HTTP/1.1 200 "));
  CHECK(net.until([&] { return serving.server().connections() == 1; }));
  RawClient fourth{net, serving.port()};
  CHECK(starts(fourth.ask(raw_get_and_close), "HTTP/1.1 200 "));
}

asio::awaitable<HttpReply> fail_loudly() {
  throw std::runtime_error{"secret of the house"};
  co_return HttpReply{};
}

TEST_CASE("a handler that throws, or whose reply is not HTTP, becomes a bare 500") {
  Net net;
  const auto handler = [](HttpRequest request, PeerInfo) -> asio::awaitable<HttpReply> {
    if (request.path == "/throw") return fail_loudly();
    HttpReply reply = make_reply(200, "secret");
    reply.headers.list.push_back({"x", "a\r\nset-cookie: b"});
    if (request.path == "/name") reply.headers.list.back() = {"x y", "a"};
    if (request.path == "/status") reply = make_reply(100, "secret");
    return reply_with(std::move(reply));
  };
  Serving serving{net, {}, handler};
  for (const std::string path : {"/throw", "/value", "/name", "/status"}) {
    RawClient client{net, serving.port()};
    const auto reply =
        client.ask("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    CAPTURE(path, reply);
    CHECK(starts(reply, "HTTP/1.1 500 "));
    CHECK(has(reply, "\r\n\r\n{\"status\":500}"));
    CHECK_FALSE(has(reply, "secret"));
    CHECK_FALSE(has(reply, "cookie"));
  }
  CHECK(net.log.sentences.size() == 4);
}

TEST_CASE("the server alone says where a reply ends") {
  Net net;
  Serving serving{net, {}, [](HttpRequest, PeerInfo) {
                    HttpReply reply = make_reply(200, "abc");
                    reply.headers.list.push_back({"content-length", "1"});
                    reply.headers.list.push_back({"transfer-encoding", "chunked"});
                    reply.headers.list.push_back({"connection", "keep-alive"});
                    return reply_with(std::move(reply));
                  }};
  RawClient client{net, serving.port()};
  CHECK(client.ask(raw_get_and_close) ==
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 3\r\n"
        "connection: close\r\n\r\nabc");
}

asio::awaitable<HttpReply> reply_after(asio::steady_timer& gate, bool& has_begun) {
  has_begun = true;
  (void)co_await gate.async_wait(token);
  co_return make_reply(200, "late but whole");
}

TEST_CASE("stop finishes the request in flight, closes the idle and takes no more") {
  Net net;
  asio::steady_timer gate{net.io, asio::steady_timer::time_point::max()};
  bool has_begun = false;
  Serving serving{net, {}, [&](HttpRequest, PeerInfo) { return reply_after(gate, has_begun); }};
  const auto port = serving.port();
  RawClient idle{net, port};
  RawClient busy{net, port};
  busy.say(raw_get);
  REQUIRE(net.until([&] { return has_begun && serving.server().connections() == 2; }));
  const auto stopping = net.start(keep_result_of_void(serving.stop(10s)));
  CHECK(idle.hear_all().empty());
  CHECK_FALSE(stopping->is_done);
  CHECK_THROWS(RawClient(net, port));
  gate.cancel();
  const std::string reply = busy.hear_all();
  CHECK(has(reply, "connection: close\r\n\r\nlate but whole"));
  net.finish(stopping);
  CHECK(serving.server().connections() == 0);
}

TEST_CASE("stop cancels a handler that does not end within the grace") {
  Net net;
  asio::steady_timer gate{net.io, asio::steady_timer::time_point::max()};
  bool has_begun = false;
  Serving serving{net, {}, [&](HttpRequest, PeerInfo) { return reply_after(gate, has_begun); }};
  RawClient client{net, serving.port()};
  client.say(raw_get);
  REQUIRE(net.until([&] { return has_begun; }));
  net.wait(serving.stop(50ms));
  CHECK(serving.server().connections() == 0);
  CHECK(client.hear_all().empty());
}

}  // namespace
}  // namespace cpc::federation::test
