// Drafts whose consent is there become signed events: read, sign outside, place in a closure. Woken
// by commits that touched drafts; at start it finds what an earlier run left. Network thread only.
#pragma once

#include "core/base/log.h"
#include "federation/keyring.h"
#include "routing/ports.h"
#include "routing/wake_ups.h"

namespace cpc::federation {

/// What the loops below work with. Owned by the daemon's parts list; outlives them.
struct LoopParts {
  const core::Home& home;
  const Keyring& keys;
  routing::StoreGate& store;
  routing::Timers& timers;
  routing::Random& random;
  routing::CryptoPool& pool;
  routing::WakeUps& wake_ups;
  Log& log;
};

/// Nobody is told of all that could be done, so each looks so often in any case, and so soon after
/// the store refused.
inline constexpr auto loop_look_anyway = std::chrono::minutes{1};
inline constexpr auto loop_retry_after = std::chrono::seconds{1};

/// Runs until cancelled.
[[nodiscard]] boost::asio::awaitable<void> run_signing_loop(LoopParts& self);

/// Consent frames that were stored and acknowledged are applied, oldest first. The fifth failure of
/// one parks it. Runs until cancelled.
[[nodiscard]] boost::asio::awaitable<void> run_inbox_loop(LoopParts& self);

/// First messages that nobody answered expire, and evidence that is old enough; looks once an hour.
/// Runs until cancelled.
[[nodiscard]] boost::asio::awaitable<void> run_expiry_loop(LoopParts& self);

/// The signed form of a draft. Fails with internal when its stored body cannot be opened. Pure.
[[nodiscard]] Result<core::VerifiedEnvelope> sign_draft(
    const core::Home& home, const crypto::SigningKey& key, const core::WireId& wire_id,
    const core::Event& draft, const core::Incarnation& incarnation, Bytes salt);

}  // namespace cpc::federation
