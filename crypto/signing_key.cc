#include "crypto/signing_key.h"

#include <algorithm>

#include "crypto/digest.h"
#include "crypto/secrets.h"

namespace cpc::crypto {

static_assert(Signature::size == crypto_sign_BYTES);
static_assert(Seed::size == crypto_sign_SEEDBYTES);
static_assert(crypto_sign_PUBLICKEYBYTES == 32 && crypto_sign_SECRETKEYBYTES == 64);

Result<PublicKey> PublicKey::from_bytes(std::string_view raw) {
  ensure_sodium();
  std::array<std::uint8_t, 32> octets{};
  if (raw.size() != octets.size()) {
    return fail(ErrorCode::invalid, "an Ed25519 public key of the wrong length");
  }
  std::copy(raw.begin(), raw.end(), octets.begin());
  // Canonical, on the curve, not of small order, and without a small-order component.
  if (crypto_core_ed25519_is_valid_point(octets.data()) != 1) {
    return fail(ErrorCode::invalid, "not a valid Ed25519 public key");
  }
  return PublicKey{octets};
}

bool PublicKey::verifies(const Signature& signature, std::string_view message) const {
  // Refuses S >= L and a small-order R; recomputes R and compares octets, so a non-canonical R
  // never matches.
  return crypto_sign_verify_detached(signature.octets.data(), octets(message), message.size(),
                                     raw_.data()) == 0;
}

KeyId PublicKey::id() const {
  // The required members in lexicographic order and no white space (RFC 7638 section 3.2).
  const Digest thumbprint = sha256(R"({"crv":"Ed25519","kty":"OKP","x":")" + text() + R"("})");
  return KeyId{thumbprint.octets};
}

std::string_view PublicKey::view() const {
  return {reinterpret_cast<const char*>(raw_.data()), raw_.size()};
}

std::string PublicKey::text() const {
  return base64url(view());
}

SigningKey SigningKey::from_seed(const Seed& seed) {
  ensure_sodium();
  Bytes public_raw(crypto_sign_PUBLICKEYBYTES, '\0');
  std::array<std::uint8_t, 64> secret{};
  crypto_sign_seed_keypair(octets(public_raw), secret.data(), seed.octets.data());
  SigningKey key{secret, PublicKey::from_bytes(public_raw).value()};
  sodium_memzero(secret.data(), secret.size());
  return key;
}

SigningKey::SigningKey(std::array<std::uint8_t, 64> secret, PublicKey public_key)
    : secret_(secret), public_key_(public_key), id_(public_key.id()) {
  sodium_memzero(secret.data(), secret.size());
}

SigningKey::SigningKey(SigningKey&& other) noexcept
    : secret_(other.secret_), public_key_(other.public_key_), id_(other.id_) {
  sodium_memzero(other.secret_.data(), other.secret_.size());
}

SigningKey& SigningKey::operator=(SigningKey&& other) noexcept {
  if (this == &other) return *this;
  secret_ = other.secret_;
  public_key_ = other.public_key_;
  id_ = other.id_;
  sodium_memzero(other.secret_.data(), other.secret_.size());
  return *this;
}

SigningKey::~SigningKey() {
  sodium_memzero(secret_.data(), secret_.size());
}

Signature SigningKey::sign(std::string_view message) const {
  Signature signature;
  crypto_sign_detached(signature.octets.data(), nullptr, octets(message), message.size(),
                       secret_.data());
  return signature;
}

Seed SigningKey::seed() const {
  Seed seed;
  crypto_sign_ed25519_sk_to_seed(seed.octets.data(), secret_.data());
  return seed;
}

}  // namespace cpc::crypto
