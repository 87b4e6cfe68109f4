// What a verified instance document says: who an instance is, which keys speak for it, where it
// listens. Whoever holds a PeerIdentity need not check the document again.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.h"
#include "core/base/time.h"
#include "core/ids.h"
#include "crypto/sealing_key.h"
#include "routing/endpoint.h"

namespace cpc::federation {

struct DelegatedKey {
  crypto::PublicKey key;
  TimePoint not_before;
  TimePoint not_after;
};

struct RevokedKey {
  crypto::KeyId id;
  TimePoint at;  ///< What it signed since is of somebody else, perhaps.
};

/// The protocol versions we speak, and what we can beyond the first one's minimum: a peer whose
/// document does not name a feature is not asked for it. docs/protocol.md section "Versions".
inline constexpr std::array<std::int64_t, 1> protocol_versions{1};
inline constexpr std::string_view feature_heads = "heads";  ///< sync/heads and log pulls.
inline constexpr std::array<std::string_view, 1> own_features{feature_heads};

class JsonObject;
/// The member `versions`. Fails with invalid unless it is a list of at most 16 integers.
[[nodiscard]] Result<std::vector<std::int64_t>> read_versions(const JsonObject& object);
/// Fails with denied, `INCOMPATIBLE: ...`, if no version of ours is among `theirs`.
[[nodiscard]] Result<> check_versions(std::span<const std::int64_t> theirs);

struct PeerIdentity {
  core::InstanceName name;
  core::Iid iid;
  std::vector<crypto::KeyId> roots;          ///< Root keys so far; the last one signs now.
  std::optional<crypto::KeyId> next_root{};  ///< Whom it promised.
  std::vector<DelegatedKey> keys;            ///< 1 to 3.
  std::vector<DelegatedKey> retired;         ///< For what they signed in their time.
  std::vector<RevokedKey> revoked;
  std::vector<routing::Endpoint> endpoints;
  std::vector<Digest> tls_pins;  ///< SHA-256 of SPKI.
  /// At most 2, the one to use first; none: it cannot be sealed to.
  std::vector<crypto::SealingPublicKey> sealing_keys;
  std::int64_t delegation_serial = 0;
  std::int64_t operational_serial = 0;
  crypto::KeyId operational_key{};  ///< Which signed the operational part.
  TimePoint delegation_expires{};
  TimePoint operational_expires{};
  std::vector<std::int64_t> versions{};  ///< That it speaks.
  std::vector<std::string> features{};
  std::size_t transaction_bytes_max = 0;
  std::size_t transaction_entries_max = 0;

  [[nodiscard]] bool can(std::string_view feature) const {
    return std::ranges::find(features, feature) != features.end();
  }
  [[nodiscard]] bool is_revoked(const crypto::KeyId& id) const {
    return std::ranges::any_of(revoked, [&](const RevokedKey& one) { return one.id == id; });
  }
  /// The signing key with this id, whether it counts now or not; null if there is none.
  [[nodiscard]] const DelegatedKey* find(const crypto::KeyId& id) const {
    for (const auto* list : {&keys, &retired}) {
      for (const DelegatedKey& delegated : *list) {
        if (delegated.key.id() == id) return &delegated;
      }
    }
    return nullptr;
  }
  /// The signing key with this id, if it was valid at `when` and not revoked by then.
  [[nodiscard]] const crypto::PublicKey* key(const crypto::KeyId& id, TimePoint when) const {
    for (const RevokedKey& one : revoked) {
      if (one.id == id && one.at <= when) return nullptr;
    }
    for (const auto* list : {&keys, &retired}) {
      for (const DelegatedKey& delegated : *list) {
        const bool is_valid = delegated.not_before <= when && when < delegated.not_after;
        if (is_valid && delegated.key.id() == id) return &delegated.key;
      }
    }
    return nullptr;
  }
};

}  // namespace cpc::federation
