// What a coroutine hands over to somebody who works on it elsewhere, and whose answer it awaits.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <optional>

#include "routing/ports.h"

namespace cpc::routing {

/// Network thread only.
class HandOver {
 public:
  explicit HandOver(const boost::asio::any_io_executor& network)
      : bell_(network, boost::asio::steady_timer::time_point::max()) {}

  void finish(Result<> result) {
    result_ = std::move(result);
    bell_.cancel();
  }
  [[nodiscard]] bool is_finished() const { return result_.has_value(); }

  /// Hands over by `add`, which gives a shared HandOver, and waits until that is finished,
  /// cancelled or not: the other side works on what our caller owns. A cancellation takes effect at
  /// the caller's next wait.
  template <class Add>
  [[nodiscard]] static Task<> await(Add add) {
    const bool throws = co_await boost::asio::this_coro::throw_if_cancelled();
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    const std::shared_ptr<HandOver> waiting = add();
    while (!waiting->is_finished()) {
      co_await waiting->bell_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }
    co_await boost::asio::this_coro::throw_if_cancelled(throws);
    co_return *std::move(waiting->result_);
  }

 private:
  std::optional<Result<>> result_;
  boost::asio::steady_timer bell_;  // Never runs out; cancelling it wakes who waits.
};

}  // namespace cpc::routing
