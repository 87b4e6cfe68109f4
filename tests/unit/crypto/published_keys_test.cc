#include "crypto/published_keys.h"

#include "tests/unit/crypto/vectors.h"

namespace cpc::crypto {

TEST_CASE("the keys of RFC 8032 and RFC 9421 are known as published, others are not") {
  const auto vectors = published_vectors("rfc/rfc8032_ed25519.json");
  if (!vectors) return;
  std::size_t ran = 0;
  for (const auto& one : vectors->at("tests")) {
    ++ran;
    const auto key = PublicKey::from_bytes(from_hex(one.at("public_key").get<std::string>()));
    CHECK(is_published(key.value()));
  }
  print_count("rfc8032_ed25519.json", ran);
  const auto rfc9421 =
      PublicKey::from_bytes(from_base64url("JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs").value());
  CHECK(is_published(rfc9421.value()));
  CHECK_FALSE(is_published(SigningKey::from_seed(Seed{}).public_key()));
}

}  // namespace cpc::crypto
