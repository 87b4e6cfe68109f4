// What stands in the way of a message to a peer, from what the store and the configuration know of
// it: the judgement behind `cpcctl route`. Pure.
#pragma once

#include <optional>
#include <vector>

#include "core/records.h"
#include "daemon/admin_protocol/messages.h"
#include "federation/peer_directory.h"

namespace cpc::daemon {

/// What the operator lets in.
struct LetIn {
  const federation::TrustPolicy& policy;
  bool is_looked_for = false;  ///< PeerDirectory::may_be_looked_for the name.
};

/// `peer` is who the name is to us, and `let_in` what suffices. Sets `route`'s document, findings
/// and deliverable; its endpoints are there already. `row` is what the store holds of the peer,
/// `lanes` what we owe it.
void judge_route(const core::InstanceName& name, const federation::Standing& peer,
                 const std::optional<core::Peer>& row, const std::vector<core::Lane>& lanes,
                 const LetIn& let_in, TimePoint now, admin_protocol::Route& route);

/// After judge_route(): adds what the signed directories, whose `word` it is, change about it.
void judge_directories(const core::InstanceName& name, const federation::Standing& peer,
                       const federation::DirectoryWord& word, const federation::TrustPolicy& policy,
                       admin_protocol::Route& route);

}  // namespace cpc::daemon
