// Signed documents: JSON Web Signature (RFC 7515), EdDSA with Ed25519 (RFC 8037) and nothing else.
//
// A JWS is kept as the three texts that travelled, because its hash and its signature are over
// those octets, and what we store we pass on byte for byte. The protected header holds exactly alg,
// kid and typ: there is no algorithm to negotiate and no extension to ignore.
//
// All functions are pure and may be called from any thread.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "crypto/signing_key.h"

namespace cpc::federation {

/// Octets of a payload, decoded; of the whole text about a third more.
inline constexpr std::size_t jws_payload_bytes_max = 1024 * 1024;
inline constexpr std::size_t jws_typ_bytes_max = 64;

/// The flattened serialisation (RFC 7515 section 7.2.2): base64url texts exactly as they travel.
struct Jws {
  std::string protected_;  // NOLINT(readability-identifier-naming): RFC 7515 calls it a keyword.
  std::string payload;
  std::string signature;
  auto operator<=>(const Jws&) const = default;
};

struct JwsHeader {
  crypto::KeyId kid;  ///< Which key is said to have signed it.
  std::string typ;    ///< What kind of document it is (RFC 7515 section 4.1.9): "cpc-frame".
};

/// Signs `payload` under {"alg":"EdDSA","kid":"<key.id()>","typ":"<typ>"}. `typ` is printable ASCII
/// without quotes and backslashes, at most jws_typ_bytes_max.
[[nodiscard]] Jws sign_jws(std::string_view typ, std::string_view payload,
                           const crypto::SigningKey& key);

/// {"payload":...,"protected":...,"signature":...}.
[[nodiscard]] nlohmann::json to_json(const Jws& jws);
/// The inverse. Fails with invalid unless it is an object of exactly these three strings (no
/// unprotected `header`, no `signatures`), too_large over the limit.
[[nodiscard]] Result<Jws> jws_from_json(const nlohmann::json& value);

/// Reads the protected header without verifying, to find the key. Fails with invalid unless it is
/// strict JSON with exactly alg = "EdDSA", kid and typ: no crit, no b64, no jwk.
[[nodiscard]] Result<JwsHeader> read_header(const Jws& jws);

/// The payload, decoded but not verified: to learn who is said to have signed. Use what
/// verify_jws returns. Fails with invalid, or too_large over jws_payload_bytes_max.
[[nodiscard]] Result<Bytes> read_unverified_payload(const Jws& jws);

/// The payload, if `key` signed it as a document of kind `typ`. Fails with
///   invalid    if a part is malformed or typ is another;
///   too_large  over jws_payload_bytes_max;
///   denied     if kid is not key.id() or the signature does not verify.
[[nodiscard]] Result<Bytes> verify_jws(const Jws& jws, std::string_view typ,
                                       const crypto::PublicKey& key);

/// SHA-256 of "protected.payload.signature": the envelope hash of docs/protocol.md.
[[nodiscard]] Digest jws_hash(const Jws& jws);

/// The same document under another key, whatever its kind. Fails with invalid if its protected
/// header is malformed.
[[nodiscard]] Result<Jws> sign_again(const Jws& jws, const crypto::SigningKey& key);

/// The compact serialisation "protected.payload.signature" (RFC 7515 section 7.1), for tokens
/// (JWT).
[[nodiscard]] std::string to_compact(const Jws& jws);
/// Fails with invalid unless there are exactly three non-empty parts, too_large over the limit.
[[nodiscard]] Result<Jws> jws_from_compact(std::string_view text);
[[nodiscard]] std::string sign_compact(std::string_view typ, std::string_view payload,
                                       const crypto::SigningKey& key);
/// jws_from_compact, then verify_jws.
[[nodiscard]] Result<Bytes> verify_compact(std::string_view text, std::string_view typ,
                                           const crypto::PublicKey& key);

}  // namespace cpc::federation
