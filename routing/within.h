// Deadlines. Every wait has one: `co_await within(timers, 20s, peers.greet(name))`. The time comes
// from the Timers port, so that a simulation drives it.
//
// The loser is cancelled and waited for: when within() returns, neither the task nor the timer
// runs any more, and references that the task holds may go. A task that ignores its cancellation
// therefore delays the return; adapters obey it.
#pragma once

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
[[nodiscard]] boost::asio::awaitable<Finish> race(Timers& timers, TimePoint deadline,
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

/// The outcome of `work` if it comes before `deadline`; a result that is there when the deadline
/// strikes counts. Otherwise fails with unavailable. An exception of `work` passes through.
template <class T>
[[nodiscard]] Task<T> within(Timers& timers, TimePoint deadline, Task<T> work) {
  within_detail::Kept<T> kept;
  const Finish finish = co_await race(timers, deadline, within_detail::keep(std::move(work), kept));
  if (finish == Finish::cancelled) co_return fail(ErrorCode::unavailable, "cancelled");
  // A loser that was cancelled may end in an exception or in an error of its own: the deadline
  // explains it better.
  if (kept.result && (finish == Finish::finished || kept.result->has_value())) {
    co_return *std::move(kept.result);
  }
  if (finish == Finish::late) co_return fail(ErrorCode::unavailable, "deadline passed");
  std::rethrow_exception(kept.problem);
}

template <class T>
[[nodiscard]] Task<T> within(Timers& timers, Milliseconds limit, Task<T> work) {
  return within(timers, timers.now() + limit, std::move(work));
}

}  // namespace cpc::routing
