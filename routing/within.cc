#include "routing/within.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace cpc::routing {

namespace asio = boost::asio;

namespace {

// The clock's side of the race. A cancelled sleep may end by Asio's exception, which means nothing.
asio::awaitable<void> sleep(Timers& timers, SteadyPoint due) {
  try {
    co_await timers.sleep_until(due);
  } catch (const boost::system::system_error& problem) {
    if (problem.code() != asio::error::operation_aborted) throw;
  }
}

}  // namespace

asio::awaitable<Finish> race(Timers& timers, SteadyPoint deadline, asio::awaitable<void> work) {
  const auto executor = co_await asio::this_coro::executor;
  // The group ends when both have ended; the first to end cancels the other.
  const auto [order, work_problem, clock_problem] =
      co_await asio::experimental::make_parallel_group(
          asio::co_spawn(executor, std::move(work), asio::deferred),
          asio::co_spawn(executor, sleep(timers, deadline), asio::deferred))
          .async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) co_return Finish::cancelled;
  if (work_problem) std::rethrow_exception(work_problem);
  if (clock_problem) std::rethrow_exception(clock_problem);
  co_return order[0] == 0 ? Finish::finished : Finish::late;
}

}  // namespace cpc::routing
