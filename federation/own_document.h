// Our own instance document: made at start and whenever our keys change, renewed at half life, its
// serials rising only. The store keeps the last one under our own name among the peers, so that
// serials survive a restart; they are at least the time in seconds, so that they survive the loss
// of the store as well. The delegation in it is the keyring's.
// Network thread only.
#pragma once

#include <functional>

#include "core/base/log.h"
#include "federation/keyring.h"
#include "routing/ports.h"

namespace cpc::federation {

class OwnDocument {
 public:
  struct Settings {
    std::vector<routing::Endpoint> endpoints;
    std::vector<Digest> tls_pins;
    std::size_t transaction_bytes_max = 0;
    std::size_t transaction_entries_max = 0;
    /// Has the delegation signed anew if it is due; true if the keyring has another one now.
    std::function<bool(TimePoint now)> renew_delegation{};
  };
  OwnDocument(const core::Home& home, Keyring& keys, routing::StoreGate& store,
              routing::Timers& timers, Settings settings)
      : home_(home), keys_(keys), store_(store), timers_(timers), settings_(std::move(settings)) {}

  /// Makes a document of the keyring's newest delegation, which takes over, with a serial above
  /// every earlier one and stores it. Call before serving.
  [[nodiscard]] Task<> renew();
  /// run() renews at its next look, unless renew() does so before.
  void want_renewal() { is_wanted_ = true; }
  /// Looks once a minute, until cancelled, and renews at half life by the wall clock, however it
  /// came there; also when the clock was set back so far that peers would call the document one
  /// from the future. A failure is tried again a minute later.
  [[nodiscard]] boost::asio::awaitable<void> run(Log& log);

  [[nodiscard]] const Bytes& bytes() const { return bytes_; }
  /// Of the operational part.
  [[nodiscard]] std::int64_t serial() const { return serial_; }
  [[nodiscard]] std::int64_t delegation_serial() const {
    return keys_.delegation().identity.delegation_serial;
  }

 private:
  [[nodiscard]] bool is_due(TimePoint now) const;

  const core::Home& home_;
  Keyring& keys_;
  routing::StoreGate& store_;
  routing::Timers& timers_;
  Settings settings_;
  TimePoint issued_at_{};
  Bytes bytes_;
  std::int64_t serial_ = 0;
  bool is_wanted_ = false;
};

}  // namespace cpc::federation
