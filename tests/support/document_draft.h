// An instance document that a test changes before it is signed.
#pragma once

#include "crypto/digest.h"
#include "federation/instance_document.h"

namespace cpc::tests {

struct DocumentDraft {
  federation::DelegationDraft delegation;
  federation::OperationalDraft operational;

  [[nodiscard]] Bytes signed_by(const crypto::SigningKey& root,
                                const crypto::SigningKey& signing) const {
    return make_document(make_delegation(delegation, root), operational, signing);
  }
};

/// Of an instance with this root and signing key, issued `at`, with serials 1, for the tests to
/// fill in the rest. The signing key speaks from five minutes earlier, as in documents of ours.
[[nodiscard]] inline DocumentDraft document_draft(const core::InstanceName& name,
                                                  const crypto::SigningKey& root,
                                                  const crypto::SigningKey& signing, TimePoint at) {
  DocumentDraft draft;
  draft.delegation.name = draft.operational.name = name;
  draft.delegation.iid = draft.operational.iid = federation::iid_of(root.public_key());
  draft.delegation.issued = draft.operational.issued = at;
  draft.delegation.keys.push_back({signing.public_key(), at - federation::document_skew_max,
                                   at + federation::delegation_life_max});
  draft.operational.endpoints.push_back(routing::Endpoint::parse("chat.nord.example:8470").value());
  draft.operational.tls_pins.push_back(crypto::sha256("spki"));
  draft.operational.transaction_bytes_max = 2 * 1024 * 1024;
  draft.operational.transaction_entries_max = 500;
  return draft;
}

}  // namespace cpc::tests
