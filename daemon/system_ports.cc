#include "daemon/system_ports.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <ctime>

namespace cpc::daemon {

TimePoint SystemTimers::now() const {
  return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
}

routing::SteadyPoint SystemTimers::steady_now() const {
  timespec since_boot{};
  // Fails for clocks only that the kernel lacks; this one it has since 2.6.39.
  clock_gettime(CLOCK_BOOTTIME, &since_boot);
  const std::chrono::seconds whole{since_boot.tv_sec};
  const std::chrono::nanoseconds rest{since_boot.tv_nsec};
  return routing::SteadyPoint{std::chrono::floor<Milliseconds>(whole + rest)};
}

boost::asio::awaitable<void> SystemTimers::sleep_until(routing::SteadyPoint due_at) {
  boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor};
  for (;;) {
    const Milliseconds left = due_at - steady_now();
    if (left <= Milliseconds{0}) co_return;
    // Asio's timers stand still while the machine is suspended: look again before long.
    timer.expires_after(std::min<Milliseconds>(left, std::chrono::minutes{1}));
    const auto [cancelled] =
        co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    if (cancelled) co_return;
  }
}

}  // namespace cpc::daemon
