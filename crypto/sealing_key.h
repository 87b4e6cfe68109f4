// X25519 (RFC 7748): the keys that bodies of transactions are sealed to. See hpke.h.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "crypto/signing_key.h"

namespace cpc::crypto {

/// A checked X25519 public key: not one with which every secret would be the same.
class SealingPublicKey {
 public:
  /// Fails with invalid unless `raw` is 32 octets and not a point of small order.
  [[nodiscard]] static Result<SealingPublicKey> from_bytes(std::string_view raw);

  /// SHA-256 of {"crv":"X25519","kty":"OKP","x":"<base64url>"} (RFC 7638 section 3, RFC 8037).
  [[nodiscard]] KeyId id() const;
  [[nodiscard]] std::string_view view() const;
  [[nodiscard]] std::string text() const;  ///< base64url, the `x` of a JWK.

  auto operator<=>(const SealingPublicKey&) const = default;

 private:
  explicit SealingPublicKey(std::array<std::uint8_t, 32> raw) : raw_(raw) {}
  std::array<std::uint8_t, 32> raw_;
};

/// An X25519 private key. Move-only; wiped when destroyed. May be used from any thread.
class SealingKey {
 public:
  /// Any 32 octets are a private key; the caller wipes its own copy.
  [[nodiscard]] static SealingKey from_private(const Seed& raw);

  SealingKey(SealingKey&& other) noexcept;
  SealingKey& operator=(SealingKey&& other) noexcept;
  SealingKey(const SealingKey&) = delete;
  SealingKey& operator=(const SealingKey&) = delete;
  ~SealingKey();

  [[nodiscard]] const SealingPublicKey& public_key() const { return public_key_; }
  [[nodiscard]] const KeyId& id() const { return id_; }
  /// The secret that both sides compute (RFC 7748 section 6.1). For hpke.h; the caller wipes it.
  [[nodiscard]] Bytes agree(const SealingPublicKey& other) const;
  /// For key files only; the caller wipes it.
  [[nodiscard]] Seed private_octets() const { return private_; }

 private:
  SealingKey(const Seed& raw, SealingPublicKey public_key);
  Seed private_;
  SealingPublicKey public_key_;
  KeyId id_;
};

}  // namespace cpc::crypto
