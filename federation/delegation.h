// The root key's word: which keys speak for an instance, from when to when, and who follows the
// root key itself. docs/protocol.md section "The instance document". Pure; any thread.
//
// A root key commits to its successor before it is needed: the commitment lies in every delegation,
// so that it outlives the key. Who holds the successor can take over by showing it, and nobody else
// can, not even with the old key: a commitment that was seen once holds.
#pragma once

#include "federation/jws.h"
#include "federation/peer_identity.h"

namespace cpc::federation {

inline constexpr auto delegation_life_max = std::chrono::hours{24 * 366};
inline constexpr auto document_skew_max = std::chrono::minutes{5};
inline constexpr std::size_t signing_keys_max = 3;
inline constexpr std::size_t retired_keys_max = 16;
inline constexpr std::size_t revoked_keys_max = 64;
inline constexpr std::size_t earlier_roots_max = 8;

/// The id of an instance is that of its first root key.
[[nodiscard]] core::Iid iid_of(const crypto::PublicKey& first_root);

/// `root` promises that `next` follows it.
[[nodiscard]] Jws make_commitment(const core::Iid& iid, const crypto::SigningKey& root,
                                  const crypto::KeyId& next);

struct DelegationDraft {
  core::InstanceName name;
  core::Iid iid;
  std::int64_t serial = 1;
  TimePoint issued{};
  std::vector<Jws> earlier;         ///< The commitments of earlier roots, the first one's first.
  std::optional<Jws> commitment{};  ///< This root's own.
  std::vector<DelegatedKey> keys;   ///< 1 to signing_keys_max.
  std::vector<DelegatedKey> retired{};
  std::vector<RevokedKey> revoked{};
};

/// Valid for delegation_life_max from `issued`.
[[nodiscard]] Jws make_delegation(const DelegationDraft& draft, const crypto::SigningKey& root);

/// Reads and proves a delegation of `name` into all of `identity` that it tells. Fails with
///   invalid   it is malformed, or of a version we do not know;
///   denied    a signature, name, key id or date does not fit (skew of 5 minutes allowed), a key is
///             one that was published, or the instance is not active;
///   conflict  it is another instance than `pinned`.
[[nodiscard]] Result<> verify_delegation(const Jws& delegation, const core::InstanceName& name,
                                         const core::Iid& pinned, TimePoint now,
                                         PeerIdentity& identity);

/// Whether `next` may follow `known`, which was accepted before. Serials may fall where the key
/// that said the higher one was followed (a root key) or does not speak any more `now` (the signing
/// key). Fails with
///   denied    a serial falls, or it is signed by a root that has been followed already;
///   conflict  its roots are others, or its root promises another successor than before.
[[nodiscard]] Result<> check_succession(const PeerIdentity& known, const PeerIdentity& next,
                                        TimePoint now);

}  // namespace cpc::federation
