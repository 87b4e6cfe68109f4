#include "daemon/graphql/introspection.h"

#include <catch2/catch.hpp>

#include "tests/unit/daemon/graphql/run.h"

namespace cpc::graphql {
namespace {

// What GraphiQL and most other tools send (graphql-js, getIntrospectionQuery with all options).
constexpr const char* tool_query = R"(
query IntrospectionQuery {
  __schema {
    description
    queryType { name kind } mutationType { name kind } subscriptionType { name kind }
    types { ...FullType }
    directives { name description isRepeatable locations
      args(includeDeprecated: true) { ...InputValue } }
  }
}
fragment FullType on __Type {
  kind name description specifiedByURL
  fields(includeDeprecated: true) {
    name description
    args(includeDeprecated: true) { ...InputValue }
    type { ...TypeRef }
    isDeprecated deprecationReason
  }
  inputFields(includeDeprecated: true) { ...InputValue }
  interfaces { ...TypeRef }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
  possibleTypes { ...TypeRef }
}
fragment InputValue on __InputValue {
  name description type { ...TypeRef } defaultValue isDeprecated deprecationReason
}
fragment TypeRef on __Type {
  kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
  ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
  }}}}}}}}}
}
)";

boost::asio::awaitable<Outcome> nothing(FieldCall) {
  co_return Json{};
}
boost::asio::awaitable<SourceOutcome> no_source(FieldCall) {
  co_return FieldError{"", ""};
}

Answer introspect_pets(const std::string& text) {
  Setup setup;
  setup.sdl = std::string{pets_sdl};
  setup.scalars = {{"DateTime", date_time_scalar()}};
  const auto engine = std::move(Engine::build(std::move(setup))).value();
  for (const OperationKind kind : {OperationKind::query, OperationKind::mutation}) {
    const Type& root = *engine->schema().root(kind);
    for (const auto& field : root.fields) engine->resolve(root.name, field.name, nothing);
  }
  for (const auto& field : engine->schema().root(OperationKind::subscription)->fields) {
    engine->stream(field.name, no_source);
  }
  REQUIRE(engine->check());
  return ask(*engine, {text, "", {}, true});
}

Answer named(const Answer& list, const std::string& name) {
  for (const Answer& item : list) {
    if (item.at("name") == name) return item;
  }
  return {};
}

}  // namespace

TEST_CASE("the query of the tools is answered in full, within the default limits") {
  const Answer answer = introspect_pets(tool_query);
  REQUIRE_FALSE(answer.contains("errors"));
  const Answer& schema = answer["data"]["__schema"];
  CHECK(schema["queryType"].dump() == R"({"name":"Query","kind":"OBJECT"})");
  CHECK(schema["mutationType"]["name"] == "Mutation");

  const Answer dog = named(schema["types"], "Dog");
  CHECK(dog["kind"] == "OBJECT");
  CHECK(dog["interfaces"].size() == 2);
  CHECK(dog["possibleTypes"].is_null());
  CHECK(dog["inputFields"].is_null());
  const Answer friends = named(dog["fields"], "friends");
  CHECK(friends["type"]["kind"] == "LIST");
  CHECK(friends["type"]["ofType"]["kind"] == "NON_NULL");
  CHECK(friends["type"]["ofType"]["ofType"]["name"] == "Pet");
  CHECK(friends["type"]["ofType"]["ofType"]["ofType"].is_null());
  CHECK(friends["args"][0]["defaultValue"] == "10");

  CHECK(named(schema["types"], "Pet")["possibleTypes"].size() == 2);
  CHECK(named(schema["types"], "Creature")["kind"] == "UNION");
  CHECK(named(schema["types"], "Creature")["fields"].is_null());
  CHECK(named(schema["types"], "DateTime")["specifiedByURL"] ==
        "https://scalars.graphql.org/andimarek/date-time");
  CHECK(named(schema["types"], "DateTime")["description"] == "When something happened.");
  CHECK(named(schema["types"], "Filter")["inputFields"][1]["defaultValue"] == "[SIT]");
  CHECK(named(named(schema["types"], "Trick")["enumValues"], "ROLL")["deprecationReason"] ==
        "dizzy");
  CHECK(named(schema["types"], "__Type")["kind"] == "OBJECT");
  CHECK(named(schema["types"], "__Meta").is_null());
  CHECK(named(schema["directives"], "tag")["isRepeatable"] == true);
  CHECK(named(schema["directives"], "skip")["locations"].size() == 3);
}

TEST_CASE("what is deprecated is shown only to those who ask for it") {
  const Answer few = introspect_pets(
      "{t: __type(name: \"Trick\") {enumValues {name}} c: __type(name: \"Cat\") {fields {name}}}");
  CHECK(few["data"]["t"]["enumValues"].size() == 2);
  CHECK(named(few["data"]["c"]["fields"], "lives").is_null());
  const Answer all = introspect_pets(
      "{t: __type(name: \"Trick\") {enumValues(includeDeprecated: true) {name}}"
      " c: __type(name: \"Cat\") {fields(includeDeprecated: true) {name isDeprecated}}}");
  CHECK(all["data"]["t"]["enumValues"].size() == 3);
  CHECK(named(all["data"]["c"]["fields"], "lives")["isDeprecated"] == true);
}

TEST_CASE("a type can be asked for by name, and need not be there") {
  CHECK(to_text(introspect_pets(
            "{a: __type(name: \"Dog\") {name __typename} b: __type(name: \"No\") {name}}")) ==
        R"({"data":{"a":{"name":"Dog","__typename":"__Type"},"b":null}})");
  CHECK(to_text(introspect_pets("query ($n: String! = \"Dog\") {__type(name: $n) {kind "
                                "fields(includeDeprecated: null) {name}}}"))
            .starts_with(R"({"data":{"__type":{"kind":"OBJECT","fields":[{"name":"name"})"));
}

}  // namespace cpc::graphql
