// A stretch of a log as it travels, in a transaction and in the answer to whoever pulls it.
// docs/protocol.md sections "Transactions" and "Pulling a log". Pure; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/delivery.h"
#include "federation/peer_identity.h"

namespace cpc::federation {

/// Whose events may stand in it. A direct conversation has two instances: its hub and the reader.
struct Authors {
  const PeerIdentity& hub;
  /// The reader itself, who is given back what it wrote; null where that comes without envelope.
  const PeerIdentity* own = nullptr;
  [[nodiscard]] const PeerIdentity& of(const core::Iid& author) const {
    return own != nullptr && own->iid == author ? *own : hub;
  }
};

[[nodiscard]] nlohmann::json to_json(const core::LogPart<core::Envelope>& part);

/// Verifies while it reads: a part with a bad entry keeps what stood before it and says in
/// `refused` why the rest was not taken. An entry's key counts if it does at `seen_at` or did at
/// the entry's hub time. `entries_left` is lowered by what the part holds. Fails with invalid if
/// the part as a whole is malformed, too_large over `entries_left`.
[[nodiscard]] Result<core::LogPart<core::VerifiedEnvelope>> log_part_from_json(
    const nlohmann::json& value, const Authors& authors, TimePoint seen_at,
    std::size_t& entries_left);

/// Why an item was not taken, as the code that its lane is told.
[[nodiscard]] std::string refusal_of(const Error& error);

}  // namespace cpc::federation
