#include "daemon/graphql/parser.h"

#include <catch2/catch.hpp>

namespace cpc::graphql {
namespace {

std::string refusal_of(const std::string& text) {
  const auto document = parse_executable(text, {});
  if (document) return "";
  const Problem& problem = document.error().problems.front();
  std::string place;
  if (!problem.locations.empty()) {
    place = std::to_string(problem.locations[0].line) + ":" +
            std::to_string(problem.locations[0].column) + " ";
  }
  return place + problem.message;
}

}  // namespace

TEST_CASE("a document with one of everything is understood") {
  const auto parsed = parse_executable(R"(
    query Q($a: [Int!]! = [1, 2] @d, $b: T = {x: "y"}) @d(e: ENUM) {
      alias: field(arg: $a, other: {deep: [{x: null}, true, 1.5]}) @skip(if: true) { id }
      ... on T @d { id } ... @d { id } ...F @d
      on fragment query type: true
    }
    mutation { m } subscription S { s }
    fragment F on T @d { ...on U { id } })",
                                       {});
  REQUIRE(parsed);
  const ast::Document& document = *parsed.value();
  REQUIRE(document.operations.size() == 3);
  const ast::Operation& query = document.operations[0];
  CHECK(query.name.text == "Q");
  CHECK(query.variables[0].type.wrapping.around("Int") == "[Int!]!");
  CHECK(ast::to_text(*query.variables[1].default_value) == R"({x: "y"})");
  const ast::Selection& field = query.selections[0];
  CHECK(field.response_name() == "alias");
  CHECK(field.name.text == "field");
  CHECK(ast::to_text(field.arguments[1].value) == "{deep: [{x: null}, true, 1.5]}");
  CHECK(query.selections[1].on->text == "T");
  CHECK_FALSE(query.selections[2].on.has_value());
  CHECK(query.selections[3].name.text == "F");
  CHECK(query.selections[4].name.text == "on");
  CHECK(document.operations[1].kind == OperationKind::mutation);
  CHECK(document.operations[2].kind == OperationKind::subscription);
  CHECK(document.fragments[0].on.text == "T");
}

TEST_CASE("broken documents are refused where they break") {
  CHECK(refusal_of("") == "1:1 the document ends too early");
  CHECK(refusal_of("{") == "1:2 the document ends too early");
  CHECK(refusal_of("{}") == "1:2 unexpected \"}\"");
  CHECK(refusal_of("{a(}") == "1:4 unexpected \"}\"");
  CHECK(refusal_of("{a()}") == "1:4 unexpected \")\"");
  CHECK(refusal_of("query ($a: Int = $b) {a}") == "1:18 unexpected \"$\"");
  CHECK(refusal_of("query () {a}") == "1:8 unexpected \")\"");
  CHECK(refusal_of("fragment on on T {a}") == "1:10 unexpected \"on\"");
  CHECK(refusal_of("fragment F T {a}") == "1:12 unexpected \"T\"");
  CHECK(refusal_of("{a(b: )}") == "1:7 unexpected \")\"");
  CHECK(refusal_of("{a}\n{\n  \"x\" }") == "3:3 unexpected value");
  CHECK(refusal_of("query ($a: [Int) {a}") == "1:16 unexpected \")\"");
  CHECK(refusal_of("query ($a: Int!!) {a}") == "1:16 unexpected \"!\"");
  CHECK(refusal_of("querry {a}") == "1:1 unexpected \"querry\"");
}

TEST_CASE("type definitions cannot be executed") {
  const auto document = parse_executable("{a} type T { a: Int }", {});
  REQUIRE_FALSE(document);
  CHECK(document.error().problems[0].code == code::validation_failed);
}

TEST_CASE("the text of a type is its wrappings around its name") {
  for (const std::string type : {"T", "T!", "[T]", "[T!]", "[T]!", "[T!]!", "[[T!]]!", "[[T]!]!"}) {
    const auto document = parse_executable("query ($a: " + type + ") {a}", {});
    REQUIRE(document);
    CHECK(document.value()->operations[0].variables[0].type.wrapping.around("T") == type);
  }
}

TEST_CASE("arguments are the same whatever their order, and not otherwise") {
  const auto same = [](const std::string& left, const std::string& right) {
    const auto document = parse_executable("{a(x:" + left + ") b(x:" + right + ")}", {});
    const auto& selections = document.value()->operations[0].selections;
    return ast::same(selections[0].arguments, selections[1].arguments);
  };
  CHECK(same("{a:1,b:[2]}", "{b:[2],a:1}"));
  CHECK_FALSE(same("{a:1,b:[2]}", "{b:[2],a:2}"));
  CHECK_FALSE(same("[1,2]", "[2,1]"));
  CHECK_FALSE(same("A", "\"A\""));
  CHECK_FALSE(same("$a", "$b"));
  CHECK_FALSE(same("1", "1.0"));
}

}  // namespace cpc::graphql
