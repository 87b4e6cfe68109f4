// Sealing small values that we give out and get back: nobody but us can read or make one, and the
// same value always looks the same. Built like SIV (RFC 5297) out of libsodium's parts: the tag is
// a keyed hash of everything that is sealed, and it is the nonce of the cipher as well, so that no
// nonce has to be drawn and none can come twice for two values. Equal values can be told from
// different ones; whoever minds adds random octets to the plaintext. Pure; any thread.
#pragma once

#include <string_view>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "crypto/at_rest.h"

namespace cpc::crypto {

/// How much longer than its plaintext a sealed value is.
inline constexpr std::size_t deterministic_tag_bytes = 24;

/// The two keys, derived once for any number of values: HKDF(master, "cpc-siv-1"), for this purpose
/// alone; wiped when destroyed. Aborts on a master key that was moved from.
class DeterministicSeal {
 public:
  explicit DeterministicSeal(const MasterKey& master);
  ~DeterministicSeal();
  DeterministicSeal(const DeterministicSeal&) = delete;
  DeterministicSeal& operator=(const DeterministicSeal&) = delete;

  /// tag || ciphertext: BLAKE2b-192 keyed, over `context` preceded by its length as 4 octets
  /// big-endian, and the plaintext; and the plaintext under XChaCha20 with that tag as nonce.
  /// `context` says what the value is and for whom: it opens under the same one only.
  [[nodiscard]] Bytes seal(std::string_view context, std::string_view plaintext) const;

  /// Fails with invalid for what was not sealed under this key and this context.
  [[nodiscard]] Result<Bytes> open(std::string_view context, std::string_view sealed) const;

 private:
  Bytes keys_;  // That of the tag, then that of the cipher.
};

}  // namespace cpc::crypto
