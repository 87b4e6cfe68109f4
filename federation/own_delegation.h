// Our own delegation: who may speak for us, as our root key said last. It changes by a request that
// holds nothing secret, so that the root key may lie on another machine: what changes is computed
// from the delegation in force, where the root key is. docs/operating.md section "Keys".
// Pure; any thread.
#pragma once

#include "federation/delegation.h"

namespace cpc::federation {

/// A signing key serves so long, unless another one follows it; each new delegation begins anew.
inline constexpr auto signing_key_life = std::chrono::hours{24 * 730};
/// So long a signing key still counts after the next one took over: whoever was away meanwhile has
/// fetched the new document before.
inline constexpr auto signing_key_overlap = std::chrono::hours{72};
/// So long before it takes over a new signing key stands in the document: at half life of a
/// document most peers have looked.
inline constexpr auto signing_key_ahead = std::chrono::hours{24};

struct OwnDelegation {
  Jws jws;                          ///< As peers get it.
  PeerIdentity identity;            ///< What they read out of it.
  std::vector<Jws> earlier;         ///< The commitments of earlier roots.
  std::optional<Jws> commitment{};  ///< Of the root that signed.
  TimePoint issued{};

  /// The root key that signs now.
  [[nodiscard]] const crypto::KeyId& root() const { return identity.roots.back(); }
};

/// Reads what we signed ourselves, whether it has expired or not. Fails with invalid or denied if
/// it is not a delegation of `name`.
[[nodiscard]] Result<OwnDelegation> read_own_delegation(const Jws& jws,
                                                        const core::InstanceName& name);

/// What is to be different in the next delegation. Nothing: it is only renewed.
struct DelegationChange {
  struct NewKey {
    crypto::PublicKey key;
    TimePoint from;  ///< When it takes over; past already: once it is signed.
  };
  std::optional<NewKey> new_key{};
  std::optional<crypto::KeyId> revoked{};  ///< Counts for nothing from now on.

  [[nodiscard]] bool is_empty() const { return !new_key && !revoked; }
};

/// What of `change` is not yet so in `current`.
[[nodiscard]] DelegationChange still_to_come(DelegationChange change, const PeerIdentity& current);
/// A delegation that was signed elsewhere was asked for some time ago. Fails with conflict if it
/// would undo what came into force since: a revocation, or a signing key that counts at `now`.
[[nodiscard]] Result<> check_undoes_nothing(const PeerIdentity& current, const PeerIdentity& next,
                                            TimePoint now);

/// What an offline root key needs to know. Nothing of it is secret.
struct DelegationRequest {
  OwnDelegation current;
  DelegationChange change;
};

/// {"schema":"cpc-delegation-request.v1","name","delegation","new_key"?:{"x","from"},"revoked"?}
[[nodiscard]] Bytes encode_request(const DelegationRequest& request);
/// Fails with invalid or denied if it is none, too_large over document_bytes_max.
[[nodiscard]] Result<DelegationRequest> decode_request(std::string_view text);

/// The first delegation of an instance: its root is the first one.
[[nodiscard]] Result<OwnDelegation> first_delegation(const core::InstanceName& name,
                                                     const crypto::SigningKey& root,
                                                     const std::optional<crypto::KeyId>& next_root,
                                                     const std::vector<crypto::PublicKey>& signing,
                                                     TimePoint now);

/// The next one, signed by `root`: the root key that signed the current one, or the one that it
/// promised, which then takes over, and `next_root` is whom it promises in turn. A promise stays as
/// it is: `next_root` counts only where there is none yet. Keys whose time is over are retired.
/// Fails with
///   denied     `root` is neither, or a key is one that was published;
///   conflict   there are three signing keys in force already, the one to be revoked is not among
///              our keys, or no signing key would be left.
[[nodiscard]] Result<OwnDelegation> next_delegation(const DelegationRequest& request,
                                                    const crypto::SigningKey& root,
                                                    const std::optional<crypto::KeyId>& next_root,
                                                    TimePoint now);

}  // namespace cpc::federation
