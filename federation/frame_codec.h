// The bytes of a consent frame: a compact JWS (`typ: cpc-frame`). docs/protocol.md section
// "Consent". Pure; any thread.
#pragma once

#include "core/contact.h"
#include "federation/peer_identity.h"

namespace cpc::federation {

inline constexpr std::size_t frame_bytes_max = 8 * 1024;

[[nodiscard]] core::SignedFrame sign_frame(core::ConsentFrame frame, const crypto::SigningKey& key);

/// Checks the signature and that the frame's sender belongs to `author`. Fails with invalid
/// (malformed), too_large, denied (wrong key, signature or instance).
[[nodiscard]] Result<core::ConsentFrame> verify_frame(std::string_view jws,
                                                      const PeerIdentity& author,
                                                      TimePoint seen_at);

/// Reads a frame that was verified before it was stored.
[[nodiscard]] Result<core::ConsentFrame> read_stored_frame(std::string_view jws);

}  // namespace cpc::federation
