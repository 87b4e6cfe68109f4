// The instance document: GET /.well-known/cpc/instance. Two JWS in one object: the delegation,
// signed by the root key, names the signing keys; the operational part, signed by a delegated key,
// names endpoints, TLS pins, versions and limits. It proves itself, so it may come from anywhere.
// docs/protocol.md section "The instance document". Pure; any thread.
#pragma once

#include "federation/peer_identity.h"

namespace cpc::federation {

inline constexpr std::size_t document_bytes_max = 64 * 1024;
inline constexpr auto delegation_life_max = std::chrono::hours{24 * 366};
inline constexpr auto operational_life_max = std::chrono::hours{24 * 7};
inline constexpr std::string_view document_path = "/.well-known/cpc/instance";
inline constexpr std::string_view document_type = "application/cpc-instance+json";

/// Everything that goes into our own document.
struct DocumentDraft {
  core::InstanceName name;
  std::vector<routing::Endpoint> endpoints;
  std::vector<Digest> tls_pins;
  std::int64_t delegation_serial = 1;
  std::int64_t operational_serial = 1;
  TimePoint now{};
  std::size_t transaction_bytes_max = 0;
  std::size_t transaction_entries_max = 0;
  std::vector<crypto::SealingPublicKey> sealing_keys{};
};

/// The root key's RFC 7638 thumbprint is the instance id of an instance that never changed roots.
[[nodiscard]] core::Iid iid_of(const crypto::PublicKey& root);

/// Our document, valid for delegation_life_max and operational_life_max from `now`.
[[nodiscard]] Bytes make_document(const DocumentDraft& draft, const crypto::SigningKey& root,
                                  const crypto::SigningKey& signing);

/// Reads and proves a document of `name`. Fails with
///   too_large, invalid  it is malformed, or of a version we do not know;
///   denied              a signature, name, id or date does not fit (skew of 5 minutes allowed);
///   conflict            it is another instance than `pinned`.
[[nodiscard]] Result<PeerIdentity> verify_document(std::string_view bytes,
                                                   const core::InstanceName& name,
                                                   const core::Iid& pinned, TimePoint now);

}  // namespace cpc::federation
