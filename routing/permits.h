// A counting semaphore for coroutines: at most so many hold a permit at a time, the others wait in
// order of arrival. Keeps dead peers from holding every connection.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <deque>
#include <memory>
#include <utility>

#include "routing/signal.h"

namespace cpc::routing {

/// Network thread only. Outlives its permits and whoever waits for one.
class Permits {
 public:
  /// Given back when destroyed. An empty one holds nothing.
  class Permit {
   public:
    Permit() = default;
    explicit Permit(Permits& from) : from_(&from) {}
    Permit(Permit&& other) noexcept : from_(std::exchange(other.from_, nullptr)) {}
    Permit& operator=(Permit&& other) noexcept {
      std::swap(from_, other.from_);
      return *this;
    }
    ~Permit() {
      if (from_ != nullptr) from_->give_back();
    }
    [[nodiscard]] explicit operator bool() const { return from_ != nullptr; }

   private:
    Permits* from_ = nullptr;
  };

  Permits(boost::asio::any_io_executor executor, std::size_t permits_max);

  /// Waits for a permit. Empty only when the waiting coroutine was cancelled.
  [[nodiscard]] boost::asio::awaitable<Permit> acquire();

  [[nodiscard]] std::size_t free() const { return free_; }

 private:
  struct Waiter {
    explicit Waiter(const boost::asio::any_io_executor& executor) : bell(executor) {}
    ~Waiter() = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    Permit permit;
    Signal bell;
  };
  void give_back();

  boost::asio::any_io_executor executor_;
  std::size_t free_;
  std::deque<std::weak_ptr<Waiter>> queue_;  // Who gave up is skipped.
};

}  // namespace cpc::routing
