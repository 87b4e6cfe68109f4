// Access tokens: JWT (RFC 7519) signed with EdDSA by the instance's signing key. They name the
// account, its incarnation and its session generation, so that a password change, disabling the
// account, or a new owner of the name voids them at once. A token outlives the key that signed it,
// unless that was revoked: with a stolen key anybody could have made it. Pure; any thread.
#pragma once

#include "core/account.h"
#include "crypto/signing_key.h"
#include "federation/peer_identity.h"

namespace cpc::api {

struct Token {
  core::SessionClaim session;
  std::chrono::sys_seconds expires;
};

/// {"aud":"cpc-client","exp","iat","inc","iss","gen","sub"} under `typ: cpc-at`.
[[nodiscard]] std::string make_token(const core::SessionClaim& session,
                                     const core::InstanceName& issuer, TimePoint now,
                                     std::chrono::seconds lifetime, const crypto::SigningKey& key);

/// Fails with denied for a token that is malformed, foreign, altered, expired or older than
/// `lifetime`, and for one of a key whose time was over when it was issued, or that `issuer`
/// revoked at any time.
[[nodiscard]] Result<Token> read_token(std::string_view text,
                                       const federation::PeerIdentity& issuer,
                                       std::chrono::seconds lifetime, TimePoint now);

}  // namespace cpc::api
