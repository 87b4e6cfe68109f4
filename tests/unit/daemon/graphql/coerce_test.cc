#include "daemon/graphql/coerce.h"

#include <catch2/catch.hpp>

#include "tests/unit/daemon/graphql/pets.h"

namespace cpc::graphql {
namespace {

// The coerced variables of `query (definitions)`, or the message of the refusal.
Json coerced(const std::string& definitions, const Json& given) {
  const auto schema = pets_schema();
  const auto document = parse_executable("query (" + definitions + ") {a}", {}).value();
  const auto variables = coerce_variables(*schema, *document, document->operations[0], given, {});
  if (variables) return variables.value();
  CHECK(variables.error().problems[0].code == code::bad_user_input);
  return variables.error().problems[0].message;
}

}  // namespace

TEST_CASE("variables keep apart what is absent, null and a default") {
  CHECK(coerced("$a: Int", {}) == Json::object());
  CHECK(coerced("$a: Int", {{"a", nullptr}}) == Json{{"a", nullptr}});
  CHECK(coerced("$a: Int = 5", {}) == Json{{"a", 5}});
  CHECK(coerced("$a: Int = 5", {{"a", nullptr}}) == Json{{"a", nullptr}});
  CHECK(coerced("$a: Int! = 5", {}) == Json{{"a", 5}});
  CHECK(coerced("$a: Int!", {}) == R"(variable "$a": expected a value of type "Int!")");
  CHECK(coerced("$a: Int!", {{"a", nullptr}}).is_string());
  CHECK(coerced("$a: Int", {{"unknown", 1}}) == Json::object());
  CHECK(coerced("$a: Int", Json::array()).is_string());
}

TEST_CASE("scalars take what is theirs") {
  const auto takes = [](const std::string& type, const Json& value) {
    const Json answer = coerced("$a: " + type, {{"a", value}});
    return answer.is_object() ? answer["a"] : Json("refused");
  };
  CHECK(takes("Int", 2147483647) == 2147483647);
  CHECK(takes("Int", -2147483648LL) == -2147483648LL);
  CHECK(takes("Int", 2147483648LL) == "refused");
  CHECK(takes("Int", std::uint64_t{1} << 63) == "refused");
  CHECK(takes("Int", 1.5) == "refused");
  CHECK(takes("Int", "1") == "refused");
  CHECK(takes("Int", true) == "refused");
  CHECK(takes("Float", 1) == 1.0);
  CHECK(takes("Float", 1.5) == 1.5);
  CHECK(takes("Float", "1") == "refused");
  CHECK(takes("String", "x") == "x");
  CHECK(takes("String", 1) == "refused");
  CHECK(takes("Boolean", true) == true);
  CHECK(takes("Boolean", 0) == "refused");
  CHECK(takes("ID", "x") == "x");
  CHECK(takes("ID", 12) == "12");
  CHECK(takes("ID", 1.5) == "refused");
  CHECK(takes("Trick", "SIT") == "SIT");
  CHECK(takes("Trick", "FLY") == "refused");
  CHECK(takes("Trick", 1) == "refused");
}

TEST_CASE("lists take single values as lists of one") {
  CHECK(coerced("$a: [Int]", {{"a", {1, nullptr}}}) == Json{{"a", {1, nullptr}}});
  CHECK(coerced("$a: [Int]", {{"a", 1}}) == Json{{"a", Json{1}}});
  CHECK(coerced("$a: [[Int]]", {{"a", 1}}) == Json::parse(R"({"a": [[1]]})"));
  CHECK(coerced("$a: [Int]", {{"a", nullptr}}) == Json{{"a", nullptr}});
  CHECK(coerced("$a: [Int!]", {{"a", {1, nullptr}}}) ==
        R"(variable "$a"[1]: expected a value of type "Int!")");
}

TEST_CASE("input objects get their defaults, and tell where they are wrong") {
  CHECK(coerced("$f: Filter", {{"f", {{"name", "x"}}}}) ==
        Json::parse(R"({"f": {"name": "x", "tricks": ["SIT"], "age": 3}})"));
  CHECK(coerced("$f: Filter", {{"f", {{"and", {{"age", "x"}}}}}}) ==
        R"(variable "$f".and.age: expected a value of type "Int!")");
  CHECK(coerced("$f: Filter", {{"f", {{"no", 1}}}}).is_string());
  CHECK(coerced("$f: Filter", {{"f", 1}}).is_string());
  CHECK(coerced("$r: Required", {{"r", Json::object()}}) ==
        R"(variable "$r".id: expected a value of type "ID!")");
  CHECK(coerced("$r: Required", {{"r", {{"id", 1}, {"note", nullptr}}}}) ==
        Json::parse(R"({"r": {"id": "1", "note": null}})"));
}

TEST_CASE("arguments are made of literals, variables and defaults") {
  const auto schema = pets_schema();
  const auto args = [&](const std::string& field, const Json& variables) {
    const auto document = parse_executable("{" + field + "}", {}).value();
    const ast::Selection& selection = document->operations[0].selections[0];
    const Field& definition = *schema->root(OperationKind::query)->fields.find(selection.name.text);
    const auto coerced = coerce_arguments(definition.arguments, selection.arguments, variables);
    return coerced ? coerced.value() : Json("refused");
  };
  const Json none = Json::object();
  CHECK(args("dog", none) == none);
  CHECK(args("dog(id: 12345678901234567890123)", none) == Json{{"id", "12345678901234567890123"}});
  CHECK(args("dog(id: $a)", none) == none);
  CHECK(args("dog(id: $a)", {{"a", "x"}}) == Json{{"id", "x"}});
  CHECK(args("withDefault", none) == Json{{"number", 5}});
  CHECK(args("withDefault(number: $a)", none) == Json{{"number", 5}});
  CHECK(args("withDefault(number: $a)", {{"a", nullptr}}) == "refused");
  CHECK(args("maybe(numbers: [1, $a, $b])", {{"a", 2}}) ==
        Json::parse(R"({"numbers": [1, 2, null]})"));
  CHECK(args("find(filter: {age: $a, tricks: JUMP, name: $n})", {{"a", 4}}) ==
        Json::parse(R"({"filter": {"age": 4, "tricks": ["JUMP"]}})"));
  CHECK(args(R"(echo(at: "1970-01-01T00:00:01Z", text: """block"""))", none) ==
        Json{{"at", 1000}, {"text", "block"}});
}

TEST_CASE("leaves leave as what their type says, or not at all") {
  const auto schema = pets_schema();
  const auto out = [&](const char* type, const Json& value) {
    return serialise_leaf(*schema->find(type), value).value_or(Json("refused"));
  };
  CHECK(out("Int", 3.0) == 3);
  CHECK(out("Int", 3.5) == "refused");
  CHECK(out("Int", 1LL << 40) == "refused");
  CHECK(out("Float", 3) == 3.0);
  CHECK(out("String", 3) == "refused");
  CHECK(out("ID", 3) == "3");
  CHECK(out("Boolean", "true") == "refused");
  CHECK(out("Trick", "SIT") == "SIT");
  CHECK(out("Trick", "NO") == "refused");
}

TEST_CASE("DateTime is RFC 3339 outside and milliseconds inside") {
  const Scalar scalar = date_time_scalar();
  const auto in = [&](const char* text) {
    const auto parsed = scalar.parse(Json(text));
    return parsed ? parsed.value() : Json("refused");
  };
  const auto out = [&](const Json& value) {
    const auto serialised = scalar.serialise(value);
    return serialised ? serialised.value() : Json("refused");
  };
  CHECK(in("1970-01-01T00:00:00Z") == 0);
  CHECK(in("1969-12-31T23:59:59.999Z") == -1);
  CHECK(in("2026-11-22T16:09:05.1239+01:00") == 1795360145123);
  CHECK(in("2026-11-22t15:09:05.1z") == 1795360145100);
  CHECK(in("2024-02-29T00:00:00-00:30") == 1709166600000);
  for (const char* text :
       {"", "2026-11-22", "2026-11-22T15:09Z", "2026-11-22T15:09:05", "2026-02-30T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T15:60:00Z",
        "2026-11-22T15:09:60Z", "2026-11-22T15:09:05.Z", "2026-11-22T15:09:05+1:00",
        " 2026-11-22T15:09:05Z", "2026-11-22T15:09:05Zx", "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00", "2026-00-01T00:00:00Z", "+026-11-22T15:09:05Z"}) {
    INFO(text);
    CHECK(in(text) == "refused");
  }
  CHECK(out(0) == "1970-01-01T00:00:00.000Z");
  CHECK(out(-1) == "1969-12-31T23:59:59.999Z");
  CHECK(out(1795360145123) == "2026-11-22T15:09:05.123Z");
  CHECK(out(253402300799999) == "9999-12-31T23:59:59.999Z");
  CHECK(out(253402300800000) == "refused");
  CHECK(out("2026") == "refused");
}

}  // namespace cpc::graphql
