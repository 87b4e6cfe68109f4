// Ends a wait from the side: when the time is over, `strike` closes or cancels what a coroutine
// waits for. It lives in that coroutine's frame, and once it is gone it never strikes.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace cpc::federation {

/// Network thread only.
class Deadline {
 public:
  /// `strike` may destroy this.
  Deadline(const boost::asio::any_io_executor& executor, std::chrono::milliseconds after,
           std::function<void()> strike);
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  ~Deadline() = default;

  [[nodiscard]] bool has_struck() const { return strike_->has_struck; }

 private:
  struct Strike {
    std::function<void()> act;
    bool has_struck = false;
  };
  std::shared_ptr<Strike> strike_;
  boost::asio::steady_timer timer_;
};

}  // namespace cpc::federation
