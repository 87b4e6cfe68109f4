#include "tests/sim/sim_gate.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <deque>

#include "core/codes.h"
#include "tests/support/forwarding_connection.h"

namespace cpc::sim {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::size_t batch_closures_max = 256;  // As ThreadedStoreGate.

class CommitFaults final : public tests::ForwardingConnection {
 public:
  CommitFaults(std::unique_ptr<store::Connection> inner, std::shared_ptr<NextCommit> next)
      : ForwardingConnection(std::move(inner)), next_(std::move(next)) {}

  Result<> commit() override {
    const NextCommit fate = std::exchange(*next_, NextCommit::works);
    if (fate == NextCommit::pretends) return ForwardingConnection::rollback();
    if (fate == NextCommit::fails) return fail(ErrorCode::unavailable, "simulated: no room");
    CPC_TRY(ForwardingConnection::commit());
    if (fate == NextCommit::works) return success();
    return fail(ErrorCode::unavailable, "simulated: the answer was lost");
  }

 private:
  std::shared_ptr<NextCommit> next_;
};

struct Waiter {
  explicit Waiter(asio::io_context& io) : bell(io, asio::steady_timer::time_point::max()) {}
  std::optional<Result<>> result;
  asio::steady_timer bell;
};

void finish(Waiter& waiter, Result<> result) {
  waiter.result = std::move(result);
  waiter.bell.cancel();
}

Error died() {
  return fail(ErrorCode::unavailable, "the instance died");
}

}  // namespace

store::Decorate decorated_by(std::shared_ptr<NextCommit> next, Plant plant,
                             tests::VirtualTimers& timers) {
  return [next, plant, &timers](std::unique_ptr<store::Connection> inner) {
    auto planted = planted_around(std::move(inner), plant, timers);
    return std::make_unique<CommitFaults>(std::move(planted), next);
  };
}

struct SimGate::State : std::enable_shared_from_this<State> {
  explicit State(Parts given) : parts(std::move(given)) {}

  struct Pending {
    store::Work work;
    std::shared_ptr<Waiter> waiter;
  };
  Parts parts;
  std::unique_ptr<store::Reader> reader;
  std::deque<Pending> waiting;
  std::vector<std::shared_ptr<Waiter>> under_way;
  bool is_busy = false;
  bool is_dead = false;

  void begin_batch() {
    is_busy = true;
    asio::co_spawn(parts.io, run_batches(shared_from_this()), asio::detached);
  }

  static asio::awaitable<void> run_batches(std::shared_ptr<State> self) {
    while (!self->is_dead && !self->waiting.empty()) {
      const bool is_slow = self->parts.dice.chance(self->parts.faults.slow_per_mille);
      const Milliseconds delay =
          is_slow ? self->parts.dice.between(500ms, 5s) : self->parts.dice.between(1ms, 15ms);
      co_await self->parts.timers.sleep_until(self->parts.timers.steady_now() + delay);
      if (!self->is_dead) self->commit();
    }
    self->is_busy = false;
  }

  void commit() {
    std::vector<store::Work> batch;
    while (!waiting.empty() && batch.size() < batch_closures_max) {
      batch.push_back(std::move(waiting.front().work));
      under_way.push_back(std::move(waiting.front().waiter));
      waiting.pop_front();
    }
    const StoreFaults& faults = parts.faults;
    if (parts.dice.chance(faults.crash_before_per_mille)) return end_life();
    if (parts.dice.chance(faults.error_before_per_mille)) *parts.next_commit = NextCommit::fails;
    if (parts.dice.chance(faults.error_after_per_mille)) {
      *parts.next_commit = NextCommit::fails_afterwards;
    }
    const bool acknowledges_first =
        parts.plant == Plant::acknowledged_before_commit && parts.dice.chance(20);
    if (acknowledges_first) *parts.next_commit = NextCommit::pretends;
    store::BatchResult result = parts.store.gate().run_batch(batch);
    *parts.next_commit = NextCommit::works;
    if (parts.dice.chance(faults.crash_after_per_mille)) return end_life();
    const bool is_lost = parts.plant == Plant::lost_wake_up && parts.dice.chance(300);
    if (!is_lost) parts.wake_ups.dispatch(result.committed);
    if (parts.plant == Plant::refused_yet_stored && parts.dice.chance(20)) {
      result.results.front() =
          core::refuse(ErrorCode::denied, core::codes::consent_required, "planted");
    }
    const auto told = std::exchange(under_way, {});
    for (std::size_t i = 0; i < told.size(); ++i) finish(*told[i], std::move(result.results[i]));
    if (acknowledges_first) end_life();  // And the commit never came.
  }

  void end_life() {
    die();
    parts.crash();
  }

  void die() {
    is_dead = true;
    for (const auto& waiter : std::exchange(under_way, {})) finish(*waiter, died());
    for (Pending& pending : std::exchange(waiting, {})) finish(*pending.waiter, died());
  }
};

SimGate::SimGate(Parts parts) : state_(std::make_shared<State>(std::move(parts))) {
  state_->reader = state_->parts.store.open_reader().value();
}
SimGate::~SimGate() {
  die();
}

// As the daemon's gate: what was handed over is waited for, cancelled or not.
Task<> SimGate::transact(core::Keys prefetch, core::Closure closure) {
  const auto self = state_;
  if (self->is_dead) co_return died();
  const bool throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto waiter = std::make_shared<Waiter>(self->parts.io);
  store::Work work{std::move(prefetch), std::move(closure)};
  self->waiting.push_back({std::move(work), waiter});
  if (!self->is_busy) self->begin_batch();
  while (!waiter->result) {
    co_await waiter->bell.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  co_await asio::this_coro::throw_if_cancelled(throws);
  co_return *std::move(waiter->result);
}

Task<> SimGate::read(std::function<Result<>(core::Snapshot&)> look) {
  const auto self = state_;
  if (self->is_dead) co_return died();
  co_return self->reader->read(look);
}

void SimGate::die() {
  state_->die();
}

}  // namespace cpc::sim
