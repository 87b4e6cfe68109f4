// A wake-up flag for one loop. Who has news sets it; the loop clears it when it wakes and then
// reads the store. A notify() between the loop's reading and its waiting makes the next wait return
// at once, so no wake-up is lost; several before one wait count as one.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "routing/ports.h"

namespace cpc::routing {

/// Network thread only. One coroutine at a time may wait. Outlives whoever waits.
class Signal {
 public:
  explicit Signal(const boost::asio::any_io_executor& executor);

  void notify();
  [[nodiscard]] bool is_set() const { return is_set_; }

  /// Returns once the flag is set, and clears it. Returns early when the coroutine is cancelled,
  /// and then leaves the flag as it is.
  [[nodiscard]] boost::asio::awaitable<void> wait();

  /// As wait(), but until `due` at the latest. True if the flag was set (and cleared), also when it
  /// was set in the same instant as `due` came.
  [[nodiscard]] boost::asio::awaitable<bool> wait_until(Timers& timers, SteadyPoint due);

 private:
  [[nodiscard]] boost::asio::awaitable<void> until_set();
  [[nodiscard]] bool take();

  bool is_set_ = false;
  boost::asio::steady_timer bell_;  // Never runs out; cancelling it wakes who waits.
};

}  // namespace cpc::routing
