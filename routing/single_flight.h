// One question at a time, whose answer all who ask meanwhile share.
//
// Whoever comes first asks, the others wait. Who asks and is cancelled has learnt nothing: one of
// those who wait asks in its place, and so nobody's deadline is another one's failure.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <optional>

#include "routing/ports.h"

namespace cpc::routing {

/// For `co_await this_coro::cancellation_state`: another coroutine could not be asked, because
/// waiting for it throws where this is so.
[[nodiscard]] inline bool is_given_up(const boost::asio::cancellation_state& state) {
  return state.cancelled() != boost::asio::cancellation_type::none;
}

/// Network thread only. Outlives whoever asks.
template <class Answer>
class SingleFlight {
 public:
  [[nodiscard]] bool is_under_way() const { return flight_ != nullptr; }

  /// The answer of the question under way, or else of `ask`, a function without arguments that
  /// gives a Task<Answer>. Fails as `ask` does, and with unavailable when the caller is cancelled.
  template <class Ask>
  [[nodiscard]] Task<Answer> run(const Ask& ask) {
    while (flight_ != nullptr) {
      const std::shared_ptr<Flight> shared = flight_;
      co_await shared->bell.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
      if (shared->answer) co_return *shared->answer;
      const auto state = co_await boost::asio::this_coro::cancellation_state;
      if (is_given_up(state)) co_return given_up();
    }
    const auto executor = co_await boost::asio::this_coro::executor;
    const Leader leader{flight_, executor};
    Result<Answer> answer = co_await ask();
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    if (is_given_up(state)) co_return given_up();
    leader.flight->answer = answer;
    co_return answer;
  }

 private:
  struct Flight {
    explicit Flight(const boost::asio::any_io_executor& executor)
        : bell(executor, boost::asio::steady_timer::time_point::max()) {}
    boost::asio::steady_timer bell;          // Never runs out; cancelling it wakes who waits.
    std::optional<Result<Answer>> answer{};  // None if whoever asked was cancelled.
  };
  // However asking ends, the next may ask, and those who wait are woken.
  struct Leader {
    Leader(std::shared_ptr<Flight>& under_way, const boost::asio::any_io_executor& executor)
        : place(under_way), flight(std::make_shared<Flight>(executor)) {
      place = flight;
    }
    ~Leader() {
      place.reset();
      flight->bell.cancel();
    }
    Leader(const Leader&) = delete;
    Leader& operator=(const Leader&) = delete;
    std::shared_ptr<Flight>& place;
    std::shared_ptr<Flight> flight;
  };

  static Error given_up() { return {ErrorCode::unavailable, "the question was given up"}; }

  std::shared_ptr<Flight> flight_;
};

}  // namespace cpc::routing
