// What the waiting layers need from outside: time, chance, the store, the peers.
//
// Adapters: daemon/ (SystemTimers, SystemRandom, ThreadedStoreGate), federation/
// (HttpPeerExchange), tests/. Everything here is called on the network thread; an adapter that hops
// to another thread hops back before it returns. References handed in outlive the awaited call.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>

#include "core/base/time.h"
#include "core/delivery.h"
#include "core/store.h"
#include "routing/steady_time.h"

namespace cpc {
/// A coroutine that may wait, and that ends in a Result.
template <class T = void>
using Task = boost::asio::awaitable<Result<T>>;
}  // namespace cpc

namespace cpc::routing {

class Timers {
 public:
  virtual ~Timers() = default;
  /// The wall clock: for what is written, signed or shown. It may step either way at any time.
  [[nodiscard]] virtual TimePoint now() const = 0;
  /// For waits, retries and intervals, which no step of the wall clock may stretch or cut.
  [[nodiscard]] virtual SteadyPoint steady_now() const = 0;
  [[nodiscard]] Instant instant() const { return {now(), steady_now()}; }
  /// Returns early when the coroutine is cancelled.
  [[nodiscard]] virtual boost::asio::awaitable<void> sleep_until(SteadyPoint due_at) = 0;
};

/// Keys, nonces, ids and jitter come through here, so that a simulation replays them.
class Random {
 public:
  virtual ~Random() = default;
  [[nodiscard]] virtual Bytes bytes(std::size_t count) = 0;
  [[nodiscard]] core::ChanceSeed seed() {
    return core::ChanceSeed::from_bytes(bytes(core::ChanceSeed::size)).value();
  }
};

class StoreGate {
 public:
  virtual ~StoreGate() = default;
  /// Runs `closure` in the next batch, off the network thread, and returns when that batch is
  /// durable. Fails like the closure, or with unavailable; then nothing of it was stored.
  [[nodiscard]] virtual Task<> transact(core::Keys prefetch, core::Closure closure) = 0;
  /// Runs `look` over committed state on a reader thread.
  [[nodiscard]] virtual Task<> read(std::function<Result<>(core::Snapshot&)> look) = 0;
};

class CryptoPool {
 public:
  virtual ~CryptoPool() = default;
  /// Runs `work` (signing, verifying, decoding: pure functions over its captures) off the network
  /// thread and returns when it is done. `work` may capture by reference: it is awaited on the
  /// spot.
  [[nodiscard]] virtual boost::asio::awaitable<void> run(std::function<void()> work) = 0;
};

class PeerExchange {
 public:
  virtual ~PeerExchange() = default;
  /// Introduces us to the peer (hello): proves both keys, measures skew, says that we are back. A
  /// probe for a peer that was away. Fails with unavailable (try later) or denied (it refused us).
  [[nodiscard]] virtual Task<> greet(core::InstanceName peer) = 0;
  /// Hands `batch` to the peer and waits for its signed answer. Fails with
  ///   unavailable  not reached, or it asks for time;
  ///   denied       it refused the request as a whole;
  ///   too_large    it takes less in one transaction.
  [[nodiscard]] virtual Task<core::Answer> deliver(core::InstanceName peer, core::Batch batch) = 0;
  /// `ours`, lowered to what the peer says it takes in one transaction; `ours` while it is not
  /// known.
  [[nodiscard]] virtual core::DeliveryLimits limits_of(const core::InstanceName& peer,
                                                       core::DeliveryLimits ours) const = 0;
};

}  // namespace cpc::routing
