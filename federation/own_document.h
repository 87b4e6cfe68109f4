// Our own instance document: made at start, renewed at half life, its serials rising only. The
// store keeps the last one under our own name among the peers, so that serials survive a restart.
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
  /// Renews at half life until cancelled; a failure is tried again after a minute.
  [[nodiscard]] boost::asio::awaitable<void> run(Log& log);

  [[nodiscard]] const Bytes& bytes() const { return bytes_; }
  [[nodiscard]] std::int64_t serial() const { return serial_; }

 private:
  const core::Home& home_;
  const Keyring& keys_;
  routing::StoreGate& store_;
  routing::Timers& timers_;
  Settings settings_;
  Bytes bytes_;
  std::int64_t serial_ = 0;
};

}  // namespace cpc::federation
