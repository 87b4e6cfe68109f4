#include "federation/web_socket.h"

#include <cstdint>
#include <string>
#include <vector>

#include "tests/unit/federation_net/frames.h"

namespace cpc::federation::test {
namespace {

const std::string upgrade =
    "GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Origin: https://app.example\r\n";
const std::string with_protocol = upgrade + "Sec-WebSocket-Protocol: other, chat.v1\r\n\r\n";

/// What the daemon's side of a WebSocket saw.
struct Seen {
  std::vector<std::string> messages;
  std::vector<ErrorCode> failures;
  std::uint16_t closed_with = 0;
  std::string subprotocol;
  std::string origin;
  std::string address;
  int ended = 0;
};

asio::awaitable<void> echo_all(HttpRequest request, std::unique_ptr<WebSocket> socket, Seen& seen) {
  seen.subprotocol = socket->subprotocol();
  seen.origin = request.headers.find("origin").value_or("");
  seen.address = socket->peer().address;
  for (;;) {
    const auto message = co_await socket->receive();
    if (!message) {
      seen.failures.push_back(message.error().code);
      break;
    }
    seen.messages.push_back(message.value());
    const auto sent = co_await socket->send("echo " + message.value());
    if (!sent) seen.failures.push_back(sent.error().code);
  }
  seen.closed_with = socket->closed_with();
  ++seen.ended;
}

HttpServerOptions options_for(
    std::function<asio::awaitable<void>(HttpRequest, std::unique_ptr<WebSocket>)> run,
    WebSocketLimits limits = {}) {
  HttpServerOptions options;
  options.take_upgrade = [](const HttpRequest& request,
                            const PeerInfo&) -> std::optional<std::string> {
    const auto offered = request.headers.find("sec-websocket-protocol");
    if (request.path != "/graphql" || !offered) return std::nullopt;
    if (offered->find("chat.v1") == std::string_view::npos && *offered != "trick") {
      return std::nullopt;
    }
    return "chat.v1";
  };
  options.upgrade = std::move(run);
  options.web_socket = limits;
  return options;
}

/// A server that echoes, and one client that has been let in.
struct Room {
  explicit Room(WebSocketLimits limits = {}, const std::string& request = with_protocol)
      : serving(net,
                options_for(
                    [this](HttpRequest asked, std::unique_ptr<WebSocket> socket) {
                      return echo_all(std::move(asked), std::move(socket), seen);
                    },
                    limits),
                refused.handler()),
        client(net, serving.port()) {
    client.say(request);
    greeting = client.hear_until("\r\n\r\n");
  }
  bool ends() {
    return net.until([&] { return seen.ended == 1; });
  }

  Net net;
  Seen seen;
  EchoHandler refused;
  Serving serving;
  RawClient client;
  std::string greeting;
};

TEST_CASE("an upgrade is agreed on, and text goes both ways") {
  Room room;
  CHECK(room.greeting.find("HTTP/1.1 101 ") == 0);
  CHECK(room.greeting.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") !=
        std::string::npos);
  CHECK(room.greeting.find("Sec-WebSocket-Protocol: chat.v1\r\n") != std::string::npos);
  CHECK(room.greeting.find("Beast") == std::string::npos);
  room.client.say(frame(text, "one") + frame(text, "tw", false) + frame(ping, "p") +
                  frame(continuation, "o"));
  CHECK(hear_frame(room.client).payload == "echo one");
  const Frame answered = hear_frame(room.client);
  CHECK(answered.opcode == pong);
  CHECK(answered.payload == "p");
  const Frame echoed = hear_frame(room.client);
  CHECK(echoed.opcode == text);
  CHECK(echoed.payload == "echo two");
  const std::string large(200'000, 'a');
  room.client.say(frame(text, large));
  CHECK(hear_frame(room.client).payload == "echo " + large);
  CHECK(room.seen.subprotocol == "chat.v1");
  CHECK(room.seen.origin == "https://app.example");
  CHECK(room.seen.address == "127.0.0.1");
}

TEST_CASE("compression is never agreed on") {
  Room room{{},
            upgrade +
                "Sec-WebSocket-Protocol: chat.v1\r\n"
                "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"};
  CHECK(room.greeting.find("HTTP/1.1 101 ") == 0);
  CHECK(room.greeting.find("Extensions") == std::string::npos);
}

TEST_CASE("an upgrade that the daemon does not take is answered by the handler") {
  for (const std::string& request : {
           upgrade + "Sec-WebSocket-Protocol: other\r\n\r\n",
           upgrade + "\r\n",
           "GET /x" + with_protocol.substr(12),
       }) {
    Room room{{}, request};
    CHECK(room.greeting.find("HTTP/1.1 200 ") == 0);
    CHECK(room.refused.requests.size() == 1);
  }
  // And what is no WebSocket request is not even asked about.
  Room room{{}, "POST" + with_protocol.substr(3)};
  CHECK(room.greeting.find("HTTP/1.1 200 ") == 0);
}

TEST_CASE("a half-baked or impatient upgrade is refused") {
  const auto greeting_of = [](const std::string& request) { return Room{{}, request}.greeting; };
  CHECK(greeting_of(upgrade + "Sec-WebSocket-Protocol: trick\r\n\r\n").find("HTTP/1.1 400 ") == 0);
  CHECK(greeting_of(with_protocol + frame(text, "early")).find("HTTP/1.1 400 ") == 0);
  std::string no_key = with_protocol;
  no_key.replace(no_key.find("Sec-WebSocket-Key"), 17, "Sec-WebSocket-Kee");
  CHECK(greeting_of(no_key).find("HTTP/1.1 400 ") == 0);
}

TEST_CASE("what is against the rules closes with its code") {
  WebSocketLimits limits;
  limits.message_bytes_max = 1000;
  struct Case {
    std::string octets;
    int close_code;
    ErrorCode failure;
  };
  const std::vector<Case> cases{
      {frame(text, std::string(1001, 'a')), close_code::too_big, ErrorCode::too_large},
      {frame(text, std::string(600, 'a'), false) + frame(continuation, std::string(600, 'a')),
       close_code::too_big, ErrorCode::too_large},
      {frame(text, "\xff"), close_code::bad_payload, ErrorCode::invalid},
      {frame(text, "\xed\xa0\x80"), close_code::bad_payload, ErrorCode::invalid},
      {frame(binary, "a"), close_code::not_text, ErrorCode::invalid},
      {frame(text, "a", true, false), close_code::protocol_error, ErrorCode::invalid},
      {frame(3, "a"), close_code::protocol_error, ErrorCode::invalid},
      {frame(text | 0x40, "a"), close_code::protocol_error, ErrorCode::invalid},
      {frame(continuation, "a"), close_code::protocol_error, ErrorCode::invalid},
      {frame(ping, std::string(126, 'a')), close_code::protocol_error, ErrorCode::invalid},
  };
  for (const auto& wrong : cases) {
    Room room{limits};
    room.client.say(wrong.octets);
    CAPTURE(wrong.octets.substr(0, 20));
    CHECK(code_in(hear_frame(room.client)) == wrong.close_code);
    room.client.say(frame(close_frame, close_payload(wrong.close_code)));
    CHECK(hear_frame(room.client).opcode == -1);
    REQUIRE(room.ends());
    CHECK(room.seen.failures == std::vector{wrong.failure});
    CHECK(room.seen.messages.empty());
  }
}

TEST_CASE("a message of the largest size passes") {
  WebSocketLimits limits;
  limits.message_bytes_max = 1000;
  Room room{limits};
  room.client.say(frame(text, std::string(1000, 'a')));
  CHECK(hear_frame(room.client).payload.size() == 1005);
}

TEST_CASE("a client that closes is answered, and its code is known") {
  {
    Room room;
    room.client.say(frame(close_frame, close_payload(4001, "bye")));
    CHECK(code_in(hear_frame(room.client)) == 4001);
    CHECK(hear_frame(room.client).opcode == -1);
    REQUIRE(room.ends());
    CHECK(room.seen.closed_with == 4001);
    CHECK(room.seen.failures == std::vector{ErrorCode::unavailable});
  }
  Room room;
  room.client.say(frame(close_frame, {}));
  REQUIRE(room.ends());
  CHECK(room.seen.closed_with == 1005);
}

TEST_CASE("a silent client is pinged, kept if it answers and cut off if it does not") {
  WebSocketLimits limits;
  limits.idle_timeout = 400ms;
  Room room{limits};
  for (int round = 0; round < 4; ++round) {
    CHECK(hear_frame(room.client).opcode == ping);
    room.client.say(frame(pong, {}));
  }
  CHECK(room.seen.ended == 0);
  CHECK(hear_frame(room.client).opcode == ping);
  CHECK(hear_frame(room.client).opcode == -1);
  REQUIRE(room.ends());
  CHECK(room.seen.failures == std::vector{ErrorCode::unavailable});
  CHECK(room.seen.closed_with == 0);
}

TEST_CASE("stopping the server tells WebSockets to come back") {
  Room room;
  const auto stopping = room.net.start(keep_result_of_void(room.serving.stop(10s)));
  CHECK(code_in(hear_frame(room.client)) == close_code::service_restart);
  room.client.say(frame(close_frame, close_payload(close_code::service_restart)));
  room.client.socket().shutdown(RawClient::Socket::shutdown_send);
  room.net.finish(stopping);
  CHECK(room.seen.ended == 1);
  CHECK(room.seen.failures == std::vector{ErrorCode::unavailable});
}

asio::awaitable<bool> send_one(WebSocket& socket, std::string message,
                               std::vector<Result<>>& results) {
  results.push_back(co_await socket.send(std::move(message)));
  co_return true;
}

asio::awaitable<void> hand_over(std::unique_ptr<WebSocket> socket,
                                std::unique_ptr<WebSocket>& taken, asio::steady_timer& gate) {
  taken = std::move(socket);
  (void)co_await gate.async_wait(token);
  taken.reset();
}

/// A client that has been let in, and the daemon's end of its WebSocket in the test's hand.
struct Held {
  explicit Held(WebSocketLimits limits)
      : serving(net,
                options_for(
                    [this](HttpRequest, std::unique_ptr<WebSocket> made) {
                      return hand_over(std::move(made), socket, gate);
                    },
                    limits),
                refused.handler()),
        client(net, serving.port()) {
    client.say(with_protocol);
    client.hear_until("\r\n\r\n");
    REQUIRE(net.until([&] { return socket != nullptr; }));
  }
  ~Held() { gate.cancel(); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  Net net;
  asio::steady_timer gate{net.io, asio::steady_timer::time_point::max()};
  std::unique_ptr<WebSocket> socket;
  EchoHandler refused;
  Serving serving;
  RawClient client;
};

TEST_CASE("sends wait for a slow reader, keep their order, and receive goes on meanwhile") {
  WebSocketLimits limits;
  limits.send_bytes_max = 64 * 1024 * 1024;
  Held held{limits};
  constexpr int count = 20;
  std::vector<Result<>> results;
  std::vector<std::shared_ptr<Started<bool>>> sends;
  for (int i = 0; i < count; ++i) {
    const std::string message = std::to_string(i) + ':' + std::string(1024 * 1024, 'a');
    sends.push_back(held.net.start(send_one(*held.socket, message, results)));
  }
  held.client.say(frame(text, "in between"));
  const auto received = held.net.wait(held.socket->receive());
  REQUIRE(received);
  CHECK(received.value() == "in between");
  CHECK(results.size() < count);  // The rest waits for the client.
  for (int i = 0; i < count; ++i) {
    const Frame heard = hear_frame(held.client);
    CHECK(heard.payload.substr(0, heard.payload.find(':')) == std::to_string(i));
  }
  for (const auto& send : sends) held.net.finish(send);
  for (const auto& result : results) CHECK(result.has_value());
}

TEST_CASE("a client that does not keep up is closed with 1013 and sends fail") {
  WebSocketLimits limits;
  limits.send_bytes_max = 20 * 1024 * 1024;
  Held held{limits};
  std::vector<Result<>> results;
  std::vector<std::shared_ptr<Started<bool>>> sends;
  // One that is being written, 21 that wait behind it: one more is too many.
  for (int i = 0; i < 23; ++i) {
    sends.push_back(held.net.start(send_one(*held.socket, std::string(1024 * 1024, 'a'), results)));
  }
  REQUIRE(held.net.until([&] { return results.size() >= 15; }));
  // What was being written goes out; then the client hears why.
  Frame heard = hear_frame(held.client);
  int whole = 0;
  for (; heard.opcode == text; heard = hear_frame(held.client)) ++whole;
  CHECK(code_in(heard) == close_code::try_again_later);
  held.client.say(frame(close_frame, close_payload(close_code::try_again_later)));
  for (const auto& send : sends) held.net.finish(send);
  int delivered = 0;
  int too_large = 0;
  for (const auto& result : results) {
    delivered += result.has_value() ? 1 : 0;
    too_large += !result && result.error().code == ErrorCode::too_large ? 1 : 0;
  }
  CHECK(delivered == whole);
  CHECK(too_large == 1);
  const auto later = held.net.wait(held.socket->send("more"));
  REQUIRE_FALSE(later);
  CHECK(later.error().code == ErrorCode::unavailable);
}

TEST_CASE("a single message may be larger than all that may wait") {
  WebSocketLimits limits;
  limits.send_bytes_max = 1000;
  Held held{limits};
  std::vector<Result<>> results;
  std::vector<std::shared_ptr<Started<bool>>> sends;
  for (const std::size_t size : {5'000'000U, 500U, 3'000'000U}) {
    sends.push_back(held.net.start(send_one(*held.socket, std::string(size, 'a'), results)));
  }
  for (const std::size_t size : {5'000'000U, 500U, 3'000'000U}) {
    CHECK(hear_frame(held.client).payload.size() == size);
  }
  for (const auto& send : sends) held.net.finish(send);
  for (const auto& result : results) CHECK(result.has_value());
}

TEST_CASE("a client that takes nothing for too long is cut off") {
  WebSocketLimits limits;
  limits.send_bytes_max = 64 * 1024 * 1024;
  limits.write_timeout = 200ms;
  Held held{limits};
  const auto sent = held.net.wait(held.socket->send(std::string(32 * 1024 * 1024, 'a')));
  REQUIRE_FALSE(sent);
  CHECK(sent.error().code == ErrorCode::unavailable);
  const auto received = held.net.wait(held.socket->receive());
  REQUIRE_FALSE(received);
  CHECK(received.error().code == ErrorCode::unavailable);
}

TEST_CASE("close tells why, ends a receive that waits, and does not wait for ever") {
  WebSocketLimits limits;
  limits.close_timeout = 200ms;
  Held held{limits};
  const auto receiving = held.net.start(held.socket->receive());
  held.net.wait(held.socket->close(close_code::policy, std::string(200, 'r')));
  const Frame heard = hear_frame(held.client);
  CHECK(code_in(heard) == close_code::policy);
  CHECK(heard.payload.size() == 2 + close_reason_bytes_max);
  const auto received = held.net.finish(receiving);
  REQUIRE_FALSE(received);
  CHECK(received.error().code == ErrorCode::unavailable);
  held.net.wait(held.socket->close(close_code::policy, {}));
}

TEST_CASE("close does not wait for a message that the client does not take") {
  WebSocketLimits limits;
  limits.send_bytes_max = 64 * 1024 * 1024;
  limits.close_timeout = 200ms;
  Held held{limits};
  const auto sending = held.net.start(held.socket->send(std::string(32 * 1024 * 1024, 'a')));
  held.net.until([&, turns = 0]() mutable { return ++turns > 3; });
  REQUIRE_FALSE(sending->is_done);
  held.net.wait(held.socket->close(close_code::policy, {}));
  CHECK_FALSE(held.net.finish(sending).has_value());
}

}  // namespace
}  // namespace cpc::federation::test
