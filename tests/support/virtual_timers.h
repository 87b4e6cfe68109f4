// Virtual time: hours pass in milliseconds, and always in the same order. A test owns the
// io_context, starts coroutines, and turns the clock.
#pragma once

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "routing/ports.h"

namespace cpc::tests {

/// Sleepers wake by due time, then by order of arrival.
class VirtualTimers final : public routing::Timers {
 public:
  /// Some day in 2026, so that "before" and zero differ.
  static constexpr TimePoint start_of_time{std::chrono::hours{24 * 365 * 56}};
  /// The machine has been up for a while.
  static constexpr routing::SteadyPoint start_of_steady{std::chrono::hours{24 * 30}};

  explicit VirtualTimers(boost::asio::io_context& io) : io_(io) {}

  [[nodiscard]] TimePoint now() const override { return wall(now_); }
  [[nodiscard]] routing::SteadyPoint steady_now() const override { return now_; }
  /// The wall clock jumps, forward or back; no time passes.
  void step_wall(Milliseconds by) { stepped_ += by; }

  [[nodiscard]] boost::asio::awaitable<void> sleep_until(routing::SteadyPoint due_at) override {
    if (due_at <= now_) co_return;
    const auto bell = std::make_shared<boost::asio::steady_timer>(
        io_, boost::asio::steady_timer::time_point::max());
    const Sleep sleep{*this, {due_at, ++last_ticket_}, bell};
    co_await bell->async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }

  /// Runs what can run without time passing.
  void settle() {
    io_.restart();
    while (io_.poll() != 0) io_.restart();
  }

  /// Lets `span` pass; every sleeper that is due on the way wakes at its time.
  void pass(Milliseconds span) {
    const routing::SteadyPoint end = now_ + span;
    settle();
    while (!sleepers_.empty() && sleepers_.begin()->first.first <= end) wake_next();
    now_ = end;
  }

  /// Lets time pass until `is_done()`, `limit` at most. True if it became so.
  template <class Question>
  [[nodiscard]] bool pass_until(Question is_done, Milliseconds limit = std::chrono::hours{1}) {
    const routing::SteadyPoint end = now_ + limit;
    settle();
    while (!is_done()) {
      if (sleepers_.empty() || sleepers_.begin()->first.first > end) return false;
      wake_next();
    }
    return true;
  }

  [[nodiscard]] std::size_t sleepers() const { return sleepers_.size(); }

 private:
  using Ticket = std::pair<routing::SteadyPoint, std::uint64_t>;
  using Bell = std::shared_ptr<boost::asio::steady_timer>;

  // In the list as long as the coroutine sleeps, however its sleep ends.
  struct Sleep {
    Sleep(VirtualTimers& owner, Ticket ticket, const Bell& bell) : timers(owner), at(ticket) {
      timers.sleepers_.emplace(at, bell);
    }
    ~Sleep() { timers.sleepers_.erase(at); }
    Sleep(const Sleep&) = delete;
    Sleep& operator=(const Sleep&) = delete;
    VirtualTimers& timers;
    Ticket at;
  };

  [[nodiscard]] TimePoint wall(routing::SteadyPoint at) const {
    return start_of_time + (at - start_of_steady) + stepped_;
  }

  void wake_next() {
    const auto [ticket, bell] = *sleepers_.begin();
    now_ = std::max(now_, ticket.first);
    sleepers_.erase(sleepers_.begin());
    bell->cancel();
    settle();
  }

  boost::asio::io_context& io_;
  routing::SteadyPoint now_ = start_of_steady;
  Milliseconds stepped_{};
  std::uint64_t last_ticket_ = 0;
  std::map<Ticket, Bell> sleepers_;
};

}  // namespace cpc::tests
