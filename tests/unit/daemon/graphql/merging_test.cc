// Section 5.3.2 of the specification.

#include <catch2/catch.hpp>

#include "tests/unit/daemon/graphql/pets.h"

namespace cpc::graphql {

TEST_CASE("fields that are the same merge") {
  const std::string text = GENERATE(values<std::string>({
      "{dog {name name}}",
      "{dog {n: name n: name}}",
      "{dog {knows(trick: SIT) knows(trick: SIT)}}",
      "query ($t: Trick!) {dog {knows(trick: $t) knows(trick: $t)}}",
      "{dog {owner {name}} dog {owner {name pets {name}}}}",
      // What cannot be the same object may differ, if the shape of the answer stays one.
      "{pet {... on Dog {x: barks} ... on Cat {x: meows}}}",
      "{pet {... on Dog {f: friends(first: 1) {name}} ... on Cat {f: friends(first: 2) {name}}}}",
      "{dog {...F ...F}} fragment F on Dog {name}",
  }));
  INFO(text);
  CHECK(problem_of(text) == "");
}

TEST_CASE("fields that differ do not merge") {
  const std::string text = GENERATE(values<std::string>({
      "{dog {name: volume name}}",
      "{dog {x: name x: barks}}",
      "{dog {knows(trick: SIT) knows(trick: JUMP)}}",
      "{dog {friends {name} friends(first: 1) {name}}}",
      "query ($a: Trick!, $b: Trick!) {dog {knows(trick: $a) knows(trick: $b)}}",
      "{dog {owner {x: name}} dog {owner {x: __typename}}}",
      "{dog {...A ...B}} fragment A on Dog {x: name} fragment B on Dog {x: volume}",
      "{pet {name ... on Dog {name: volume}}}",
      "{pet {x: name ... on Dog {x: __typename}}}",
      // Shapes: Int against String, non-null against nullable, list against object, below too.
      "{pet {... on Dog {volume} ... on Cat {volume}}}",
      "{pet {... on Dog {x: barks} ... on Cat {x: volume}}}",
      "{creature {... on Dog {x: owner {name}} ... on Person {x: pets {name}}}}",
      R"({creature {... on Dog {f: friends {x: name}}
                   ... on Cat {f: friends {x: __typename ... on Dog {x: volume}}}}})",
  }));
  INFO(text);
  CHECK(problem_of(text).starts_with("GRAPHQL_VALIDATION_FAILED: fields"));
}

TEST_CASE("thousands of fields of one name do not keep the merging busy for ever") {
  std::string text = "{dog {";
  for (int i = 0; i < 5000; ++i) text += "name ";
  const Limits limits{.tokens_max = 100'000};
  CHECK(problem_of(text + "}}", limits) == "");
}

TEST_CASE("documents made to keep the merging busy are refused") {
  std::string text = "{pet {...F0}}";
  for (int i = 0; i < 20; ++i) {
    const std::string next = i < 19 ? "...F" + std::to_string(i + 1) : "name";
    const std::string below = " {" + next + " friends {" + next + "}}";
    text += " fragment F" + std::to_string(i) + " on Pet {friends" + below +
            " ... on Dog {friends" + below + "} ... on Cat {friends" + below + "}}";
  }
  const Limits limits{.tokens_max = 100'000, .nesting_max = 200, .depth_max = 200};
  const std::string problem = problem_of(text, limits);
  CHECK((problem.empty() || problem.starts_with("QUERY_TOO_COMPLEX")));
}

TEST_CASE("merging stops at its bound") {
  CHECK(problem_of("{dog {name name name}}", {.merge_steps_max = 5})
            .starts_with("QUERY_TOO_COMPLEX"));
  CHECK(problem_of("{dog {name name name}}", {.merge_steps_max = 20}) == "");
}

}  // namespace cpc::graphql
