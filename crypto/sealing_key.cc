#include "crypto/sealing_key.h"

#include <algorithm>
#include <cstdlib>

#include "crypto/digest.h"
#include "crypto/secrets.h"

namespace cpc::crypto {

static_assert(crypto_scalarmult_BYTES == 32 && crypto_scalarmult_SCALARBYTES == Seed::size);

Result<SealingPublicKey> SealingPublicKey::from_bytes(std::string_view raw) {
  ensure_sodium();
  std::array<std::uint8_t, 32> point{};
  if (raw.size() != point.size()) {
    return fail(ErrorCode::invalid, "an X25519 public key of the wrong length");
  }
  std::copy(raw.begin(), raw.end(), point.begin());
  // Scalars are multiples of the cofactor: if one gives zero, so do all (RFC 7748 section 6.1).
  const std::array<std::uint8_t, 32> any_scalar{1};
  std::array<std::uint8_t, 32> product{};
  if (crypto_scalarmult(product.data(), any_scalar.data(), point.data()) != 0) {
    return fail(ErrorCode::invalid, "an X25519 public key of small order");
  }
  return SealingPublicKey{point};
}

KeyId SealingPublicKey::id() const {
  // The required members in lexicographic order and no white space (RFC 7638 section 3.2).
  const Digest thumbprint = sha256(R"({"crv":"X25519","kty":"OKP","x":")" + text() + R"("})");
  return KeyId{thumbprint.octets};
}

std::string_view SealingPublicKey::view() const {
  return {reinterpret_cast<const char*>(raw_.data()), raw_.size()};
}

std::string SealingPublicKey::text() const {
  return base64url(view());
}

SealingKey SealingKey::from_private(const Seed& raw) {
  ensure_sodium();
  Bytes point(crypto_scalarmult_BYTES, '\0');
  crypto_scalarmult_base(octets(point), raw.octets.data());
  return SealingKey{raw, SealingPublicKey::from_bytes(point).value()};
}

SealingKey::SealingKey(const Seed& raw, SealingPublicKey public_key)
    : private_(raw), public_key_(public_key), id_(public_key.id()) {}

SealingKey::SealingKey(SealingKey&& other) noexcept
    : private_(other.private_), public_key_(other.public_key_), id_(other.id_) {
  sodium_memzero(other.private_.octets.data(), Seed::size);
}

SealingKey& SealingKey::operator=(SealingKey&& other) noexcept {
  if (this == &other) return *this;
  private_ = other.private_;
  public_key_ = other.public_key_;
  id_ = other.id_;
  sodium_memzero(other.private_.octets.data(), Seed::size);
  return *this;
}

SealingKey::~SealingKey() {
  sodium_memzero(private_.octets.data(), Seed::size);
}

Bytes SealingKey::agree(const SealingPublicKey& other) const {
  Bytes secret(crypto_scalarmult_BYTES, '\0');
  // It fails for points of small order alone, and there is no public key of one.
  if (crypto_scalarmult(octets(secret), private_.octets.data(), octets(other.view())) != 0) {
    std::abort();
  }
  return secret;
}

}  // namespace cpc::crypto
