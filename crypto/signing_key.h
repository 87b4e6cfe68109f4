// Ed25519 (RFC 8032), strictly: what signs for an instance and what proves it.
//
// Verification refuses non-canonical encodings and small-order points of A and R (libsodium's
// rules, which OpenSSL does not share), so that no key verifies what its owner did not sign.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/bytes.h"

namespace cpc::crypto {

using Signature = Id<64, struct SignatureTag>;
/// RFC 7638 thumbprint of a public key. A label that can never be used again for another key.
using KeyId = Id<32, struct KeyIdTag>;
using Seed = Id<32, struct SeedTag>;

/// A checked Ed25519 public key: canonical, on the curve, in the main subgroup.
class PublicKey {
 public:
  /// Fails with invalid unless `raw` is 32 octets that libsodium calls a valid point.
  [[nodiscard]] static Result<PublicKey> from_bytes(std::string_view raw);

  [[nodiscard]] bool verifies(const Signature& signature, std::string_view message) const;
  /// SHA-256 of {"crv":"Ed25519","kty":"OKP","x":"<base64url>"} (RFC 7638 section 3, RFC 8037).
  [[nodiscard]] KeyId id() const;
  [[nodiscard]] std::string_view view() const;
  [[nodiscard]] std::string text() const;  ///< base64url, the `x` of a JWK.

  auto operator<=>(const PublicKey&) const = default;

 private:
  explicit PublicKey(std::array<std::uint8_t, 32> raw) : raw_(raw) {}
  std::array<std::uint8_t, 32> raw_;
};

/// An Ed25519 private key. Move-only; wiped when destroyed. May be used from any thread.
class SigningKey {
 public:
  /// The seed is the private key of RFC 8032; the caller wipes its own copy.
  [[nodiscard]] static SigningKey from_seed(const Seed& seed);

  SigningKey(SigningKey&& other) noexcept;
  SigningKey& operator=(SigningKey&& other) noexcept;
  SigningKey(const SigningKey&) = delete;
  SigningKey& operator=(const SigningKey&) = delete;
  ~SigningKey();

  [[nodiscard]] Signature sign(std::string_view message) const;
  [[nodiscard]] const PublicKey& public_key() const { return public_key_; }
  [[nodiscard]] const KeyId& id() const { return id_; }
  /// For key files only.
  [[nodiscard]] Seed seed() const;

 private:
  SigningKey(std::array<std::uint8_t, 64> secret, PublicKey public_key);
  std::array<std::uint8_t, 64> secret_;  // libsodium's layout: seed, then public key
  PublicKey public_key_;
  KeyId id_;
};

}  // namespace cpc::crypto
