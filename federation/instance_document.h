// The instance document: GET /.well-known/cpc/instance. Two JWS in one object: the delegation,
// signed by the root key, names the signing keys; the operational part, signed by a delegated key,
// names endpoints, TLS pins, versions and limits. It proves itself, so it may come from anywhere.
// docs/protocol.md section "The instance document". Pure; any thread.
#pragma once

#include "federation/delegation.h"

namespace cpc::federation {

inline constexpr std::size_t document_bytes_max = 64 * 1024;
inline constexpr auto operational_life_max = std::chrono::hours{24 * 7};
inline constexpr std::string_view document_path = "/.well-known/cpc/instance";
inline constexpr std::string_view document_type = "application/cpc-instance+json";

/// Everything that goes into the operational part of our own document.
struct OperationalDraft {
  core::InstanceName name;
  core::Iid iid;
  std::int64_t serial = 1;
  TimePoint issued{};
  std::vector<routing::Endpoint> endpoints;
  std::vector<Digest> tls_pins;
  std::vector<crypto::SealingPublicKey> sealing_keys{};
  std::size_t transaction_bytes_max = 0;
  std::size_t transaction_entries_max = 0;
};

/// Our document; its operational part is valid for operational_life_max.
[[nodiscard]] Bytes make_document(const Jws& delegation, const OperationalDraft& draft,
                                  const crypto::SigningKey& signing);

/// The iid that a document names as its own, unproved: whose it is, if it proves itself. Fails with
/// too_large and invalid.
[[nodiscard]] Result<core::Iid> claimed_iid(std::string_view bytes);

/// Reads and proves a document of `name`. Fails with
///   too_large, invalid  it is malformed, or of a version we do not know;
///   denied              a signature, name, id or date does not fit (skew of 5 minutes allowed);
///   conflict            it is another instance than `pinned`.
[[nodiscard]] Result<PeerIdentity> verify_document(std::string_view bytes,
                                                   const core::InstanceName& name,
                                                   const core::Iid& pinned, TimePoint now);

}  // namespace cpc::federation
