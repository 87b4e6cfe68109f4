// Structured fields against the published vectors, and where we are stricter.

#include "federation/structured_fields.h"

#include <catch2/catch.hpp>
#include <set>

#include "tests/unit/crypto/vectors.h"

namespace cpc::federation {
namespace {

using nlohmann::json;

ErrorCode refusal(std::string_view text, const FieldLimits& limits = {}) {
  const auto read = parse_field_dictionary(text, limits);
  REQUIRE_FALSE(read.has_value());
  return read.error().code;
}

std::string round_trip(std::string_view text) {
  const auto read = parse_field_dictionary(text);
  REQUIRE(read.has_value());
  return serialise(read.value());
}

// The vectors write octets in base32 (RFC 4648 section 6).
Bytes from_base32(std::string_view text) {
  Bytes raw;
  std::uint32_t window = 0;
  int bits = 0;
  for (const char letter : text) {
    if (letter == '=') break;
    window = (window << 5) |
             static_cast<std::uint32_t>(letter <= '7' ? letter - '2' + 26 : letter - 'A');
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    raw.push_back(static_cast<char>((window >> bits) & 255));
  }
  return raw;
}

// Whether an expected value lies in our subset; decimals, dates and display strings do not.
bool in_subset(const json& expected) {
  if (expected.is_number_float()) return false;
  if (expected.is_object()) {
    return expected.at("__type") == "token" || expected.at("__type") == "binary";
  }
  if (!expected.is_array()) return true;
  return std::all_of(expected.begin(), expected.end(), in_subset);
}

bool same(const FieldValue& value, const json& expected) {
  if (expected.is_boolean()) return value == FieldValue{expected.get<bool>()};
  if (expected.is_number_integer()) return value == FieldValue{expected.get<std::int64_t>()};
  if (expected.is_string()) return value == FieldValue{expected.get<std::string>()};
  if (expected.at("__type") == "token") {
    return value == FieldValue{FieldToken{expected.at("value").get<std::string>()}};
  }
  return value == FieldValue{FieldBytes{from_base32(expected.at("value").get<std::string>())}};
}

bool same(const FieldParameters& parameters, const json& expected) {
  if (parameters.size() != expected.size()) return false;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i].key != expected[i][0] || !same(parameters[i].value, expected[i][1])) {
      return false;
    }
  }
  return true;
}

bool same(const FieldItem& item, const json& expected) {
  return same(item.value, expected[0]) && same(item.parameters, expected[1]);
}

bool same(const InnerList& list, const json& expected) {
  if (!expected[0].is_array() || list.items.size() != expected[0].size()) return false;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    if (!same(list.items[i], expected[0][i])) return false;
  }
  return same(list.parameters, expected[1]);
}

bool same(const FieldDictionary& dictionary, const json& expected) {
  if (dictionary.size() != expected.size()) return false;
  for (std::size_t i = 0; i < dictionary.size(); ++i) {
    if (dictionary[i].key != expected[i][0]) return false;
    const json& value = expected[i][1];
    if (!std::visit([&](const auto& found) { return same(found, value); }, dictionary[i].value)) {
      return false;
    }
  }
  return true;
}

// One vector as a dictionary: an item becomes the value of the key `item`.
struct Case {
  std::string text;
  json expected;
  std::string canonical;
};

std::string joined(const json& lines) {
  std::string text;
  for (const json& line : lines) text += (text.empty() ? "" : ", ") + line.get<std::string>();
  return text;
}

Case as_dictionary(const json& test) {
  Case out;
  const bool is_item = test.at("header_type") == "item";
  out.text = joined(test.at("raw"));
  if (is_item)
    out.text =
        "item=" + out.text.substr(std::min(out.text.find_first_not_of(' '), out.text.size()));
  if (!test.contains("expected")) return out;
  out.expected =
      is_item ? json::array({json::array({"item", test.at("expected")})}) : test.at("expected");
  out.canonical = joined(test.value("canonical", test.at("raw")));
  if (is_item) out.canonical = out.canonical == "?1" ? "item" : "item=" + out.canonical;
  return out;
}

}  // namespace

TEST_CASE("httpwg vectors: what lies in the subset reads and writes as published") {
  // Left out: date.json, display-string.json (RFC 9651 types no signature uses), list.json,
  // listlist.json, param-list.json, param-listlist.json (top-level lists), and the list cases of
  // the files below. An item may not end with a tab; a member of a dictionary may.
  const std::set<std::string> stricter = {"duplicate key dictionary"};
  std::size_t ran = 0;
  std::size_t beyond = 0;
  for (const auto* name : {"binary", "boolean", "dictionary", "examples", "item", "number",
                           "param-dict", "string", "token"}) {
    const auto file = crypto::published_vectors("structured-fields/" + std::string{name} + ".json");
    if (!file) return;
    for (const json& test : *file) {
      if (test.at("header_type") == "list" || test.at("name") == "trailing space") continue;
      const Case one = as_dictionary(test);
      INFO(name << ": " << test.at("name") << ": " << one.text);
      const auto read = parse_field_dictionary(one.text);
      ++ran;
      const bool refused = test.value("must_fail", false) || stricter.contains(test.at("name"));
      if (refused || !in_subset(one.expected)) {
        CHECK_FALSE(read.has_value());
        if (!refused) ++beyond;
        continue;
      }
      if (!read && test.value("can_fail", false)) continue;
      REQUIRE(read.has_value());
      CHECK(same(read.value(), one.expected));
      CHECK(serialise(read.value()) == one.canonical);
    }
  }
  crypto::print_count("structured-fields", ran);
  CHECK(ran == 137);
  CHECK(beyond < 30);
}

TEST_CASE("a signature's fields survive reading and writing unchanged") {
  for (const std::string text :
       {R"(fed=("@method" "@path" "content-digest");created=1618884473;keyid="k";tag="cpc-fed-1")",
        R"(fed=("signature";req;key="fed"))", R"(a=:aGVsbG8=:;b;c=?0, d=tok/en;e=-1, f, g=())",
        R"(a="quote \" and \\ slash")"}) {
    CHECK(round_trip(text) == text);
  }
}

TEST_CASE("a key that comes twice is refused, where the RFC would take the last") {
  CHECK(refusal("fed=1, other=2, fed=3") == ErrorCode::invalid);
  CHECK(refusal("fed=1;a=1;a=2") == ErrorCode::invalid);
  CHECK(refusal("fed=(1;a;a)") == ErrorCode::invalid);
}

TEST_CASE("types outside the subset are refused, not rounded or skipped") {
  for (const auto* text :
       {"a=1.5", "a=@1659578233", "a=%\"f%c3%bc\"", "a=1e3", "a=((1))", "a=(1", "a=(1,2)",
        "a=\"\xc3\xa9\"", "a=\"x", "a=:AA", "a=", "a=;b", "A=1", "=1", ",", "a=1 b=2", "a=1\n"}) {
    INFO(text);
    CHECK(refusal(text) == ErrorCode::invalid);
  }
}

TEST_CASE("a field has a limit of size and of members, and the limit itself is allowed") {
  CHECK(parse_field_dictionary("a,b,c", {.members_max = 3}).has_value());
  CHECK(refusal("a,b,c,d", {.members_max = 3}) == ErrorCode::too_large);
  CHECK(refusal("a=(1 2 3 4)", {.members_max = 3}) == ErrorCode::too_large);
  CHECK(refusal("a;p;q;r;s", {.members_max = 3}) == ErrorCode::too_large);
  CHECK(parse_field_dictionary("a=1", {.bytes_max = 3}).has_value());
  CHECK(refusal("a=12", {.bytes_max = 3}) == ErrorCode::too_large);
}

}  // namespace cpc::federation
