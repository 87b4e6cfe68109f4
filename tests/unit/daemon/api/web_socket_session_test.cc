// graphql-transport-ws from the daemon's side, over a WebSocket that is a list of messages.

#include <boost/asio/steady_timer.hpp>
#include <catch2/catch.hpp>
#include <deque>

#include "daemon/api/ids.h"
#include "tests/unit/daemon/api/desk.h"

namespace cpc::api {
namespace {

/// The client's end. It outlives the daemon's, which refers to it.
struct Client {
  explicit Client(asio::io_context& io) : bell(io, asio::steady_timer::time_point::max()) {}

  void say(const json& message) {
    says.push_back(message.dump());
    bell.cancel();
  }
  void hang_up() {
    is_gone = true;
    bell.cancel();
  }
  [[nodiscard]] std::size_t count(std::string_view type) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        heard, [&](const json& message) { return message.at("type") == type; }));
  }

  std::deque<std::string> says;
  std::vector<json> heard;
  std::uint16_t closed_with = 0;
  bool is_gone = false;
  asio::steady_timer bell;
};

class ListedSocket final : public federation::WebSocket {
 public:
  explicit ListedSocket(Client& client) : client_(client) {}

  asio::awaitable<Result<std::string>> receive() override {
    while (client_.says.empty() && !client_.is_gone) {
      co_await client_.bell.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    if (client_.says.empty()) co_return fail(ErrorCode::unavailable, "gone");
    std::string text = std::move(client_.says.front());
    client_.says.pop_front();
    co_return text;
  }
  asio::awaitable<Result<>> send(std::string text) override {
    client_.heard.push_back(json::parse(text));
    co_await asio::post(asio::as_tuple(asio::use_awaitable));
    co_return success();
  }
  asio::awaitable<void> close(std::uint16_t code, std::string_view) override {
    client_.closed_with = code;
    client_.hang_up();
    co_return;
  }
  [[nodiscard]] std::uint16_t closed_with() const override { return 0; }
  [[nodiscard]] const federation::PeerInfo& peer() const override { return peer_; }
  [[nodiscard]] const std::string& subprotocol() const override { return subprotocol_; }

 private:
  Client& client_;
  federation::PeerInfo peer_;
  std::string subprotocol_ = "graphql-transport-ws";
};

json subscribe(const std::string& id, const std::string& document) {
  return {{"type", "subscribe"}, {"id", id}, {"payload", {{"query", document}}}};
}
json complete(const std::string& id) {
  return {{"type", "complete"}, {"id", id}};
}
const std::string events = "subscription { events { cursor } }";

/// Anna's client, acknowledged.
struct Scene {
  Desk desk;
  Client client{desk.io};
  bool is_over = false;

  Scene() {
    desk.alpha.add_person("anna");
    auto socket = std::make_unique<ListedSocket>(client);
    asio::co_spawn(desk.io, desk.server.serve({}, std::move(socket)),
                   [this](const std::exception_ptr& thrown) {
                     is_over = true;
                     if (thrown) std::rethrow_exception(thrown);
                   });
    client.say({{"type", "connection_init"},
                {"payload", {{"authorization", "bearer " + desk.token_of("anna")}}}});
    settle();
    REQUIRE(client.count("connection_ack") == 1);
  }
  ~Scene() {
    client.hang_up();
    settle();
    CHECK(is_over);
  }
  void settle() { desk.timers.settle(); }
  void say(const json& message) {
    client.say(message);
    settle();
  }
  void let_something_happen() {
    core::Moment at = desk.alpha.moment();
    const auto rules = [&](core::Transaction& tx) {
      return core::set_federation_opt_in(
          tx, desk.alpha.home(), at, "anna",
          tests::instance_name("i" + std::to_string(++happened_) + ".cpc"), true);
    };
    REQUIRE(desk.run(desk.gate.transact({}, rules)));
    settle();
  }

 private:
  int happened_ = 0;
};

}  // namespace

TEST_CASE("a query is answered and completed") {
  Scene s;
  s.say(subscribe("1", "{ me { address } }"));
  REQUIRE(s.client.heard.size() == 3);
  CHECK(s.client.heard[1].at("payload").at("data").at("me").at("address") == "anna@alpha.cpc");
  CHECK(s.client.heard[2] == json{{"id", "1"}, {"type", "complete"}});
}

TEST_CASE("what the client has completed is not completed again, and its id is free") {
  Scene s;
  s.say(subscribe("1", events));
  const std::size_t seen = s.client.count("next");
  CHECK(seen > 0);
  s.say(complete("1"));
  CHECK(s.client.count("complete") == 0);
  s.let_something_happen();
  CHECK(s.client.count("next") == seen);
  // Completed and begun again before anything could wind down.
  s.client.say(subscribe("1", events));
  s.client.say(complete("1"));
  s.say(subscribe("1", events));
  CHECK(s.client.closed_with == 0);
  CHECK(s.client.count("complete") == 0);
  const std::size_t before = s.client.count("next");
  s.let_something_happen();
  CHECK(s.client.count("next") == before + 1);
  s.say(subscribe("1", events));
  CHECK(s.client.closed_with == 4409);
}

TEST_CASE("operations that are completed at once count until they have wound down") {
  Scene s;
  for (int i = 0; i < 40; ++i) {
    s.client.say(subscribe(std::to_string(i), "{ me { id } }"));
    s.client.say(complete(std::to_string(i)));
  }
  s.settle();
  CHECK(s.client.closed_with == 0);
  CHECK(s.client.count("complete") == 0);
  for (int i = 0; i < 33; ++i) s.say(subscribe("s" + std::to_string(i), events));
  CHECK(s.client.count("error") == 1);
}

TEST_CASE("a stream goes on from a cursor that was just given, and from none of a lost future") {
  Scene s;
  const std::string annas = "anna";
  const CursorOwner owner{s.desk.alpha.home(), annas};
  const auto from = [](const std::string& cursor) {
    return "subscription { events(after: \"" + cursor + "\") { cursor } }";
  };
  s.say(subscribe("now", from(change_cursor(owner, s.desk.last_n()))));
  CHECK(s.client.count("next") == 0);
  s.let_something_happen();
  REQUIRE(s.client.count("next") == 1);
  const json event = s.client.heard.back().at("payload").at("data").at("events");
  CHECK(event.at("cursor") == change_cursor(owner, s.desk.last_n()));

  s.say(subscribe("future", from(change_cursor(owner, s.desk.last_n() + 1))));
  const json refused = s.client.heard.back();
  CHECK(refused.at("type") == "error");
  CHECK(refused.at("payload").at(0).at("extensions").at("code") == "CURSOR_EXPIRED");
}

TEST_CASE("a store that fails closes with try again, not with forbidden") {
  Scene s;
  s.desk.gate.failure = fail(ErrorCode::unavailable, "the disk is gone");
  s.say(subscribe("1", "{ me { id } }"));
  CHECK(s.client.closed_with == 1013);
}

TEST_CASE("events that cannot be read leave a line for the operator") {
  Scene s;
  s.say(subscribe("1", events));
  s.desk.gate.failure = fail(ErrorCode::internal, "the reason");
  s.desk.wake_ups.dispatch([] {
    core::Committed committed;
    committed.touched.accounts["anna"].everything = true;
    return committed;
  }());
  s.settle();
  CHECK(s.client.heard.back().at("type") == "complete");
  REQUIRE(s.desk.log.lines.size() == 1);
  CHECK(s.desk.log.lines[0].value("reason") == "the reason");
}

}  // namespace cpc::api
