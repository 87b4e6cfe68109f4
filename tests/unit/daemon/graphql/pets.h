// The schema that these tests ask: small, with one of each kind.
#pragma once

#include <string>
#include <string_view>

#include "daemon/graphql/parser.h"
#include "daemon/graphql/schema.h"
#include "daemon/graphql/validation.h"

namespace cpc::graphql {

inline constexpr std::string_view pets_sdl = R"(
"When something happened."
scalar DateTime @specifiedBy(url: "https://scalars.graphql.org/andimarek/date-time")
directive @tag(name: String!) repeatable on FIELD
directive @once on FIELD | QUERY | VARIABLE_DEFINITION
  | FRAGMENT_DEFINITION | INLINE_FRAGMENT | FRAGMENT_SPREAD
enum Trick { SIT JUMP ROLL @deprecated(reason: "dizzy") }
interface Named { name: String! }
interface Pet implements Named { name: String! friends(first: Int = 10): [Pet!] }
type Dog implements Pet & Named {
  name: String!
  friends(first: Int = 10): [Pet!]
  barks: Boolean!
  volume: Int
  knows(trick: Trick!): Boolean
  owner: Person
  born: DateTime
}
type Cat implements Pet & Named {
  name: String!
  friends(first: Int = 10): [Pet!]
  meows: Boolean!
  volume: String
  lives(spare: Boolean! = false): Int @deprecated
}
type Person implements Named { name: String! pets: [Pet!]! }
union Creature = Dog | Cat | Person
input Filter {
  name: String
  tricks: [Trick!] = [SIT]
  age: Int! = 3
  since: DateTime
  and: Filter
}
input Required { id: ID! note: String }
type Query {
  dog(id: ID): Dog
  pet: Pet
  creature: Creature
  creatures: [Creature]
  find(filter: Filter, first: Int): [Pet!]
  need(input: Required!): String
  sum(numbers: [Int!]!): Int
  maybe(numbers: [Int]): Int
  echo(
    int: Int, float: Float, text: String, flag: Boolean, id: ID, trick: Trick, at: DateTime
  ): String
  withDefault(number: Int! = 5): Int
}
type Mutation { add(by: Int!): Int! fail: Int! }
type Subscription { barked(loud: Boolean = true): Dog ticks: Int! }
)";

inline std::unique_ptr<Schema> pets_schema() {
  auto schema = Schema::build(std::string{pets_sdl}, {{"DateTime", date_time_scalar()}});
  if (!schema) throw std::runtime_error{schema.error().detail};
  return std::move(schema).value();
}

/// What is wrong with `text`: "CODE: message" of the first problem, or nothing.
inline std::string problem_of(const std::string& text, const Limits& limits = {}) {
  static const std::unique_ptr<Schema> schema = pets_schema();
  const auto first = [](const Refusal& refusal) {
    const Problem& problem = refusal.problems.front();
    return problem.code + ": " + problem.message;
  };
  const auto document = parse_executable(text, limits);
  if (!document) return first(document.error());
  const auto valid = validate(*schema, *document.value(), limits);
  return valid ? "" : first(valid.error());
}

}  // namespace cpc::graphql
