#include "daemon/system_ports.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace cpc::daemon {

TimePoint SystemTimers::now() const {
  return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
}

boost::asio::awaitable<void> SystemTimers::sleep_until(TimePoint due_at) {
  constexpr Milliseconds longest = std::chrono::hours{24 * 365};
  const Milliseconds left = std::clamp(due_at - now(), Milliseconds{0}, longest);
  boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor, left};
  co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
}

}  // namespace cpc::daemon
