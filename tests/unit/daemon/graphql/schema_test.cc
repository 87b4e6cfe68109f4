#include "daemon/graphql/schema.h"

#include <catch2/catch.hpp>

#include "tests/unit/daemon/graphql/pets.h"

namespace cpc::graphql {
namespace {

std::string wrong_with(std::string sdl, Scalars scalars = {}) {
  const auto schema = Schema::build(std::move(sdl), std::move(scalars));
  return schema ? "" : schema.error().detail;
}

}  // namespace

TEST_CASE("a schema knows its types, fields and defaults") {
  const auto schema = pets_schema();
  const Type& dog = *schema->find("Dog");
  CHECK(dog.fields.find("friends")->use.text() == "[Pet!]");
  CHECK(dog.fields.find("friends")->arguments.find("first")->default_value == Json(10));
  CHECK(schema->find("Pet")->possible.size() == 2);
  CHECK(schema->find("Named")->possible.size() == 3);
  CHECK(schema->find("Cat")->fields.find("lives")->deprecation == "No longer supported");
  CHECK(*schema->find("Filter")->inputs.find("tricks")->default_value == Json{"SIT"});
  CHECK(schema->root(OperationKind::mutation)->name == "Mutation");
  CHECK(schema->field_of(dog, "__typename") != nullptr);
  CHECK(schema->field_of(dog, "__schema") == nullptr);
  CHECK(schema->field_of(*schema->find("Query"), "__schema") != nullptr);
  CHECK(schema->find("__Meta") == nullptr);
}

TEST_CASE("built-in scalars that nothing is made of are not in the schema") {
  const auto schema = Schema::build("type Query { a: String }", {});
  REQUIRE(schema);
  CHECK(schema.value()->find("Int") == nullptr);
  CHECK(schema.value()->find("Boolean") != nullptr);
}

TEST_CASE("extensions add to what they extend") {
  const auto schema = Schema::build(R"(
    schema @d { query: Root } extend schema { mutation: M }
    directive @d on SCHEMA | ENUM
    type Root { a: E } type M { b: U c(i: I): N }
    extend type Root { b: Int } extend type Root implements N { n: Int }
    interface N { n: Int } enum E { A } extend enum E @d { B }
    union U = Root extend union U = | M
    input I { a: Int } extend input I { b: [Int] = 1 })",
                                    {});
  REQUIRE(schema);
  CHECK(schema.value()->root(OperationKind::query)->fields.size() == 3);
  CHECK(schema.value()->root(OperationKind::mutation)->name == "M");
  CHECK(schema.value()->find("U")->possible.size() == 2);
  CHECK(*schema.value()->find("I")->inputs.find("b")->default_value == Json{1});
  CHECK(wrong_with("type Query { a: Int } extend type No { b: Int }").starts_with("1:"));
  CHECK(wrong_with("type Query { a: Int } extend enum Query { B }").starts_with("1:"));
  CHECK(wrong_with("type Query { a: Int } extend type Query { a: Int }").starts_with("1:"));
}

TEST_CASE("a schema that contradicts itself is refused at its line") {
  const std::string query = "type Query { a: Int }\n";
  const auto [sdl, place] = GENERATE(table<std::string, std::string>({
      {"type A { a: No }", "2:13"},
      {"type A { a: Int a: Int }", "2:17"},
      {"type A { a(b: Int, b: Int): Int }", "2:20"},
      {"type A", "2:6"},
      {"type A { a: Int } type A { b: Int }", "2:24"},
      {"scalar Int", "2:8"},
      {"type __A { a: Int }", "2:6"},
      {"type A { __a: Int }", "2:10"},
      {"type A { a(__b: Int): Int }", "2:12"},
      {"input I { a: Int } type A { i: I }", "2:29"},
      {"type A { a(q: Query): Int }", "2:12"},
      {"input I { q: Query }", "2:11"},
      {"input I { i: I! }", "2:7"},
      {"input I { j: J! } input J { i: I! }", "2:7"},
      {"input I { i: Int = \"1\" }", "2:20"},
      {"input I { i: Int! = null }", "2:21"},
      {"input I { i: I = {} }", "2:11"},
      {"enum E { A A }", "2:12"},
      {"enum E { true }", "2:10"},
      {"enum E", "2:6"},
      {"input I", "2:7"},
      {"enum E { A } type X { e(e: E = B): Int }", "2:32"},
      {"union U = Query | Int", "2:7"},
      {"union U = Query | Query", "2:7"},
      {"union U", "2:7"},
      {"interface N { n: Int } type A implements N { a: Int }", "2:29"},
      {"interface N { n: Int } type A implements N { n: String }", "2:46"},
      {"interface N { n: Int! } type A implements N { n: Int }", "2:47"},
      {"interface N { n(a: Int): Int } type A implements N { n: Int }", "2:54"},
      {"interface N { n: Int } type A implements N { n(a: Int!): Int }", "2:48"},
      {"interface M { n: Int } interface N implements M { n: Int } type A implements N { n: Int }",
       "2:65"},
      {"interface N implements N { n: Int }", "2:11"},
      {"type A implements Query { a: Int }", "2:19"},
      {"type A implements No { a: Int }", "2:19"},
      {"directive @d on NOWHERE", "2:17"},
      {"directive @d on FIELD directive @d on FIELD", "2:34"},
      {"directive @d(a: Int @d) on ARGUMENT_DEFINITION", "2:12"},
      {"directive @d(i: I) on INPUT_FIELD_DEFINITION input I { a: Int @d }", "2:12"},
      {"type A @no { a: Int }", "2:9"},
      {"type A @deprecated { a: Int }", "2:9"},
      {"type A { a: Int @deprecated(reason: 1) }", "2:37"},
      {"type A { a: Int @deprecated @deprecated }", "2:18"},
      {"type A { a(b: Int! @deprecated): Int }", "2:12"},
      {"schema { query: Query } schema { query: Query }", "2:25"},
      {"schema { query: Query mutation: Query }", "1:6"},
      {"schema { query: No }", "2:17"},
      {"schema { mutation: Query }", "1:1"},
      {"scalar Unknown", "2:8"},
      {"{ a }", "2:1"},
      {"\"text\" extend type Query { b: Int }", "2:8"},
      {"type A { a: [Int }", "2:18"},
  }));
  INFO(sdl);
  CHECK(wrong_with(query + sdl).starts_with(place + ": "));
}

TEST_CASE("what an interface asks for may be given more narrowly") {
  CHECK(wrong_with(R"(
    type Query { a: Int }
    interface N { n: N list: [N] u: U more: Int }
    union U = A
    type A implements N { n: A! list: [A!]! u: A more(than: Int, asked: Int! = 1): Int! })") == "");
}

TEST_CASE("defaults are made of the defaults inside them") {
  const auto schema = Schema::build(R"(
    type Query { a(i: I = {}): Int }
    input I { j: J = {x: 2} list: [[Int]] = [1, [2, null]] } input J { x: Int y: Int = 7 })",
                                    {});
  REQUIRE(schema);
  CHECK(*schema.value()->find("Query")->fields.find("a")->arguments.find("i")->default_value ==
        Json::parse(R"({"j": {"x": 2, "y": 7}, "list": [[1], [2, null]]})"));
}

TEST_CASE("custom scalars and those who read them belong together") {
  CHECK(wrong_with("type Query { a: Int }", {{"DateTime", date_time_scalar()}}) != "");
  CHECK(wrong_with("scalar DateTime type Query { a: DateTime }") != "");
  CHECK(wrong_with("scalar DateTime type Query { a: DateTime }",
                   {{"DateTime", date_time_scalar()}}) == "");
}

}  // namespace cpc::graphql
