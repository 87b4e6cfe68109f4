// The bytes of an event as it travels: a flattened JWS (`typ: cpc-env`) over a small header, with
// the body beside it, bound by body_hash = SHA-256(salt || body). docs/protocol.md section
// "Envelopes".
//
// Bytes are signed once and then kept and forwarded as they are. Pure; any thread.
#pragma once

#include <nlohmann/json.hpp>

#include "core/event.h"
#include "federation/peer_identity.h"

namespace cpc::federation {

class EnvelopeCodec {
 public:
  /// Signs an own event; `header.body_hash` is set here from `salt` (16 random octets) and `body`.
  /// Fails with too_large over core::envelope_bytes_max.
  [[nodiscard]] static Result<core::VerifiedEnvelope> sign(core::EventHeader header, Bytes body,
                                                           Bytes salt,
                                                           const crypto::SigningKey& key);

  /// Checks signature, header and, when there is one, the body. `author` must be the header's
  /// author and the key one of its signing keys, valid at `seen_at` (when the bytes first came to
  /// us). Fails with invalid (malformed), too_large, denied (wrong author, key, signature or body).
  [[nodiscard]] static Result<core::VerifiedEnvelope> verify(core::Envelope envelope,
                                                             const PeerIdentity& author,
                                                             TimePoint seen_at);
};

/// {"protected","payload","signature","salt","body"}; the last two are left out without a body.
[[nodiscard]] nlohmann::json to_json(const core::Envelope& envelope);
[[nodiscard]] Result<core::Envelope> envelope_from_json(const nlohmann::json& value);

/// {"text": ...}
[[nodiscard]] Bytes message_body(std::string_view text);
/// Fails with invalid when it is no message body that we know.
[[nodiscard]] Result<std::string> text_of_message(std::string_view body);
/// {"address","incarnation"}: the only place where a member's address stands in a log.
[[nodiscard]] Bytes join_body(const core::Address& address, const core::Incarnation& incarnation);
/// {"kind":"direct"}
[[nodiscard]] Bytes create_body();

}  // namespace cpc::federation
