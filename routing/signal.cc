#include "routing/signal.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "routing/within.h"

namespace cpc::routing {

namespace asio = boost::asio;

Signal::Signal(const asio::any_io_executor& executor)
    : bell_(executor, asio::steady_timer::time_point::max()) {}

void Signal::notify() {
  is_set_ = true;
  bell_.cancel();
}

bool Signal::take() {
  return std::exchange(is_set_, false);
}

// Leaves the flag as it is: between the bell and the return of wait_until() the clock may win, and
// a flag that was cleared here would then be lost.
asio::awaitable<void> Signal::until_set() {
  while (!is_set_) {
    co_await bell_.async_wait(asio::as_tuple(asio::use_awaitable));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return;
  }
}

asio::awaitable<void> Signal::wait() {
  co_await until_set();
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() == asio::cancellation_type::none) is_set_ = false;
}

asio::awaitable<bool> Signal::wait_until(Timers& timers, SteadyPoint due) {
  if (is_set_ || due <= timers.steady_now()) co_return take();
  const Finish finish = co_await race(timers, due, until_set());
  if (finish == Finish::cancelled) co_return false;
  co_return take();
}

}  // namespace cpc::routing
