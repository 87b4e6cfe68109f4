// What foreign JSON can and cannot do to us.

#include "federation/strict_json.h"

#include <catch2/catch.hpp>
#include <set>

#include "tests/unit/crypto/vectors.h"

namespace cpc::federation {
namespace {

using crypto::print_count;
using crypto::published_vectors;

constexpr JsonLimits floats{.allow_floats = true};

ErrorCode refusal(std::string_view text, const JsonLimits& limits = {}) {
  const auto read = parse_strict_json(text, limits);
  REQUIRE_FALSE(read.has_value());
  return read.error().code;
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  all.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

std::string nested_arrays(std::size_t depth) {
  return repeated("[", depth) + repeated("]", depth);
}

std::string read_whole(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace

TEST_CASE("what our peers send is read as it is written") {
  const auto read = parse_strict_json(R"( {"b":[1,-2,9007199254740991,-9007199254740991],)"
                                      R"("a":{"t":true,"n":null,"s":"\u00e9\ud83d\ude00"}} )");
  REQUIRE(read.has_value());
  CHECK(compact_json(read.value()) ==
        "{\"a\":{\"n\":null,\"s\":\"\xC3\xA9\xF0\x9F\x98\x80\",\"t\":true},"
        "\"b\":[1,-2,9007199254740991,-9007199254740991]}");
  CHECK(parse_strict_json("7").value() == 7);
  CHECK(parse_strict_json("\"\"").value() == "");
  CHECK(parse_strict_json("[{\"a\":[]},{\"a\":[{}]}]").value().size() == 2);
}

TEST_CASE("no key comes twice, however it is spelt and however deep it lies") {
  CHECK(refusal(R"({"a":1,"a":1})") == ErrorCode::invalid);
  CHECK(refusal(R"({"from":1,"\u0066rom":2})") == ErrorCode::invalid);
  CHECK(refusal(R"([{"x":{"b":1,"c":2,"b":{}}}])") == ErrorCode::invalid);
  CHECK(parse_strict_json(R"({"a":{"a":1},"b":{"a":1}})").has_value());
}

TEST_CASE("an integer that another reader might round is refused, with floats or without") {
  for (const auto* text :
       {"9007199254740992", "-9007199254740992", "9007199254740993", "18446744073709551615",
        "18446744073709551616", "-9223372036854775809", "123123123123123123123123123"}) {
    INFO(text);
    CHECK(refusal(text) == ErrorCode::invalid);
    CHECK(refusal(text, floats) == ErrorCode::invalid);
  }
}

TEST_CASE("fractions, exponents and minus zero are read only where floats are allowed") {
  for (const auto* text : {"1.0", "1e0", "-0", "0.5", "1E2", "-0.0", "1.0000000000000001"}) {
    INFO(text);
    CHECK(refusal(text) == ErrorCode::invalid);
    CHECK(parse_strict_json(text, floats).has_value());
  }
  CHECK(refusal("1e400", floats) == ErrorCode::invalid);
  CHECK(refusal("-1e400", floats) == ErrorCode::invalid);
}

TEST_CASE("what stands before or after the value is refused") {
  for (const auto* text : {"{}x", "{}{}", "1 1", "\xEF\xBB\xBF{}", "{}//", "/**/{}", "", " "}) {
    INFO(text);
    CHECK(refusal(text) == ErrorCode::invalid);
  }
  CHECK(refusal(std::string_view{"{}\0", 3}) == ErrorCode::invalid);
  CHECK(refusal(std::string_view{"{}\0garbage", 10}) == ErrorCode::invalid);
}

TEST_CASE("text that is not UTF-8, or names half a character, is refused") {
  for (const auto* text : {"\"\\ud800\"", "\"\\udc00\"", "\"\\udc00\\ud800\"", "\"\\ud800x\"",
                           "\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"",
                           "\"\xe2\x82\"", "{\"\\udc00\":1}"}) {
    CHECK(refusal(text) == ErrorCode::invalid);
  }
}

TEST_CASE("depth, size and number of values have a limit, and the limit itself is allowed") {
  CHECK(parse_strict_json(nested_arrays(16)).has_value());
  CHECK(refusal(nested_arrays(17)) == ErrorCode::too_large);
  CHECK(refusal(repeated("{\"a\":", 17) + "1" + repeated("}", 17)) == ErrorCode::too_large);
  CHECK(parse_strict_json(nested_arrays(3), {.depth_max = 3}).has_value());
  CHECK(refusal(nested_arrays(4), {.depth_max = 3}) == ErrorCode::too_large);
  CHECK(parse_strict_json("[1,2,3]", {.values_max = 4}).has_value());
  CHECK(refusal("[1,2,3,4]", {.values_max = 4}) == ErrorCode::too_large);
  CHECK(parse_strict_json("[1,2]", {.bytes_max = 5}).has_value());
  CHECK(refusal("[1,2] ", {.bytes_max = 5}) == ErrorCode::too_large);
}

TEST_CASE("hostile shapes come to an end, and need no stack") {
  const JsonLimits wide{.bytes_max = 64 * 1024 * 1024, .values_max = 100'000};
  CHECK(refusal(repeated("[", 10'000'000), wide) == ErrorCode::too_large);
  CHECK(refusal("1" + repeated("0", 10'000'000), wide) == ErrorCode::invalid);
  CHECK(refusal("1e" + repeated("1", 1'000'000), wide) == ErrorCode::invalid);
  std::string many = "{";
  for (int i = 0; i < 200'000; ++i) many += "\"" + std::to_string(i) + "\":1,";
  CHECK(refusal(many + "\"x\":1}", wide) == ErrorCode::too_large);
  CHECK(refusal("\"" + repeated("\\u0000", 5'000'000) + "\"") == ErrorCode::too_large);
  // Without our limit the depth would be the library's: it must not recurse, nor may freeing it.
  CHECK(parse_strict_json(nested_arrays(200'000), {.depth_max = 1'000'000, .values_max = 1'000'000})
            .has_value());
}

TEST_CASE("a refusal never quotes what it refuses") {
  for (const auto* text :
       {"{\"secret\":1,\"secret\":2}", "secret", "[1, secret]", "{\"secret\":1.5}"}) {
    const auto read = parse_strict_json(text);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().detail.find("secret") == std::string::npos);
  }
}

TEST_CASE("JSONTestSuite: y is accepted unless we are stricter, n is refused, i never crashes") {
  const char* const named = std::getenv("CPC_VECTORS");
  const std::filesystem::path folder =
      std::filesystem::path{named != nullptr ? named : "../shared/vectors"} / "JSONTestSuite";
  if (!std::filesystem::exists(folder)) {
    WARN("ran WITHOUT JSONTestSuite: not in " << folder << ", set CPC_VECTORS to its folder");
    return;
  }
  // Valid JSON that we refuse on purpose.
  const std::set<std::string> stricter = {"y_object_duplicated_key.json",
                                          "y_object_duplicated_key_and_value.json"};
  std::size_t cases = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{folder}) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() != ".json") continue;
    INFO(name);
    const std::string text = read_whole(entry.path());
    const auto read = parse_strict_json(text, floats);
    const auto integers_only = parse_strict_json(text);
    if (name.starts_with("y_")) CHECK(read.has_value() == !stricter.contains(name));
    if (name.starts_with("n_")) CHECK_FALSE(read.has_value());
    if (!read) CHECK_FALSE(integers_only.has_value());
    if (read) CHECK(parse_strict_json(compact_json(read.value()), floats).has_value());
    ++cases;
  }
  print_count("JSONTestSuite", cases);
  CHECK(cases == 340);
}

TEST_CASE("hostile JSON is refused, or left to those who know which members there may be") {
  const auto file = published_vectors("json/hostile_json.json");
  if (!file) return;
  // Sound JSON objects: the decoder of an envelope refuses their members, this reader cannot.
  const std::set<std::string> sound = {"key case twins",    "key NUL suffix", "NFC/NFD twins",
                                       "DEL and C1",        "U+2028",         "noncharacter",
                                       "__proto__",         "constructor",    "whitespace differs",
                                       "key order differs", "escaped slash",  "escaped ASCII"};
  std::size_t cases = 0;
  for (const auto& test : file->at("tests")) {
    const std::string name = test.at("name");
    INFO(name);
    const auto read = parse_strict_json(test.at("text").get<std::string>());
    const bool accepted = read && JsonObject::of(read.value(), "envelope");
    CHECK(accepted == sound.contains(name));
    ++cases;
  }
  print_count("hostile_json", cases);
}

TEST_CASE("a member is taken out by name, type and bound, or its name is in the refusal") {
  const auto json = parse_strict_json(
      R"({"s":"four","i":7,"b":true,"o":{"k":1},"a":[1,2],"t":["x","yy"],"d":"AAEC","n":null})");
  const JsonObject object = JsonObject::of(json.value(), "hello").value();
  const auto refused = [](const auto& result, std::string_view detail) {
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == ErrorCode::invalid);
    CHECK(result.error().detail == detail);
  };

  CHECK(object.string("s", 4).value() == "four");
  refused(object.string("s", 3), "hello: s is too long");
  refused(object.string("i", 9), "hello: i is not a string");
  refused(object.string("missing", 9), "hello: missing is missing");
  const auto nul = parse_strict_json(R"({"s":"a\u0000b"})");
  refused(JsonObject::of(nul.value(), "hello").value().string("s", 9), "hello: s holds NUL");
  CHECK(object.integer("i", 7, 7).value() == 7);
  refused(object.integer("i", 8, 9), "hello: i is out of range");
  refused(object.integer("i", 0, 6), "hello: i is out of range");
  refused(object.integer("s", 0, 6), "hello: s is not an integer");
  refused(object.integer("b", 0, 6), "hello: b is not an integer");
  CHECK(object.boolean("b").value());
  refused(object.boolean("i"), "hello: i is not true or false");
  CHECK(object.object("o").value().integer("k", 1, 1).value() == 1);
  refused(object.object("o").value().integer("z", 1, 1), "o: z is missing");
  refused(object.object("a"), "hello: a is not an object");
  CHECK(object.array("a", 2).value().size() == 2);
  refused(object.array("a", 1), "hello: a has too many items");
  refused(object.array("o", 1), "hello: o is not an array");
  CHECK(object.strings("t", 2, 2).value() == std::vector<std::string>{"x", "yy"});
  refused(object.strings("t", 2, 1), "hello: t holds a string that is too long");
  refused(object.strings("a", 2, 1), "hello: a holds something that is not a string");
  CHECK(object.base64url("d", 3).value() == std::string_view("\0\1\2", 3));
  refused(object.base64url("d", 2), "hello: d is too long");
  refused(object.base64url("s", 1), "hello: s is too long");
  using Three = Id<3, struct ThreeTag>;
  using Two = Id<2, struct TwoTag>;
  CHECK(object.id<Three>("d").value().octets[2] == 2);
  CHECK_FALSE(object.id<Two>("d").has_value());
  refused(object.id<Id<4, struct FourTag>>("d"), "hello: d has the wrong length");
  CHECK(object.has("n"));
  CHECK_FALSE(object.has("x"));
  CHECK(object.value("n").value()->is_null());
  CHECK(object.only({"s", "i", "b", "o", "a", "t", "d", "n"}).has_value());
  refused(object.only({"s", "i", "b", "o", "a", "t", "d"}), "hello: an unknown member");
  refused(JsonObject::of(json.value()["a"], "hello"), "hello: not an object");
}

TEST_CASE("what we send never throws, even when a text of ours is not UTF-8") {
  CHECK(compact_json({{"b", 1}, {"a", "\xff"}}) == "{\"a\":\"\xEF\xBF\xBD\",\"b\":1}");
}

}  // namespace cpc::federation
