// What the two parts of an instance document have in common. For delegation.cc and
// instance_document.cc.
#pragma once

#include "federation/peer_identity.h"
#include "federation/strict_json.h"

namespace cpc::federation {

/// When `part` expires, if it is of version 1, of `of`, issued by now (document_skew_max allowed),
/// not expired and within `life_max`. Fails as verify_document.
[[nodiscard]] Result<TimePoint> check_part(const JsonObject& part, const PeerIdentity& of,
                                           Milliseconds life_max, TimePoint now);

}  // namespace cpc::federation
