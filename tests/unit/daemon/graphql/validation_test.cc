#include "daemon/graphql/validation.h"

#include <catch2/catch.hpp>

#include "tests/unit/daemon/graphql/pets.h"

namespace cpc::graphql {
namespace {

struct Rule {
  const char* name;
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

const std::vector<Rule>& rules() {
  static const std::vector<Rule> all{
      {"5.2.1 operation names are unique",
       {"query A {__typename} mutation B {__typename}"},
       {"query A {__typename} query A {__typename}",
        "query A {__typename} mutation A {__typename}"}},
      {"5.2.2 an anonymous operation is alone",
       {"{__typename}"},
       {"{__typename} query A {__typename}", "{__typename} {__typename}"}},
      {"a document has an operation", {}, {"fragment F on Dog {name}"}},
      {"5.2.3 a subscription selects one field",
       {"subscription {ticks}", "subscription {ticks ticks}",
        "subscription {...F} fragment F on Subscription {ticks}"},
       {"subscription {ticks barked {name}}", "subscription {__typename}",
        "subscription {a: ticks b: ticks}",
        "subscription {...F ticks} fragment F on Subscription {barked {name}}",
        "subscription {ticks ... {barked {name}}}"}},
      {"5.3.1 fields exist",
       {"{dog {name} pet {name ... on Dog {barks}} creature {__typename}}"},
       {"{no}", "{dog {meows}}", "{pet {barks}}", "{creature {name}}",
        "{dog {__schema {types {name}}}}", "fragment F on Cat {barks} {pet {...F}}",
        "mutation {dog {name}}"}},
      {"5.3.3 leaves are leaves",
       {"{dog {name}}"},
       {"{dog}", "{dog {name {length}}}", "{creatures}", "{dog {born {x}}}"}},
      {"5.4.1 arguments exist",
       {"{dog(id: 1) {name}}", "{dog @include(if: true) {name}}"},
       {"{dog(no: 1) {name}}", "{dog @include(if: true, no: 1) {name}}",
        "{creature(x: 1) {__typename}}"}},
      {"5.4.2 arguments are unique and none is missing",
       {"{withDefault}", "{need(input: {id: 1})}", "{dog {knows(trick: SIT)}}"},
       {"{need}", "{need(input: null)}", "{dog {knows}}", "{dog(id: 1, id: 1) {name}}",
        "{dog @skip {name}}", "{withDefault(number: null)}"}},
      {"5.5.1.1 fragment names are unique",
       {"{dog {...A ...B}} fragment A on Dog {name} fragment B on Dog {name}"},
       {"{dog {...A}} fragment A on Dog {name} fragment A on Dog {name}"}},
      {"5.5.1.2 fragments are on types that exist",
       {"{pet {... on Dog {name}}}"},
       {"{pet {... on No {name}}}", "{pet {...F}} fragment F on No {name}"}},
      {"5.5.1.3 fragments are on composite types",
       {"{creature {... on Pet {name}}}"},
       {"{dog {name ... on Int {x}}}", "{dog {...F}} fragment F on Trick {x}",
        "{find {...F}} fragment F on Filter {x}"}},
      {"5.5.1.4 fragments are used",
       {"{dog {...A}} fragment A on Dog {...B} fragment B on Dog {name}"},
       {"{dog {name}} fragment A on Dog {name}",
        "{dog {name}} fragment A on Dog {...B} fragment B on Dog {name}"}},
      {"5.5.2.1 spreads lead to fragments",
       {"{dog {...A}} fragment A on Dog {name}"},
       {"{dog {...A}}"}},
      {"5.5.2.2 fragments do not lead to themselves",
       {"{dog {...A ...B}} fragment A on Dog {...B} fragment B on Dog {name}"},
       {"{dog {...A}} fragment A on Dog {name ...A}",
        "{dog {...A}} fragment A on Dog {...B} fragment B on Dog {friends {...C}} fragment C on "
        "Pet {... on Dog {...A}}",
        "{dog {...A ...B}} fragment A on Dog {...B} fragment B on Dog {...B}"}},
      {"5.5.2.3 spreads are possible",
       {"{dog {... on Pet {name} ... on Creature {__typename} ... on Dog {name}}}",
        "{creature {... on Named {name}}}",
        "{pet {... on Named {name} ... on Creature {__typename}}}"},
       {"{dog {... on Cat {name}}}", "{dog {...F}} fragment F on Cat {name}",
        "{pet {... on Person {name}}}", "{dog {... on Query {__typename}}}"}},
      {"5.6.1 values are of their type",
       {R"({echo(int: 1, float: 2, text: "x", flag: true, id: "y", trick: SIT)})",
        "{echo(float: 1.5e3, id: 4)}", "{echo(int: null)}", "{sum(numbers: 1)}",
        "{sum(numbers: [])}", "{maybe(numbers: [null, 1])}",
        R"({echo(at: "2026-11-22T15:09:05Z")})", "{find(filter: {tricks: SIT})}"},
       {"{echo(int: 1.0)}",
        R"({echo(int: "1")})",
        "{echo(int: 2147483648)}",
        "{echo(int: true)}",
        R"({echo(float: "1")})",
        "{echo(float: 1e999)}",
        "{echo(text: 1)}",
        "{echo(text: WORD)}",
        "{echo(flag: 1)}",
        "{echo(flag: TRUE)}",
        "{echo(id: 1.5)}",
        "{echo(id: true)}",
        R"({echo(trick: "SIT")})",
        "{echo(trick: FLY)}",
        "{echo(trick: 1)}",
        "{sum(numbers: [1, null])}",
        "{sum(numbers: [[1]])}",
        R"({sum(numbers: ["1"])})",
        "{echo(at: 5)}",
        R"({echo(at: "soon")})",
        "{echo(at: {x: 1})}",
        "{find(filter: 1)}",
        "{find(filter: [])}",
        "{echo(int: [1])}",
        "query ($a: Int = \"1\") {echo(int: $a)}",
        "query ($a: Int! = null) {withDefault(number: $a)}"}},
      {"5.6.2 input fields exist",
       {"{find(filter: {name: \"x\"}) {name}}"},
       {"{find(filter: {no: 1}) {name}}"}},
      {"5.6.3 input fields are unique",
       {"{find(filter: {age: 1, and: {age: 1}}) {name}}"},
       {"{find(filter: {age: 1, age: 1}) {name}}"}},
      {"5.6.4 input fields are not missing",
       {"{need(input: {id: 1})}", "{find(filter: {}) {name}}"},
       {"{need(input: {note: \"x\"})}", "{need(input: {id: null})}",
        "{find(filter: {age: null}) {name}}"}},
      {"5.7.1 directives exist",
       {"{dog @once {name}}"},
       {"{dog @no {name}}", "query @no {__typename}"}},
      {"5.7.2 directives are where they may be",
       {"query ($a: ID @once) @once {dog(id: $a) {... @once {name} ...F @once}} fragment F on Dog "
        "@once {name}"},
       {"query @skip(if: true) {__typename}", "mutation @once {__typename}",
        "query ($a: ID @tag(name: \"x\")) {dog(id: $a) {name}}",
        "{... @tag(name: \"x\") {__typename}}", "{dog {name @deprecated}}"}},
      {"5.7.3 directives are unique, but for repeatable ones",
       {R"({dog @tag(name: "a") @tag(name: "b") {name}})", "{dog @once {name @once}}"},
       {"{dog @once @once {name}}", "{dog @skip(if: true) @skip(if: true) {name}}"}},
      {"5.8.1 variables are unique",
       {"query ($a: ID, $b: Int) {dog(id: $a) {name} echo(int: $b)}"},
       {"query ($a: ID, $a: ID) {dog(id: $a) {name}}"}},
      {"5.8.2 variables are of input types",
       {"query ($a: Filter, $b: [Trick!]) {find(filter: $a) {name} more: find(filter: {tricks: "
        "$b}) {name}}"},
       {"query ($a: Dog) {echo(id: $a)}", "query ($a: No) {echo(id: $a)}",
        "query ($a: [Pet!]) {echo(id: $a)}"}},
      {"5.8.3 variables are defined",
       {"query ($a: ID) {dog(id: $a) {...F}} fragment F on Dog {name @skip(if: true)}"},
       {"{dog(id: $a) {name}}", "query A($a: ID) {dog(id: $a) {name}} query B {dog(id: $a) {name}}",
        "query ($a: ID) {dog(id: $a) {...F}} fragment F on Dog {name @skip(if: $b)}",
        "{dog {...F}} fragment F on Dog {...G} fragment G on Dog {name @skip(if: $b)}",
        "{find(filter: {and: {age: $x}}) {name}}", "query @once {sum(numbers: [1, $x])}"}},
      {"5.8.4 variables are used",
       {"query ($a: Boolean!) {dog {...F}} fragment F on Dog {name @skip(if: $a)}"},
       {"query ($a: ID) {dog {name}}",
        "query A($a: ID) {dog(id: $a) {name}} query B($a: ID) {dog {name}}"}},
      {"5.8.5 variables fit where they stand",
       {"query ($a: Int!) {echo(int: $a)}", "query ($a: Int = 1) {withDefault(number: $a)}",
        "query ($a: Int) {withDefault(number: $a)}", "query ($a: [Int!]!) {sum(numbers: $a)}",
        "query ($a: Int!) {sum(numbers: [$a])}", "query ($a: [Int!]) {maybe(numbers: $a)}",
        "query ($a: Int) {find(filter: {age: $a}) {name}}",
        "query ($a: Boolean = true) {dog @skip(if: $a) {name}}"},
       {"query ($a: String) {echo(int: $a)}", "query ($a: [Int]) {sum(numbers: $a)}",
        "query ($a: Int) {sum(numbers: $a)}", "query ($a: [Int!]) {sum(numbers: $a)}",
        "query ($a: Int) {sum(numbers: [$a])}", "query ($a: Boolean) {dog @skip(if: $a) {name}}",
        "query ($a: Boolean = null) {dog @skip(if: $a) {name}}",
        "query ($a: Float) {echo(int: $a)}", "query ($a: [Int]) {echo(int: $a)}",
        "query ($a: ID) {need(input: {id: $a})}",
        "query ($a: Int) {dog {...F}} fragment F on Dog {name @skip(if: $a)}"}},
  };
  return all;
}

// Leaf selections are noise in most examples above: `{find(...)}` is about its argument.
std::string completed(std::string text) {
  for (const std::string call :
       {"find(filter: {tricks: SIT})", "find(filter: 1)", "find(filter: [])"}) {
    if (const auto at = text.find(call + "}"); at != std::string::npos) {
      text.insert(at + call.size(), " {name}");
    }
  }
  return text;
}

}  // namespace

TEST_CASE("every rule of section 5 lets good documents pass and refuses bad ones") {
  for (const Rule& rule : rules()) {
    INFO(rule.name);
    for (const std::string& text : rule.good) {
      INFO(text);
      CHECK(problem_of(completed(text)) == "");
    }
    for (const std::string& text : rule.bad) {
      INFO(text);
      CHECK(problem_of(completed(text)).starts_with("GRAPHQL_VALIDATION_FAILED: "));
    }
  }
}

TEST_CASE("problems tell all places they concern, and only so many are told") {
  const auto schema = pets_schema();
  const Limits limits{.errors_max = 3};
  const auto document =
      parse_executable("query A {a b c d e}\nquery A {__typename}", limits).value();
  const auto valid = validate(*schema, *document, limits);
  REQUIRE_FALSE(valid);
  REQUIRE(valid.error().problems.size() == 3);
  CHECK(valid.error().problems[0].locations == std::vector<Location>{{1, 7}, {2, 7}});
  CHECK(valid.error().problems[1].locations == std::vector<Location>{{1, 10}});
}

TEST_CASE("messages suggest nothing") {
  CHECK(problem_of("{dogs {name}}") ==
        "GRAPHQL_VALIDATION_FAILED: type \"Query\" has no field \"dogs\"");
  CHECK(problem_of("{echo(trick: SITT)}").find("SIT ") == std::string::npos);
}

}  // namespace cpc::graphql
