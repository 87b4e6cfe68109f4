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

/// tag || ciphertext: BLAKE2b-192 keyed, over `context` preceded by its length as 4 octets
/// big-endian, and the plaintext; and the plaintext under XChaCha20 with that tag as nonce. Both
/// keys come from HKDF(master, "cpc-siv-1"), for this purpose alone. `context` says what the value
/// is and for whom: it opens under the same one only. Aborts on a key that was moved from.
[[nodiscard]] Bytes seal_deterministic(const MasterKey& master, std::string_view context,
                                       std::string_view plaintext);

/// Fails with invalid for what was not sealed under this key and this context.
[[nodiscard]] Result<Bytes> open_deterministic(const MasterKey& master, std::string_view context,
                                               std::string_view sealed);

}  // namespace cpc::crypto
