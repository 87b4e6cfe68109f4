// A sealed transaction: nobody but the destination reads the body, whoever passes it on or ends the
// TLS in between. docs/protocol.md section "Sealing". Pure; any thread.
#pragma once

#include "core/ids.h"
#include "crypto/hpke.h"

namespace cpc::federation {

inline constexpr std::string_view sealed_type = "application/cpc-sealed";

/// What a sealed body is bound to: under other ones it does not open.
struct SealedFor {
  core::Iid origin;
  core::Iid destination;
  std::string_view transaction;  ///< Its id, as it stands in the path.
};

/// key id || enc || ciphertext. `randomness` as for hpke_seal.
[[nodiscard]] Bytes seal_body(const crypto::SealingPublicKey& to, const SealedFor& sealed_for,
                              std::string_view body, const crypto::Seed& randomness);

/// The key that is needed to open it. Fails with invalid if it is too short to be sealed.
[[nodiscard]] Result<crypto::KeyId> sealed_to(std::string_view sealed);

/// Fails with invalid if it was altered, or sealed to another key or for others.
[[nodiscard]] Result<Bytes> open_body(const crypto::SealingKey& key, const SealedFor& sealed_for,
                                      std::string_view sealed);

}  // namespace cpc::federation
