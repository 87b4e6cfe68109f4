#include "daemon/graphql/limits.h"

#include <catch2/catch.hpp>

#include "daemon/graphql/coerce.h"
#include "daemon/graphql/measure.h"
#include "tests/unit/daemon/graphql/pets.h"

namespace cpc::graphql {
namespace {

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

bool is_too_complex(const std::string& text, const Limits& limits = {}) {
  return problem_of(text, limits).starts_with("QUERY_TOO_COMPLEX");
}

// The cost, or 0 if it is refused.
std::uint64_t cost_of(const std::string& text, Json variables = Json::object(),
                      Limits limits = {}) {
  const auto schema = pets_schema();
  limits.nesting_max = 200;
  limits.depth_max = 200;
  const auto document = parse_executable(text, limits).value();
  REQUIRE(validate(*schema, *document, limits));
  const auto cost =
      check_cost(*schema, ast::fragments_of(*document), document->operations[0], variables, limits);
  return cost ? cost.value() : 0;
}

}  // namespace

TEST_CASE("a document may not be too long, whatever is in it") {
  CHECK(is_too_complex("{dog{name}}" + repeated("#", 70'000)));
  CHECK_FALSE(is_too_complex("{dog{name}}" + repeated("#", 60'000)));
  CHECK(is_too_complex("{dog{" + repeated("name ", 3000) + "}}"));
  CHECK(is_too_complex("{sum(numbers: [" + repeated("1 ", 10'000) + "])}"));
}

TEST_CASE("ten thousand aliases are refused") {
  std::string text = "{dog{";
  for (int i = 0; i < 10'000; ++i) text += "a" + std::to_string(i) + ":name ";
  CHECK(is_too_complex(text + "}}", {.document_bytes_max = 1'000'000, .tokens_max = 1'000'000}));
  CHECK_FALSE(is_too_complex("{dog{" + repeated("a:name ", 30) + "}}"));
  CHECK(is_too_complex("{dog{" + repeated("a:name ", 31) + "}}"));
}

TEST_CASE("too many directives are refused") {
  CHECK(is_too_complex("{dog{name" + repeated(" @tag(name: \"x\")", 21) + "}}"));
  CHECK_FALSE(is_too_complex("{dog{name" + repeated(" @tag(name: \"x\")", 20) + "}}"));
}

TEST_CASE("deep nesting is refused before it can hurt") {
  const Limits wide{.document_bytes_max = 10'000'000, .tokens_max = 10'000'000};
  CHECK(is_too_complex(repeated("{a", 200'000), wide));
  CHECK(is_too_complex("{sum(numbers: " + repeated("[", 200'000), wide));
  CHECK(is_too_complex("{find(filter: " + repeated("{and:", 200'000), wide));
  CHECK(is_too_complex("query ($a: " + repeated("[", 200'000), wide));
  CHECK(is_too_complex(repeated("{...", 200'000), wide));
}

TEST_CASE("a chain of fragments counts as deep as it is when written out") {
  std::string text = "{dog {...F0}}";
  for (int i = 0; i < 200; ++i) {
    const std::string next = i < 199 ? "...F" + std::to_string(i + 1) : "name";
    text += " fragment F" + std::to_string(i) + " on Dog {" + next + "}";
  }
  CHECK(is_too_complex(text));
  CHECK_FALSE(is_too_complex(text, {.nesting_max = 300}));
}

TEST_CASE("a fragment counts again where it is spread deeper") {
  const auto spread_below = [](int levels) {
    return "{dog {...F " + repeated("... {", levels) + "...F" + repeated("}", levels) +
           "}} fragment F on Dog {" + repeated("... {", 40) + "name" + repeated("}", 40) + "}";
  };
  CHECK_FALSE(is_too_complex(spread_below(21)));
  CHECK(is_too_complex(spread_below(22)));
}

TEST_CASE("fields may be as deep as the limit, in fragments too") {
  const auto deep = [](int friends) {
    return "{dog {" + repeated("friends {", friends) + "name" + repeated("}", friends) + "}}";
  };
  CHECK_FALSE(is_too_complex(deep(10)));
  CHECK(is_too_complex(deep(11)));
  CHECK(
      is_too_complex("{dog {friends {friends {friends {friends {friends {friends {...F}}}}}}}}"
                     "fragment F on Pet {friends {friends {friends {friends {friends {name}}}}}}"));
  CHECK_FALSE(is_too_complex("{dog {... {... {... {... {... {... {... {name}}}}}}}}}"));
}

TEST_CASE("what is below first and last costs that many times") {
  CHECK(cost_of("{dog {name volume}}") == 3);
  CHECK(cost_of("{dog {friends(first: 5) {name}}}") == 1 + 1 + 5);
  CHECK(cost_of("{dog {friends {name}}}") == 1 + 1 + 10);  // Its default.
  CHECK(cost_of("{dog {friends(first: -4) {name}}}") == 3);
  CHECK(cost_of("query ($n: Int) {dog {friends(first: $n) {name}}}", {{"n", 7}}) == 1 + 1 + 7);
  CHECK(cost_of("query ($n: Int) {dog {friends(first: $n) {name}}}") == 1 + 1 + 10);
  CHECK(cost_of("{dog {friends {...F friends {...F}}}} fragment F on Pet {name __typename}") ==
        1 + 1 + 10 * (2 + 1 + 10 * 2));
  CHECK(cost_of("{dog {friends(first: 100) {friends(first: 100) {name}}}}") == 0);
}

TEST_CASE("a page of unsaid size costs as many times as it is served with") {
  CHECK(cost_of("{find {name}}") == 1 + 50);  // No default in the schema.
  CHECK(cost_of("{find(first: null) {name}}") == 1 + 50);
  CHECK(cost_of("query ($n: Int) {find(first: $n) {name}}") == 1 + 50);
  CHECK(cost_of("query ($n: Int) {find(first: $n) {name}}", {{"n", nullptr}}) == 1 + 50);
  CHECK(cost_of("{find(first: 3) {name}}") == 1 + 3);
  CHECK(cost_of("{dog {friends(first: null) {name}}}") == 1 + 1 + 10);
  CHECK(cost_of("{find {name}}", Json::object(), {.page_default = 7}) == 1 + 7);
}

TEST_CASE("fragments that multiply are refused in the time of reading them") {
  std::string text = "{dog {owner {...F0}}}";
  for (int i = 0; i < 60; ++i) {
    const std::string next = i < 59 ? "...F" + std::to_string(i + 1) : "name";
    text += " fragment F" + std::to_string(i) + " on Person {a: pets {... on Dog {owner {" + next +
            "}}} b: pets {... on Dog {owner {" + next + "}}}}";
  }
  CHECK(is_too_complex(text, {.aliases_max = 1000}));  // By depth.
  CHECK(is_too_complex(text, {.nesting_max = 500, .depth_max = 15, .aliases_max = 1000}));
  const Limits limits{.tokens_max = 10'000, .aliases_max = 1000};
  CHECK(cost_of(text.substr(0, text.find(" fragment F40")) + " fragment F40 on Person {name}", {},
                limits) == 0);
}

TEST_CASE("who asks for too much learns where") {
  const auto schema = pets_schema();
  const auto document =
      parse_executable("{dog {name f: friends(first: 3000) {...F}}} fragment F on Pet {name}", {})
          .value();
  const auto cost = check_cost(*schema, ast::fragments_of(*document), document->operations[0],
                               Json::object(), {});
  REQUIRE_FALSE(cost);
  CHECK(cost.error().problems[0].extensions ==
        Json{{"cost", 3003}, {"costMax", 2500}, {"path", "dog.f.name"}});
}

TEST_CASE("introspection has limits of its own") {
  const std::string types = "{__schema {types {";
  CHECK_FALSE(is_too_complex(types + repeated("ofType {", 15) + "name" + repeated("}", 17) + "}"));
  CHECK(is_too_complex(types + repeated("ofType {", 25) + "name" + repeated("}", 27) + "}"));
  CHECK_FALSE(is_too_complex(types + "fields {type {fields {name}}}}}}"));
  CHECK(is_too_complex(types + "fields {type {fields {type {fields {name}}}}}}}}"));
}

TEST_CASE("deep variables are refused") {
  const auto schema = pets_schema();
  const auto document =
      parse_executable("query ($f: Filter) {find(filter: $f) {name}}", {}).value();
  Json deep = Json::object();
  for (int i = 0; i < 100; ++i) deep = Json{{"and", std::move(deep)}};
  const auto coerced =
      coerce_variables(*schema, *document, document->operations[0], {{"f", deep}}, {});
  REQUIRE_FALSE(coerced);
  CHECK(coerced.error().problems[0].code == code::too_complex);
}

}  // namespace cpc::graphql
