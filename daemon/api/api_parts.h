// What the client API works with. Owned by the daemon's parts list; outlives every request.
// Everything here is used on the network thread.
#pragma once

#include <functional>

#include "core/account.h"
#include "core/base/log.h"
#include "core/home.h"
#include "daemon/api/rate_limit.h"
#include "federation/keyring.h"
#include "routing/peer_health.h"
#include "routing/ports.h"
#include "routing/wake_ups.h"

namespace cpc::api {

struct ApiSettings {
  std::chrono::seconds token_lifetime{3600};
  std::size_t events_per_page_max = 500;
  bool is_behind_proxy = false;
};

struct ApiParts {
  const core::Home& home;
  const federation::Keyring& keys;
  routing::StoreGate& store;
  routing::Timers& timers;
  routing::Random& random;
  routing::CryptoPool& pool;
  /// Runs password hashing; fails with unavailable when too many wait.
  std::function<Task<>(std::function<void()>)> hash_passwords;
  routing::WakeUps& wake_ups;
  const routing::PeerHealth& health;
  Log& log;
  ApiSettings settings;
  RateLimit sign_ins_by_account;
  RateLimit sign_ins_by_address;
};

/// Who asks. Each operation works with a copy of its own.
struct Caller {
  ApiParts& parts;
  std::optional<core::SessionClaim> session;  ///< None: not signed in.
  TimePoint session_ends{};                   ///< When the token expires.
  std::string remote_address;
  /// The highest n in the first state of the store that this operation read. What it reads later
  /// may be newer, so this is the place from which its client misses nothing.
  std::optional<std::int64_t> first_n{};

  [[nodiscard]] const std::string& local() const { return session->local; }
  [[nodiscard]] core::Address address() const { return parts.home.address_of(session->local); }
};

}  // namespace cpc::api
