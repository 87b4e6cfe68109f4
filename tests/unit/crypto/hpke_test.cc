#include "crypto/hpke.h"

#include "tests/unit/crypto/vectors.h"

namespace cpc::crypto {
namespace {

/// RFC 9180 appendix A.2.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305, base.
const Bytes info = from_hex("4f6465206f6e2061204772656369616e2055726e");
const Bytes aad = from_hex("436f756e742d30");
const Bytes plaintext = from_hex("4265617574792069732074727574682c20747275746820626561757479");
const char* const ikm_e = "909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b";
const char* const sk_r = "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb";
const char* const pk_r = "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a";
const char* const enc = "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a";
const char* const ciphertext =
    "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28";

struct Scene {
  SealingKey key = SealingKey::from_private(id_from_hex<Seed>(sk_r));
  Bytes sealed = hpke_seal(key.public_key(), info, aad, plaintext, id_from_hex<Seed>(ikm_e));
};

}  // namespace

TEST_CASE("the worked example of RFC 9180 is sealed octet for octet, and opens") {
  const Scene s;
  CHECK(to_hex(s.key.public_key().view()) == pk_r);
  CHECK(to_hex(s.sealed.substr(0, 32)) == enc);
  CHECK(to_hex(s.sealed.substr(32)) == ciphertext);
  CHECK(s.sealed.size() == plaintext.size() + hpke_bytes_added);
  CHECK(hpke_open(s.key, info, aad, s.sealed).value() == plaintext);
}

TEST_CASE("every altered octet of what was sealed keeps it shut") {
  const Scene s;
  for (std::size_t at = 0; at < s.sealed.size(); ++at) {
    Bytes altered = s.sealed;
    altered[at] = static_cast<char>(altered[at] ^ 1);
    INFO(at);
    CHECK_FALSE(hpke_open(s.key, info, aad, altered));
  }
}

TEST_CASE("what was cut or lengthened keeps shut") {
  const Scene s;
  for (std::size_t left = 0; left < s.sealed.size(); ++left) {
    CHECK_FALSE(hpke_open(s.key, info, aad, std::string_view{s.sealed}.substr(0, left)));
  }
  CHECK_FALSE(hpke_open(s.key, info, aad, s.sealed + '\0'));
}

TEST_CASE("another key, another context and other associated data do not open it") {
  const Scene s;
  const SealingKey other = SealingKey::from_private(id_from_hex<Seed>(ikm_e));
  CHECK_FALSE(hpke_open(other, info, aad, s.sealed));
  CHECK_FALSE(hpke_open(s.key, info + "x", aad, s.sealed));
  CHECK_FALSE(hpke_open(s.key, info, aad + "x", s.sealed));
  CHECK_FALSE(hpke_open(s.key, info + aad, {}, s.sealed));
}

TEST_CASE("an encapsulated key of small order is refused before anything is opened") {
  Scene s;
  for (const char first : {'\0', '\1'}) {
    s.sealed.replace(0, 32, Bytes(32, '\0'));
    s.sealed[0] = first;
    const auto opened = hpke_open(s.key, info, aad, s.sealed);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().detail == "an X25519 public key of small order");
  }
}

TEST_CASE("nothing and two megabytes are sealed alike") {
  const Scene s;
  for (const std::size_t size : {std::size_t{0}, std::size_t{2} << 20}) {
    const Bytes body(size, 'b');
    const Bytes sealed = hpke_seal(s.key.public_key(), info, {}, body, id_from_hex<Seed>(ikm_e));
    CHECK(hpke_open(s.key, info, {}, sealed).value() == body);
  }
}

}  // namespace cpc::crypto
