// The awaiting shell around the store: closures wait together while a commit runs and go into the
// next batch, on the store thread; look-ups wait together likewise and share a snapshot, on two
// reader threads. After each commit the wake-ups are dispatched on the network thread, before the
// closures' callers go on. While a commit is in doubt the store is asked each second, so that
// nobody has to write before others hear of what was committed.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <memory>

#include "core/base/log.h"
#include "routing/ports.h"
#include "routing/wake_ups.h"
#include "store/store.h"

namespace cpc::daemon {

class ThreadedStoreGate final : public routing::StoreGate {
 public:
  static constexpr std::size_t batch_closures_max = 256;
  static constexpr std::size_t batch_looks_max = 64;
  static constexpr std::size_t waiting_max = 10'000;  ///< Closures, or looks: more are refused.
  static constexpr std::size_t readers = 2;
  static constexpr std::chrono::seconds settle_interval{1};

  /// Opens the readers. `closed` is called on the network thread when the gate was fenced off: the
  /// daemon must stop. Fails with unavailable.
  [[nodiscard]] static Result<std::unique_ptr<ThreadedStoreGate>> open(
      store::Store& store, boost::asio::any_io_executor network, routing::WakeUps& wake_ups,
      Log& log, std::function<void()> closed);
  ~ThreadedStoreGate() override;

  [[nodiscard]] Task<> transact(core::Keys prefetch, core::Closure closure) override;
  [[nodiscard]] Task<> read(std::function<Result<>(core::Snapshot&)> look) override;

  /// Why the last commit failed; nothing after one that succeeded. Network thread.
  [[nodiscard]] const std::optional<std::string>& failure() const;
  /// Commits what waits, then ends the threads. Network thread; nobody may call transact() after.
  void stop();

 private:
  class State;
  explicit ThreadedStoreGate(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cpc::daemon
