// How large an answer may become.

#include <catch2/catch.hpp>

#include "tests/unit/daemon/graphql/run.h"

namespace cpc::graphql {
namespace {

using boost::asio::awaitable;

struct House {
  Json nodes = Json::array();
  int asked = 0;
};

awaitable<Outcome> resolve_nodes(FieldCall call) {
  auto& house = call.request.context<House>();
  ++house.asked;
  co_return house.nodes;
}

std::unique_ptr<Engine> engine_with(std::size_t answer_bytes_max) {
  Setup setup;
  setup.sdl = "type Room { id: ID! topic: String strict: [String!] } type Query { nodes: [Room] }";
  setup.limits.answer_bytes_max = answer_bytes_max;
  auto engine = std::move(Engine::build(std::move(setup))).value();
  engine->resolve("Query", "nodes", resolve_nodes);
  return engine;
}

Answer send(std::size_t answer_bytes_max, House& house, const std::string& text) {
  const auto engine = engine_with(answer_bytes_max);
  return ask(*engine, {text, "", {}, false}, Request{house});
}

}  // namespace

TEST_CASE("an answer that grows too large is given up while it is built") {
  House house;
  for (int i = 0; i < 100; ++i) house.nodes.push_back({{"topic", std::string(1000, 't')}});
  const std::string one = "nodes { topic } ";
  const Answer fits = send(150'000, house, "{" + one + "}");
  CHECK_FALSE(fits.contains("errors"));
  CHECK(to_text(fits).size() > 100'000);
  house.asked = 0;
  const Answer refused =
      send(150'000, house, "{a: " + one + "b: " + one + "c: " + one + "d: " + one + "}");
  CHECK(code_of(refused) == "QUERY_TOO_COMPLEX");
  CHECK(refused.at("errors").size() == 1);
  CHECK(refused.at("data").is_null());
  CHECK(house.asked == 2);  // Nobody works for what will not be sent.
}

TEST_CASE("what an answer counts is what is sent, escapes included") {
  for (const std::string& text : {std::string(1000, '\x01'), std::string(1000, '"'),
                                  std::string(1000, 'a'), std::string(1, 'a')}) {
    House house;
    for (int i = 0; i < 50; ++i) house.nodes.push_back({{"id", "1"}, {"strict", {text, text}}});
    const std::string query = "{nodes {id topic strict}}";
    const std::size_t size = to_text(send(10'000'000, house, query)).size();
    CHECK_FALSE(send(size + size / 5, house, query).contains("errors"));
    CHECK(code_of(send(size - size / 5, house, query)) == "QUERY_TOO_COMPLEX");
  }
}

}  // namespace cpc::graphql
