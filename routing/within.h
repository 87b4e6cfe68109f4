// Deadlines. Every wait has one: `co_await within(timers, 20s, peers.greet(name))`. The time comes
// from the Timers port, so that a simulation drives it.
//
// The loser is cancelled and waited for: when within() returns, neither the task nor the timer
// runs any more, and references that the task holds may go. A task that ignores its cancellation
// therefore delays the return; adapters obey it.
#pragma once

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <optional>

#include "routing/ports.h"

namespace cpc::routing {

/// How a race against the clock ended.
enum class Finish {
  finished,   ///< The work came first.
  late,       ///< The deadline came first; the work was cancelled.
  cancelled,  ///< The waiting coroutine itself was cancelled, and the work with it.
};

/// Runs `work` until `deadline`. `work` must not throw.
[[nodiscard]] boost::asio::awaitable<Finish> race(Timers& timers, SteadyPoint deadline,
                                                  boost::asio::awaitable<void> work);

namespace within_detail {

// Asio default-constructs what it carries between coroutines, and a Result refuses that on purpose.
// So the outcome lies in the frame of within(), which outlives the task.
template <class T>
struct Kept {
  std::optional<Result<T>> result;
  std::exception_ptr problem;
};

template <class T>
boost::asio::awaitable<void> keep(Task<T> work, Kept<T>& kept) {
  try {
    kept.result = co_await std::move(work);
  } catch (...) {
    kept.problem = std::current_exception();
  }
}

}  // namespace within_detail

/// The outcome of `work` if it ends before `deadline`; otherwise fails with unavailable. An
/// exception of `work` passes through. When the waiting coroutine itself is cancelled it throws as
/// its next co_await would: nobody may take a shutdown for the failure of a peer.
template <class T>
[[nodiscard]] Task<T> within(Timers& timers, SteadyPoint deadline, Task<T> work) {
  within_detail::Kept<T> kept;
  const Finish finish = co_await race(timers, deadline, within_detail::keep(std::move(work), kept));
  if (finish == Finish::cancelled) {
    throw boost::system::system_error{boost::asio::error::operation_aborted};
  }
  // Whatever a cancelled loser ended with, even a value, came of waits that were cut short.
  if (finish == Finish::late) co_return fail(ErrorCode::unavailable, "deadline passed");
  if (kept.problem) std::rethrow_exception(kept.problem);
  co_return *std::move(kept.result);
}

template <class T>
[[nodiscard]] Task<T> within(Timers& timers, Milliseconds limit, Task<T> work) {
  return within(timers, timers.steady_now() + limit, std::move(work));
}

}  // namespace cpc::routing
