// Hybrid Public Key Encryption (RFC 9180), mode base, one message for each key agreement:
// DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305 (KEM 0x0020, KDF 0x0001, AEAD 0x0003).
//
// Whoever knows the public key can seal: who did, a signature around it has to say. Pure; any
// thread.
#pragma once

#include <string_view>

#include "crypto/sealing_key.h"

namespace cpc::crypto {

/// How much longer than its plaintext a sealed message is: the encapsulated key and the tag.
inline constexpr std::size_t hpke_bytes_added = 32 + 16;

/// enc || ciphertext (RFC 9180 section 6.1). `randomness` is what the ephemeral key is derived from
/// (section 7.1.3): 32 random octets, never used twice; the caller wipes its copy. Aborts on a
/// plaintext over 2 GiB.
[[nodiscard]] Bytes hpke_seal(const SealingPublicKey& to, std::string_view info,
                              std::string_view aad, std::string_view plaintext,
                              const Seed& randomness);

/// Fails with invalid if it was not sealed to this key with this `info` and `aad`, or altered.
[[nodiscard]] Result<Bytes> hpke_open(const SealingKey& key, std::string_view info,
                                      std::string_view aad, std::string_view sealed);

}  // namespace cpc::crypto
