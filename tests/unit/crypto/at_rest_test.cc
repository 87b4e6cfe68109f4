#include "crypto/at_rest.h"

#include <openssl/err.h>

#include <catch2/catch.hpp>
#include <set>
#include <type_traits>

#include "crypto/random_bytes.h"
#include "tests/unit/crypto/vectors.h"

namespace cpc::crypto {
namespace {

constexpr RestPlace place{"message", "row-1"};
const Bytes nonce = from_hex("a0a1a2a3a4a5a6a7a8a9aaab");
const Bytes text = "hello at rest";

/// Octets counting up from `first`.
MasterKey key_from(std::uint8_t first) {
  Bytes raw;
  for (int i = 0; i < 32; ++i) raw.push_back(static_cast<char>(first + i));
  return MasterKey::from_bytes(raw).value();
}

bool is_refused(const Result<Bytes>& opened) {
  return !opened.has_value() && opened.error().code == ErrorCode::internal;
}

}  // namespace

TEST_CASE("what is sealed opens again in its place, empty or long") {
  const MasterKey key = key_from(0);
  for (const std::size_t length : {0, 1, 15, 16, 17, 1000, 100'000}) {
    INFO(length);
    const Bytes plaintext = random_bytes(length);
    const Bytes sealed =
        seal_at_rest(key, "accounts", place, random_bytes(rest_nonce_bytes), plaintext);
    CHECK(sealed.size() == 12 + length + 16);
    CHECK(open_at_rest(key, "accounts", place, sealed).value() == plaintext);
  }
}

TEST_CASE("the sealed form never changes, or old stores could not be read") {
  // Made with another implementation of AES-GCM and HKDF.
  const MasterKey key = key_from(0);
  const Bytes known = from_hex(
      "a0a1a2a3a4a5a6a7a8a9aaab33b0f1025ab3237ad1846ca9ab610b0cded772e6a8ab0af7ec4e682bb6");
  CHECK(to_hex(key.id()) == "83145aad5a73b156");
  CHECK(to_hex(seal_at_rest(key, "accounts", place, nonce, text)) == to_hex(known));
  CHECK(open_at_rest(key, "accounts", place, known).value() == text);
}

TEST_CASE("a sealed value does not open with any octet altered, cut off or added") {
  const MasterKey key = key_from(0);
  const Bytes sealed = seal_at_rest(key, "accounts", place, nonce, text);
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    INFO("octet " << at);
    Bytes altered = sealed;
    altered[at] = static_cast<char>(altered[at] ^ 1);
    CHECK(is_refused(open_at_rest(key, "accounts", place, altered)));
    CHECK(is_refused(open_at_rest(key, "accounts", place, sealed.substr(0, at))));
    CHECK(is_refused(open_at_rest(key, "accounts", place, sealed.substr(at + 1))));
  }
  CHECK(is_refused(open_at_rest(key, "accounts", place, sealed + '\0')));
  CHECK(is_refused(open_at_rest(key, "accounts", place, '\0' + sealed)));
}

TEST_CASE("a sealed value does not open in another row, table or scope or with another key") {
  const MasterKey key = key_from(0);
  const Bytes sealed = seal_at_rest(key, "accounts", place, nonce, text);
  REQUIRE(open_at_rest(key, "accounts", place, sealed).has_value());
  CHECK(is_refused(open_at_rest(key, "accounts", {"message", "row-2"}, sealed)));
  CHECK(is_refused(open_at_rest(key, "accounts", {"message", ""}, sealed)));
  CHECK(is_refused(open_at_rest(key, "accounts", {"contact", "row-1"}, sealed)));
  CHECK(is_refused(open_at_rest(key, "account", place, sealed)));
  CHECK(is_refused(open_at_rest(key, "", place, sealed)));
  CHECK(is_refused(open_at_rest(key_from(1), "accounts", place, sealed)));
}

TEST_CASE("a table and a row cannot trade letters") {
  const MasterKey key = key_from(0);
  const Bytes sealed = seal_at_rest(key, "s", {"message", "row-1"}, nonce, text);
  CHECK(is_refused(open_at_rest(key, "s", {"messager", "ow-1"}, sealed)));
  CHECK(is_refused(open_at_rest(key, "s", {"", "messagerow-1"}, sealed)));
}

TEST_CASE("each scope has a key of its own") {
  // Under one key and nonce the same text would give the same ciphertext.
  const MasterKey key = key_from(0);
  std::set<Bytes> ciphertexts;
  for (const char* const scope : {"", "a", "b", "accounts"}) {
    ciphertexts.insert(seal_at_rest(key, scope, place, nonce, text).substr(12, text.size()));
  }
  CHECK(ciphertexts.size() == 4);
}

TEST_CASE("a value that does not open leaves no error lying about in this thread") {
  // OpenSSL's next TLS connection in this thread would take such an error for its own.
  const MasterKey key = key_from(0);
  Bytes sealed = seal_at_rest(key, "accounts", place, nonce, text);
  sealed.back() = static_cast<char>(sealed.back() ^ 1);
  REQUIRE(is_refused(open_at_rest(key, "accounts", place, sealed)));
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("a master key is exactly 32 octets") {
  CHECK(MasterKey::from_bytes(Bytes(32, 'k')).value().view() == Bytes(32, 'k'));
  for (const std::size_t length : {0, 16, 31, 33, 64}) {
    INFO(length);
    const auto key = MasterKey::from_bytes(Bytes(length, 'k'));
    REQUIRE(!key.has_value());
    CHECK(key.error().code == ErrorCode::invalid);
  }
}

TEST_CASE("the id of a master key is its own and does not tell the key") {
  const MasterKey key = key_from(0);
  CHECK(key.id().size() == 8);
  CHECK(key.id() == key_from(0).id());
  CHECK(key.id() != key_from(1).id());
  CHECK(key.view().find(key.id()) == std::string_view::npos);
}

TEST_CASE("a master key that moves keeps its value and leaves none behind") {
  static_assert(!std::is_copy_constructible_v<MasterKey>);
  static_assert(!std::is_copy_assignable_v<MasterKey>);
  const Bytes id = key_from(0).id();
  MasterKey first = key_from(0);
  MasterKey second{std::move(first)};
  CHECK(second.id() == id);
  CHECK(first.view().empty());

  MasterKey third = key_from(9);
  third = std::move(second);
  CHECK(third.id() == id);
  CHECK(second.view().empty());

  MasterKey& itself = third;
  third = std::move(itself);
  CHECK(third.id() == id);
}

}  // namespace cpc::crypto
