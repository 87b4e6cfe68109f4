#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>

#include "tests/unit/daemon/graphql/run.h"

namespace cpc::graphql {
namespace {

using boost::asio::awaitable;

constexpr const char* sdl = R"(
scalar DateTime
interface Node { id: ID! }
type User implements Node {
  id: ID! name: String! nick: String friends: [User!]! best: User must: User! at: DateTime
}
type Room implements Node { id: ID! topic: String strict: [String!] loose: [String] grid: [[Int!]] }
union Found = User | Room
enum Mood { GOOD BAD }
input Where { word: String! limit: Int = 3 }
type Query {
  me: User
  must: User!
  room: Room
  nodes: [Node]
  found(where: Where): [Found!]
  echo(text: String, where: Where, flag: Boolean = true): String
  slow: Int
  fails: String
  throws: String
  mood: Mood
  counter: Int!
  wrong: Int
}
type Mutation { add(by: Int!): Int addOrFail(by: Int!): Int! }
)";

struct House {
  Json me = {{"id", 1}, {"name", "Ann"}};
  Json room = {{"id", "r"}};
  Json nodes = Json::array();
  int counter = 0;
  std::string trace;
};

House& house(const FieldCall& call) {
  return call.request.context<House>();
}

awaitable<Outcome> resolve_me(FieldCall call) {
  co_return house(call).me;
}
awaitable<Outcome> resolve_room(FieldCall call) {
  co_return house(call).room;
}
awaitable<Outcome> resolve_nodes(FieldCall call) {
  co_return house(call).nodes;
}
awaitable<Outcome> resolve_echo(FieldCall call) {
  co_return Json(call.args.dump());
}
awaitable<Outcome> resolve_slow(FieldCall) {
  boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor,
                                  std::chrono::milliseconds{5}};
  co_await timer.async_wait(boost::asio::use_awaitable);
  co_return Json(42);
}
awaitable<Outcome> resolve_fails(FieldCall) {
  co_return FieldError{"not for you", "FORBIDDEN", {{"retryable", false}}};
}
awaitable<Outcome> resolve_throws(FieldCall) {
  throw std::runtime_error{"secret"};
  co_return Json{};
}
awaitable<Outcome> resolve_mood(FieldCall) {
  co_return Json("GOOD");
}
awaitable<Outcome> resolve_wrong(FieldCall) {
  co_return Json("no number");
}
awaitable<Outcome> resolve_counter(FieldCall call) {
  co_return Json(house(call).counter);
}
awaitable<Outcome> resolve_nick(FieldCall call) {
  co_return Json("nick of " + call.parent.at("name").get<std::string>());
}
awaitable<Outcome> resolve_add(FieldCall call) {
  house(call).trace += "+";
  co_await boost::asio::post(co_await boost::asio::this_coro::executor, boost::asio::use_awaitable);
  const int by = call.args.at("by").get<int>();
  if (by < 0) co_return FieldError{"negative", "BAD_INPUT"};
  house(call).trace += std::to_string(by);
  co_return Json(house(call).counter += by);
}

std::unique_ptr<Engine> engine_for(Log* log = nullptr, CacheLimits cache = {}) {
  Setup setup{sdl, {{"DateTime", date_time_scalar()}}, {}, cache, log};
  auto engine = Engine::build(std::move(setup));
  if (!engine) throw std::runtime_error{engine.error().detail};
  Engine& it = *engine.value();
  it.resolve("Query", "me", resolve_me);
  it.resolve("Query", "must", resolve_me);
  it.resolve("Query", "room", resolve_room);
  it.resolve("Query", "nodes", resolve_nodes);
  it.resolve("Query", "found", resolve_nodes);
  it.resolve("Query", "echo", resolve_echo);
  it.resolve("Query", "slow", resolve_slow);
  it.resolve("Query", "fails", resolve_fails);
  it.resolve("Query", "throws", resolve_throws);
  it.resolve("Query", "mood", resolve_mood);
  it.resolve("Query", "counter", resolve_counter);
  it.resolve("Query", "wrong", resolve_wrong);
  it.resolve("User", "nick", resolve_nick);
  it.resolve("Mutation", "add", resolve_add);
  it.resolve("Mutation", "addOrFail", resolve_add);
  if (const auto checked = it.check(); !checked) throw std::runtime_error{checked.error().detail};
  return std::move(engine).value();
}

std::string answer_to(const std::string& text, House& context, Json variables = {}) {
  static const std::unique_ptr<Engine> engine = engine_for();
  return to_text(ask(*engine, {text, "", std::move(variables), true}, Request{context}));
}

}  // namespace

TEST_CASE("an answer has the shape and the order of the question") {
  House context;
  context.me["at"] = 0;
  context.me["friends"] = {{{"id", 2}, {"name", "Bob"}}, {{"id", 3}, {"name", "Cyd"}}};
  CHECK(answer_to("{mood me {nick name id at friends {n: name __typename} best {id}} slow}",
                  context) ==
        R"({"data":{"mood":"GOOD","me":{"nick":"nick of Ann","name":"Ann","id":"1",)"
        R"("at":"1970-01-01T00:00:00.000Z","friends":[{"n":"Bob","__typename":"User"},)"
        R"({"n":"Cyd","__typename":"User"}],"best":null},"slow":42}})");
}

TEST_CASE("fields of one name are answered once, with all that is selected below") {
  House context;
  context.me["best"] = {{"id", 2}, {"name", "Bob"}};
  CHECK(answer_to("{me {best {id}} ...F me {name}} fragment F on Query {me {id best {name}}}",
                  context) ==
        R"({"data":{"me":{"best":{"id":"2","name":"Bob"},"id":"1","name":"Ann"}}})");
}

TEST_CASE("skip and include leave out what they say") {
  House context;
  CHECK(answer_to("query ($y: Boolean!, $n: Boolean = false) {a: mood @skip(if: $y) b: mood "
                  "@include(if: $y)"
                  " c: mood @include(if: $n) d: mood @skip(if: $n) ... @skip(if: true) {e: mood}"
                  " ...F @include(if: $n) f: mood @include(if: true) @skip(if: true)}"
                  " fragment F on Query {g: mood}",
                  context, {{"y", true}}) == R"({"data":{"b":"GOOD","d":"GOOD"}})");
}

TEST_CASE("objects of abstract types tell what they are, and fragments apply accordingly") {
  House context;
  context.nodes = {{{"__typename", "User"}, {"id", 1}, {"name", "Ann"}},
                   {{"__typename", "Room"}, {"id", 2}, {"topic", "x"}}};
  const std::string below =
      "{__typename ... on Node {id} ... on User {name} ...R} } fragment R on Room {topic}";
  const std::string items = R"([{"__typename":"User","id":"1","name":"Ann"},)"
                            R"({"__typename":"Room","id":"2","topic":"x"}]}})";
  CHECK(answer_to("{nodes " + below, context) == R"({"data":{"nodes":)" + items);
  CHECK(answer_to("{found " + below, context) == R"({"data":{"found":)" + items);
}

TEST_CASE("an object that does not tell its type, or a wrong one, is an error") {
  House context;
  for (const Json& node : {Json{{"id", 1}}, Json{{"id", 1}, {"__typename", "Query"}},
                           Json{{"id", 1}, {"__typename", "No"}}, Json("text")}) {
    context.nodes = Json::array({node});
    CHECK(
        answer_to("{nodes {id}}", context) ==
        R"({"errors":[{"message":"something went wrong here","locations":[{"line":1,"column":2}],)"
        R"("path":["nodes",0],"extensions":{"code":"INTERNAL"}}],"data":{"nodes":[null]}})");
  }
}

TEST_CASE("resolvers read coerced arguments") {
  House context;
  CHECK(
      answer_to("query ($w: String!) {echo(where: {word: $w}, text: $none)}", context, {{"w", "x"}})
          .find("none") != std::string::npos);  // Not defined: a refusal.
  CHECK(answer_to("query ($w: String!, $t: String) {echo(where: {word: $w}, text: $t)}", context,
                  {{"w", "x"}}) ==
        R"({"data":{"echo":"{\"flag\":true,\"where\":{\"limit\":3,\"word\":\"x\"}}"}})");
}

TEST_CASE("a field error stands beside the data, with its place, path and code") {
  House context;
  CHECK(
      answer_to("{\n  mood\n  x: fails\n}", context) ==
      R"({"errors":[{"message":"not for you","locations":[{"line":3,"column":3}],"path":["x"],)"
      R"("extensions":{"code":"FORBIDDEN","retryable":false}}],"data":{"mood":"GOOD","x":null}})");
}

TEST_CASE("what a resolver throws stays in the log") {
  TestLog log;
  House context;
  const auto engine = engine_for(&log);
  const Answer answer = ask(*engine, {"{throws mood}", "", {}, false}, Request{context});
  CHECK(code_of(answer) == "INTERNAL");
  CHECK(answer["data"].dump() == R"({"throws":null,"mood":"GOOD"})");
  CHECK(to_text(answer).find("secret") == std::string::npos);
  CHECK(log.errors == "a resolver threw field=throws type=String reason=secret\n");
}

TEST_CASE("a cancelled execution ends, and the log does not take it for a bug") {
  TestLog log;
  House context;
  const auto engine = engine_for(&log);
  const auto prepared = engine->prepare({"{slow again: slow}", "", {}, false});
  boost::asio::io_context io;
  boost::asio::cancellation_signal signal;
  std::optional<Answer> answer;
  std::exception_ptr thrown;
  boost::asio::co_spawn(
      io, keep(engine->execute(prepared.value(), Request{context}), answer),
      boost::asio::bind_cancellation_slot(
          signal.slot(), [&thrown](std::exception_ptr failure) { thrown = failure; }));
  boost::asio::post(io, [&signal] { signal.emit(boost::asio::cancellation_type::terminal); });
  io.run();
  CHECK(thrown != nullptr);
  CHECK_FALSE(answer.has_value());
  CHECK(log.errors.empty());
}

TEST_CASE("the null of a failed non-null field rises to the next place that may be null") {
  House context;
  context.me = {{"id", 1}, {"best", {{"id", 2}}}};
  const Answer answer = Answer::parse(answer_to("{mood me {id best {id name}}}", context));
  CHECK(answer["data"].dump() == R"({"mood":"GOOD","me":{"id":"1","best":null}})");
  CHECK(answer["errors"].size() == 1);
  CHECK(answer["errors"][0]["path"].dump() == R"(["me","best","name"])");

  CHECK(Answer::parse(answer_to("{me {must {id}}}", context))["data"].dump() == R"({"me":null})");
  CHECK(Answer::parse(answer_to("{mood must {name}}", context))["data"].is_null());
}

TEST_CASE("lists keep or lose what their type says") {
  House context;
  context.room = {
      {"strict", {"a", nullptr}}, {"loose", {"a", nullptr, 5}}, {"grid", {{1, 2}, {3, nullptr}}}};
  const Answer answer = Answer::parse(answer_to("{room {strict loose grid}}", context));
  CHECK(answer["data"].dump() ==
        R"({"room":{"strict":null,"loose":["a",null,null],"grid":[[1,2],null]}})");
  REQUIRE(answer["errors"].size() == 3);
  CHECK(answer["errors"][0]["path"].dump() == R"(["room","strict",1])");
  CHECK(answer["errors"][1]["path"].dump() == R"(["room","loose",2])");
  CHECK(answer["errors"][2]["path"].dump() == R"(["room","grid",1,1])");

  context.me["friends"] = {{{"id", 2}, {"name", "Bob"}}, {{"id", 3}}};
  CHECK(Answer::parse(answer_to("{me {friends {name}}}", context))["data"].dump() ==
        R"({"me":null})");
  context.me["friends"] = 7;
  CHECK(Answer::parse(answer_to("{me {friends {name}}}", context))["data"].dump() ==
        R"({"me":null})");
}

TEST_CASE("a value that is not of its type is told to the log") {
  TestLog log;
  House context;
  const auto engine = engine_for(&log);
  CHECK(ask(*engine, {"{wrong}", "", {}, false}, Request{context})["data"].dump() ==
        R"({"wrong":null})");
  CHECK(log.errors ==
        "a resolver broke the schema's word field=wrong type=Int returned=no value of its type\n");
}

TEST_CASE("mutations run one after the other, and those before a failure stand") {
  House context;
  CHECK(answer_to("mutation {a: add(by: 1) b: add(by: 2) c: add(by: 3)}", context) ==
        R"({"data":{"a":1,"b":3,"c":6}})");
  CHECK(context.trace == "+1+2+3");
  const Answer answer = Answer::parse(answer_to(
      "mutation {a: add(by: 1) b: add(by: -1) c: addOrFail(by: -1) d: add(by: 1)}", context));
  CHECK(answer["data"].is_null());
  CHECK(answer["errors"].size() == 2);
  CHECK(context.counter == 7);
}

TEST_CASE("a prepared request runs again") {
  House context;
  const auto engine = engine_for();
  const auto prepared =
      engine->prepare({"mutation ($n: Int!) {add(by: $n)}", "", {{"n", 2}}, false});
  REQUIRE(prepared);
  CHECK(prepared.value().kind() == OperationKind::mutation);
  CHECK(prepared.value().cost() == 1);
  CHECK(to_text(run(engine->execute(prepared.value(), Request{context}))) ==
        R"({"data":{"add":2}})");
  CHECK(to_text(run(engine->execute(prepared.value(), Request{context}))) ==
        R"({"data":{"add":4}})");
}

TEST_CASE("what cannot be run is refused without data, and with a stable code") {
  House context;
  const auto engine = engine_for();
  const auto refused = [&](Incoming incoming) {
    const Answer answer = ask(*engine, std::move(incoming), Request{context});
    CHECK_FALSE(answer.contains("data"));
    return code_of(answer);
  };
  CHECK(refused({"{", "", {}, true}) == "GRAPHQL_PARSE_FAILED");
  CHECK(refused({"{no}", "", {}, true}) == "GRAPHQL_VALIDATION_FAILED");
  CHECK(refused({"query ($a: Int!) {mood @skip(if: true) x: echo(where: {word: \"\", limit: $a})}",
                 "",
                 {},
                 true}) == "BAD_USER_INPUT");
  CHECK(refused({"query A {mood} query B {mood}", "", {}, true}) == "OPERATION_RESOLUTION_FAILURE");
  CHECK(refused({"query A {mood} query B {mood}", "C", {}, true}) ==
        "OPERATION_RESOLUTION_FAILURE");
  CHECK(refused({std::string(100'000, ' '), "", {}, true}) == "QUERY_TOO_COMPLEX");
  CHECK(refused({"{__schema {types {name}}}", "", {}, false}) == "GRAPHQL_VALIDATION_FAILED");
  CHECK(refused({"subscription {x}", "", {}, false}) == "GRAPHQL_VALIDATION_FAILED");
}

TEST_CASE("the operation of the name given is run") {
  House context;
  const auto engine = engine_for();
  CHECK(to_text(ask(*engine, {"query A {a: mood} query B {b: mood}", "B", {}, false},
                    Request{context})) == R"({"data":{"b":"GOOD"}})");
}

TEST_CASE("a null that a variable brings where none may be fails that field only") {
  House context;
  const Answer answer = Answer::parse(
      answer_to("query ($n: Int = 1) {add: mood echo(where: {word: \"x\", limit: $n})}", context,
                {{"n", nullptr}}));
  CHECK(answer["data"]["add"] == "GOOD");
}

TEST_CASE("documents that were found valid are remembered, the least used ones go") {
  House context;
  const auto engine = engine_for(nullptr, {.documents_max = 2, .bytes_max = 40});
  const auto send = [&](const std::string& text) {
    return ask(*engine, {text, "", {}, false}, Request{context});
  };
  send("{no}");
  CHECK(engine->cached_documents() == 0);
  send("{mood}");
  send("{mood}");
  CHECK(engine->cached_documents() == 1);
  send("{a: mood}");
  send("{b: mood}");
  CHECK(engine->cached_documents() == 2);
  send("{mood a: mood b: mood c: mood}" + std::string(5, ' '));
  CHECK(engine->cached_documents() == 1);
  send("{mood}" + std::string(50, ' '));
  CHECK(engine->cached_documents() == 1);
}

TEST_CASE("what was remembered still asks who may read the schema") {
  House context;
  const auto engine = engine_for();
  const std::string text = "{__type(name: \"User\") {name}}";
  CHECK(ask(*engine, {text, "", {}, true}).contains("data"));
  CHECK_FALSE(ask(*engine, {text, "", {}, false}).contains("data"));
}

TEST_CASE("an engine whose resolvers and schema disagree does not start") {
  const auto build = [] {
    return std::move(Engine::build({"type Query {a: Int} type T {b: Int} interface I {c: Int}"
                                    " type Subscription {s: Int}",
                                    {},
                                    {},
                                    {},
                                    nullptr}))
        .value();
  };
  const auto source = [](FieldCall) -> awaitable<SourceOutcome> { throw 1; };
  const auto checks = [&](auto set_up, bool complete = true) {
    const auto engine = build();
    if (complete) {
      engine->resolve("Query", "a", resolve_mood);
      engine->stream("s", source);
    }
    set_up(*engine);
    return engine->check().has_value();
  };
  CHECK(checks([](Engine&) {}));
  CHECK(checks([](Engine& it) { it.resolve("T", "b", resolve_mood); }));
  CHECK_FALSE(checks([](Engine& it) { it.resolve("T", "no", resolve_mood); }));
  CHECK_FALSE(checks([](Engine& it) { it.resolve("No", "b", resolve_mood); }));
  CHECK_FALSE(checks([](Engine& it) { it.resolve("I", "c", resolve_mood); }));
  CHECK_FALSE(checks([](Engine& it) { it.resolve("Query", "a", resolve_mood); }));
  CHECK_FALSE(checks([](Engine& it) { it.resolve("__Type", "name", resolve_mood); }));
  CHECK_FALSE(checks([](Engine& it) { it.resolve("T", "b", nullptr); }));
  CHECK_FALSE(checks([&](Engine& it) { it.stream("no", source); }));
  CHECK_FALSE(checks([&](Engine& it) { it.stream("s", source); }, false));
  CHECK_FALSE(checks([](Engine& it) { it.resolve("Query", "a", resolve_mood); }, false));
}

}  // namespace cpc::graphql
