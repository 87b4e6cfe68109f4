// Our own instance document: made at start, renewed at half life, its serials rising only. The
// store keeps the last one under our own name among the peers, so that serials survive a restart;
// they are at least the time in seconds, so that they survive the loss of the store as well.
// Network thread only.
#pragma once

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
  };
  OwnDocument(const core::Home& home, const Keyring& keys, routing::StoreGate& store,
              routing::Timers& timers, Settings settings)
      : home_(home), keys_(keys), store_(store), timers_(timers), settings_(std::move(settings)) {}

  /// Makes a document with serials above every earlier one and stores it. Call before serving.
  [[nodiscard]] Task<> renew();
  /// Looks once a minute, until cancelled, and renews at half life by the wall clock, however it
  /// came there; also when the clock was set back so far that peers would call the document one
  /// from the future. A failure is tried again a minute later.
  [[nodiscard]] boost::asio::awaitable<void> run(Log& log);

  [[nodiscard]] const Bytes& bytes() const { return bytes_; }
  [[nodiscard]] std::int64_t serial() const { return serial_; }

 private:
  [[nodiscard]] bool is_due(TimePoint now) const;

  const core::Home& home_;
  const Keyring& keys_;
  routing::StoreGate& store_;
  routing::Timers& timers_;
  Settings settings_;
  TimePoint issued_at_{};
  Bytes bytes_;
  std::int64_t serial_ = 0;
};

}  // namespace cpc::federation
