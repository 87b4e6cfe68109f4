#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>
#include <deque>

#include "tests/unit/daemon/graphql/run.h"

namespace cpc::graphql {
namespace {

using boost::asio::awaitable;

struct Kennel {
  std::deque<Outcome> events;
  bool throws_at_end = false;
  int closed = 0;
  Json args;
};

class KennelEvents : public EventSource {
 public:
  explicit KennelEvents(Kennel& kennel) : kennel_(kennel) {}
  awaitable<std::optional<Outcome>> next() override {
    co_await boost::asio::post(co_await boost::asio::this_coro::executor,
                               boost::asio::use_awaitable);
    if (kennel_.events.empty() && kennel_.throws_at_end) throw std::runtime_error{"lost"};
    if (kennel_.events.empty() || kennel_.closed > 0) co_return std::nullopt;
    Outcome event = kennel_.events.front();
    kennel_.events.pop_front();
    co_return event;
  }
  void close() override { ++kennel_.closed; }

 private:
  Kennel& kennel_;
};

awaitable<SourceOutcome> open_barked(FieldCall call) {
  auto& kennel = call.request.context<Kennel>();
  kennel.args = call.args;
  co_return std::make_unique<KennelEvents>(kennel);
}
awaitable<SourceOutcome> open_refused(FieldCall) {
  co_return FieldError{"too many streams", "RATE_LIMITED"};
}
awaitable<SourceOutcome> open_throwing(FieldCall) {
  throw std::runtime_error{"secret"};
  co_return FieldError{"", ""};
}
awaitable<Outcome> nothing(FieldCall) {
  co_return Json{};
}
awaitable<Outcome> twice(FieldCall call) {
  co_return Json(call.parent.get<int>() * 2);
}

std::unique_ptr<Engine> kennel_engine(Log* log = nullptr) {
  Setup setup;
  setup.sdl = R"(type Query {a: Int} type Dog {name: String! age: Int}
    type Subscription {
      barked(loud: Boolean = true): Dog must: Dog! doubled: Int refused: Int throws: Int
    })";
  setup.log = log;
  auto engine = std::move(Engine::build(std::move(setup))).value();
  engine->resolve("Query", "a", nothing);
  engine->resolve("Subscription", "doubled", twice);
  engine->stream("barked", open_barked);
  engine->stream("must", open_barked);
  engine->stream("doubled", open_barked);
  engine->stream("refused", open_refused);
  engine->stream("throws", open_throwing);
  if (const auto checked = engine->check(); !checked)
    throw std::runtime_error{checked.error().detail};
  return engine;
}

awaitable<std::string> all_of(const Engine& engine, std::string text, Kennel& kennel) {
  const auto prepared = engine.prepare({text, "", {}, false});
  if (!prepared) co_return to_text(prepared.error().answer());
  auto stream = co_await engine.subscribe(prepared.value(), Request{kennel});
  if (!stream) co_return to_text(stream.error().answer());
  std::string all;
  for (;;) {
    const std::optional<Answer> answer = co_await stream.value()->next();
    if (!answer) co_return all;
    all += to_text(*answer) + "\n";
  }
}

}  // namespace

TEST_CASE("each event is answered with the selection of the subscription") {
  const auto engine = kennel_engine();
  Kennel kennel;
  kennel.events = {Json{{"name", "Rex"}, {"age", 3}}, Json{{"name", "Ida"}}, Json{}};
  CHECK(run(all_of(*engine, "subscription {d: barked {age name}}", kennel)) ==
        "{\"data\":{\"d\":{\"age\":3,\"name\":\"Rex\"}}}\n"
        "{\"data\":{\"d\":{\"age\":null,\"name\":\"Ida\"}}}\n"
        "{\"data\":{\"d\":null}}\n");
  CHECK(kennel.args == Json{{"loud", true}});
}

TEST_CASE("an event that fails does not end its stream") {
  const auto engine = kennel_engine();
  Kennel kennel;
  kennel.events = {FieldError{"gap", "LAGGED"}, Json{{"age", 1}}, Json{{"name", "Ida"}}};
  CHECK(run(all_of(*engine, "subscription {barked {name}}", kennel)) ==
        R"({"errors":[{"message":"gap","locations":[{"line":1,"column":15}],"path":["barked"],)"
        R"("extensions":{"code":"LAGGED"}}],"data":{"barked":null}})"
        "\n"
        R"({"errors":[{"message":"something went wrong here","locations":[{"line":1,"column":23}],)"
        R"("path":["barked","name"],"extensions":{"code":"INTERNAL"}}],"data":{"barked":null}})"
        "\n"
        R"({"data":{"barked":{"name":"Ida"}}})"
        "\n");
  kennel.events = {Json{}, Json{{"name", "Ida"}}};
  CHECK(run(all_of(*engine, "subscription {must {name}}", kennel))
            .find("\"data\":null}\n{\"data\":{") != std::string::npos);
}

TEST_CASE("a resolver of a subscription field works on each event") {
  const auto engine = kennel_engine();
  Kennel kennel;
  kennel.events = {Json(2), Json(5)};
  CHECK(run(all_of(*engine, "subscription {doubled}", kennel)) ==
        "{\"data\":{\"doubled\":4}}\n{\"data\":{\"doubled\":10}}\n");
}

TEST_CASE("a subscription that cannot be opened is refused without data") {
  TestLog log;
  const auto engine = kennel_engine(&log);
  Kennel kennel;
  CHECK(run(all_of(*engine, "subscription {refused}", kennel)) ==
        R"({"errors":[{"message":"too many streams","locations":[{"line":1,"column":15}],)"
        R"("path":["refused"],"extensions":{"code":"RATE_LIMITED"}}]})");
  CHECK(run(all_of(*engine, "subscription {throws}", kennel)).find("INTERNAL") !=
        std::string::npos);
  CHECK(log.errors == "a subscription source threw field=throws reason=secret\n");
  CHECK(run(all_of(*engine, "{a}", kennel)).find("OPERATION_RESOLUTION_FAILURE") !=
        std::string::npos);
  CHECK(run(all_of(*engine, "subscription {refused @skip(if: true)}", kennel))
            .starts_with("{\"errors\""));
}

TEST_CASE("events that throw have ended") {
  TestLog log;
  const auto engine = kennel_engine(&log);
  Kennel kennel;
  kennel.events = {Json{{"name", "Rex"}}};
  kennel.throws_at_end = true;
  CHECK(run(all_of(*engine, "subscription {barked {name}}", kennel)) ==
        "{\"data\":{\"barked\":{\"name\":\"Rex\"}}}\n");
  CHECK(log.errors == "events threw reason=lost\n");
}

TEST_CASE("a closed stream closes its source and ends") {
  const auto engine = kennel_engine();
  Kennel kennel;
  kennel.events = {Json{{"name", "Rex"}}, Json{{"name", "Ida"}}};
  const auto prepared = engine->prepare({"subscription {barked {name}}", "", {}, false});
  auto stream = run(engine->subscribe(prepared.value(), Request{kennel}));
  REQUIRE(stream);
  CHECK(run(stream.value()->next()).has_value());
  stream.value()->close();
  CHECK(kennel.closed == 1);
  CHECK_FALSE(run(stream.value()->next()).has_value());
}

TEST_CASE("a subscription cannot be executed as a query") {
  const auto engine = kennel_engine();
  CHECK(code_of(ask(*engine, {"subscription {refused}", "", {}, false})) ==
        "OPERATION_RESOLUTION_FAILURE");
}

}  // namespace cpc::graphql
