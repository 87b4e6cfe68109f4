#include "core/base/bytes.h"

#include <catch2/catch.hpp>
#include <unordered_set>
#include <utility>
#include <vector>

namespace cpc {
namespace {

using ThingId = Id<4, struct ThingTag>;

/// RFC 4648 section 10.
const std::vector<std::pair<std::string, std::string>> rfc4648 = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

std::string without_padding(std::string text) {
  while (text.ends_with('=')) text.pop_back();
  return text;
}

Bytes every_octet() {
  Bytes all;
  for (int octet = 0; octet < 256; ++octet) all.push_back(static_cast<char>(octet));
  return all;
}

bool is_invalid(const Result<Bytes>& result) {
  return !result.has_value() && result.error().code == ErrorCode::invalid;
}

}  // namespace

TEST_CASE("base64 agrees with the vectors of RFC 4648 in both directions") {
  for (const auto& [raw, text] : rfc4648) {
    INFO(raw);
    CHECK(base64(raw) == text);
    CHECK(from_base64(text).value() == raw);
    CHECK(base64url(raw) == without_padding(text));
    CHECK(from_base64url(without_padding(text)).value() == raw);
  }
}

TEST_CASE("each alphabet has its own letters for 62 and 63 and refuses the other's") {
  const Bytes raw = "\xfb\xff\xbf";
  CHECK(base64(raw) == "+/+/");
  CHECK(base64url(raw) == "-_-_");
  CHECK(is_invalid(from_base64url("+/+/")));
  CHECK(is_invalid(from_base64("-_-_")));
}

TEST_CASE("bytes of every value and of every length survive the trip through text") {
  const Bytes all = every_octet();
  for (std::size_t length = 0; length <= all.size(); ++length) {
    const Bytes raw = all.substr(all.size() - length);
    REQUIRE(from_base64url(base64url(raw)).value() == raw);
    REQUIRE(from_base64(base64(raw)).value() == raw);
  }
}

TEST_CASE("a letter outside the alphabet is refused wherever it stands") {
  const std::string good = "Zm9vYmFy";
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const char stranger : std::string{" \n\r\t=.,:~\0\x7f\x80\xff", 13}) {
      std::string text = good;
      text[at] = stranger;
      INFO("at " << at << ", octet " << static_cast<int>(stranger));
      CHECK(is_invalid(from_base64url(text)));
      const bool is_padding = stranger == '=' && at + 1 == good.size();  // "Zm9vYmF=": below
      if (!is_padding) CHECK(is_invalid(from_base64(text)));
    }
  }
}

TEST_CASE("a value has one text only: no other trailing bits") {
  CHECK(from_base64url("Zg").has_value());
  for (const char* const text : {"Zh", "Zn", "Zv", "Zm9", "Zm-", "Zm9vYh", "Zm9vYmF"}) {
    INFO(text);
    CHECK(is_invalid(from_base64url(text)));
  }
  for (const char* const text : {"Zh==", "Zm9=", "Zm9vYh==", "Zm9vYmF="}) {
    INFO(text);
    CHECK(is_invalid(from_base64(text)));
  }
}

TEST_CASE("base64url refuses padding and base64 refuses its absence or excess") {
  for (const char* const text : {"Zg==", "Zm8=", "Zm9v=", "=", "===="}) {
    INFO(text);
    CHECK(is_invalid(from_base64url(text)));
  }
  for (const char* const text : {"Zg", "Zg=", "Zg===", "Zm8", "Zm8==", "Zm9v=", "Zm9v====", "=",
                                 "==", "====", "Z===", "Zg==Zg==", "Z=g="}) {
    INFO(text);
    CHECK(is_invalid(from_base64(text)));
  }
}

TEST_CASE("a length that no bytes have is refused") {
  for (const char* const text : {"A", "AAAAA", "AAAAAAAAA"}) {
    INFO(text);
    CHECK(is_invalid(from_base64url(text)));
  }
}

TEST_CASE("an identifier takes exactly its number of octets") {
  CHECK(ThingId::from_bytes("abcd").value().bytes() == "abcd");
  for (const char* const raw : {"", "abc", "abcde"}) {
    INFO(raw);
    const auto id = ThingId::from_bytes(raw);
    REQUIRE(!id.has_value());
    CHECK(id.error().code == ErrorCode::invalid);
  }
}

TEST_CASE("an identifier survives the trip through its text, and no other text is taken") {
  const ThingId id = ThingId::from_bytes(std::string_view{"\0\xff\x10z", 4}).value();
  CHECK(to_text(id) == "AP8Qeg");
  CHECK(id_from_text<ThingId>("AP8Qeg").value() == id);
  for (const char* const text : {"", "AP8Q", "AP8Qegg", "AP8Qeh", "AP8Qeg=="}) {
    INFO(text);
    CHECK(!id_from_text<ThingId>(text).has_value());
  }
}

TEST_CASE("identifiers compare as unsigned octets, and only an empty one is zero") {
  const ThingId low = ThingId::from_bytes("\x01zzz").value();
  const ThingId high = ThingId::from_bytes("\xff\x01\x01\x01").value();
  CHECK(low < high);
  CHECK(low == ThingId::from_bytes("\x01zzz").value());
  CHECK(ThingId{}.is_zero());
  CHECK(!ThingId::from_bytes(std::string_view{"\0\0\0\x01", 4}).value().is_zero());
  CHECK(std::unordered_set<ThingId>{low, high, low}.size() == 2);
}

TEST_CASE("integers are appended with the highest octet first") {
  Bytes out = "x";
  append_big_endian(out, std::uint32_t{0x010203ff});
  CHECK(out == std::string("x\x01\x02\x03\xff", 5));
  append_big_endian(out, std::uint64_t{0x8000000000000102});
  CHECK(out.substr(5) == std::string("\x80\0\0\0\0\0\x01\x02", 8));
}

}  // namespace cpc
