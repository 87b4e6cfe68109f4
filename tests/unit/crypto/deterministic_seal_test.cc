// What is sealed opens again, for whom it was sealed, and tells nothing but equality.

#include "crypto/deterministic_seal.h"

#include <catch2/catch.hpp>
#include <set>

namespace cpc::crypto {
namespace {

MasterKey key_of(char letter) {
  return MasterKey::from_bytes(Bytes(32, letter)).value();
}

bool opens(const Result<Bytes>& opened) {
  if (!opened) CHECK(opened.error().code == ErrorCode::invalid);
  return opened.has_value();
}

}  // namespace

TEST_CASE("a value sealed deterministically opens as it was, and looks the same each time") {
  const MasterKey key = key_of('k');
  for (const std::size_t length : {0U, 1U, 8U, 16U, 1000U}) {
    const Bytes plaintext(length, 'p');
    const Bytes sealed = DeterministicSeal{key}.seal("context", plaintext);
    CHECK(sealed.size() == length + deterministic_tag_bytes);
    CHECK(DeterministicSeal{key}.seal("context", plaintext) == sealed);
    CHECK(DeterministicSeal{key}.open("context", sealed).value() == plaintext);
    if (length > 8) CHECK(sealed.find("pppppppp") == Bytes::npos);
  }
}

TEST_CASE("a value sealed deterministically opens under its key and context only") {
  const MasterKey key = key_of('k');
  const Bytes sealed = DeterministicSeal{key}.seal("anna", "12345678");
  CHECK(opens(DeterministicSeal{key}.open("anna", sealed)));
  CHECK_FALSE(opens(DeterministicSeal{key}.open("ann", sealed)));
  CHECK_FALSE(opens(DeterministicSeal{key}.open("", sealed)));
  CHECK_FALSE(opens(DeterministicSeal{key_of('l')}.open("anna", sealed)));
  // A context cannot lend its letters to the value.
  CHECK(DeterministicSeal{key}.seal("ab", "c").substr(0, 24) !=
        DeterministicSeal{key}.seal("a", "bc").substr(0, 24));
}

TEST_CASE("no octet of a value sealed deterministically may be another, missing or too many") {
  const MasterKey key = key_of('k');
  const Bytes sealed = DeterministicSeal{key}.seal("c", "12345678");
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes altered = sealed;
      altered[at] = static_cast<char>(altered[at] ^ (1 << bit));
      CHECK_FALSE(opens(DeterministicSeal{key}.open("c", altered)));
    }
    CHECK_FALSE(opens(DeterministicSeal{key}.open("c", sealed.substr(0, at))));
  }
  CHECK_FALSE(opens(DeterministicSeal{key}.open("c", sealed + '\0')));
  CHECK_FALSE(opens(DeterministicSeal{key}.open("c", Bytes(32, '\0'))));
}

TEST_CASE("values that differ in one place have nothing in common when sealed") {
  const MasterKey key = key_of('k');
  std::set<Bytes> tags;
  std::set<Bytes> ciphertexts;
  for (char number = 0; number < 100; ++number) {
    const Bytes sealed = DeterministicSeal{key}.seal("c", Bytes(7, '\0') + number);
    tags.insert(sealed.substr(0, deterministic_tag_bytes));
    ciphertexts.insert(sealed.substr(deterministic_tag_bytes, 7));
  }
  CHECK(tags.size() == 100);
  CHECK(ciphertexts.size() == 100);
}

}  // namespace cpc::crypto
