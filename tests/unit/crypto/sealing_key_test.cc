#include "crypto/sealing_key.h"

#include <type_traits>

#include "tests/unit/crypto/vectors.h"

namespace cpc::crypto {
namespace {

SealingKey key_of(const std::string& hex) {
  return SealingKey::from_private(id_from_hex<Seed>(hex));
}

}  // namespace

TEST_CASE("two who agree compute the same secret, as in RFC 7748") {
  const auto vectors = published_vectors("rfc/rfc7748_x25519.json");
  if (!vectors) return;
  std::size_t ran = 0;
  for (const auto& one : vectors->at("tests")) {
    ++ran;
    if (!one.contains("alice_private")) {
      const auto point = SealingPublicKey::from_bytes(from_hex(one.at("u").get<std::string>()));
      CHECK(to_hex(key_of(one.at("scalar")).agree(point.value())) == one.at("out"));
      continue;
    }
    const SealingKey alice = key_of(one.at("alice_private"));
    const SealingKey bob = key_of(one.at("bob_private"));
    CHECK(to_hex(alice.public_key().view()) == one.at("alice_public"));
    CHECK(to_hex(bob.public_key().view()) == one.at("bob_public"));
    CHECK(to_hex(alice.agree(bob.public_key())) == one.at("shared"));
    CHECK(to_hex(bob.agree(alice.public_key())) == one.at("shared"));
  }
  for (const auto& point : vectors->at("low_order_must_reject")) {
    ++ran;
    CHECK_FALSE(SealingPublicKey::from_bytes(from_hex(point.get<std::string>())));
  }
  print_count("rfc7748_x25519.json", ran);
}

TEST_CASE("X25519 agrees with Wycheproof, and no secret of zeros is ever agreed on") {
  const auto vectors = published_vectors("wycheproof/x25519_test.json");
  if (!vectors) return;
  std::size_t ran = 0;
  for (const auto& group : vectors->at("testGroups")) {
    for (const auto& one : group.at("tests")) {
      INFO(one.dump());
      ++ran;
      const auto point =
          SealingPublicKey::from_bytes(from_hex(one.at("public").get<std::string>()));
      const std::string shared = one.at("shared");
      const bool is_zero = shared.find_first_not_of('0') == std::string::npos;
      CHECK(point.has_value() != is_zero);
      if (point) CHECK(to_hex(key_of(one.at("private")).agree(point.value())) == shared);
    }
  }
  print_count("x25519_test.json", ran);
}

TEST_CASE("a sealing key's id is the RFC 7638 thumbprint of its JWK") {
  const SealingKey key = key_of("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  // SHA-256 of {"crv":"X25519","kty":"OKP","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"}.
  CHECK(key.public_key().text() == "3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08");
  CHECK(base64url(key.id().view()) == "giQqigT_IKcuzHl0FVJ3k5ts3_TWNAxvsC08UZsfcM8");
}

TEST_CASE("a public key has 32 octets, and a private one moves and is not copied") {
  CHECK_FALSE(SealingPublicKey::from_bytes(Bytes(31, 'a')));
  CHECK_FALSE(SealingPublicKey::from_bytes(Bytes(33, 'a')));
  static_assert(!std::is_copy_constructible_v<SealingKey>);
  SealingKey key = key_of("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  const KeyId id = key.id();
  const SealingKey moved = std::move(key);
  CHECK(moved.id() == id);
}

}  // namespace cpc::crypto
