#include "tests/sim/sim_gate.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <deque>
#include <list>

#include "core/codes.h"
#include "routing/hand_over.h"

namespace cpc::sim {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using routing::HandOver;

// As ThreadedStoreGate.
constexpr std::size_t batch_closures_max = 256;
constexpr std::size_t waiting_max = 10'000;

Error died() {
  return fail(ErrorCode::unavailable, "the instance died");
}

}  // namespace

struct SimGate::State : std::enable_shared_from_this<State> {
  explicit State(Parts given) : parts(std::move(given)) {}

  struct Pending {
    store::Work work;
    std::shared_ptr<HandOver> waiter;
  };
  Parts parts;
  std::unique_ptr<store::Reader> reader;
  std::deque<Pending> waiting;
  std::vector<std::shared_ptr<HandOver>> under_way;
  std::list<std::shared_ptr<HandOver>> looking;  // In an order that is the same in each run.
  bool is_busy = false;
  bool is_dead = false;

  void begin_batch() {
    is_busy = true;
    asio::co_spawn(parts.io, run_batches(shared_from_this()), asio::detached);
  }

  static asio::awaitable<void> run_batches(std::shared_ptr<State> self) {
    // Also when nobody writes any more, it is asked what became of a commit in doubt.
    const auto has_work = [&self] {
      return !self->waiting.empty() || self->parts.store.gate().is_in_doubt();
    };
    while (!self->is_dead && has_work()) {
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
    const bool acknowledges_first = draw_fate();
    const bool was_in_doubt = parts.store.gate().is_in_doubt();
    store::BatchResult result = parts.store.gate().run_batch(batch);
    parts.fate->next_commit = StoreFate::NextCommit::works;
    parts.doubts += !was_in_doubt && parts.store.gate().is_in_doubt() ? 1 : 0;
    if (parts.dice.chance(faults.crash_after_per_mille)) return end_life();
    forget_some(result.committed, parts.plant, *parts.fate->own_changes, parts.dice);
    parts.wake_ups.dispatch(result.committed);
    if (parts.plant == Plant::refused_yet_stored && parts.dice.chance(20)) {
      result.results.front() =
          core::refuse(ErrorCode::denied, core::codes::consent_required, "planted");
    }
    const auto told = std::exchange(under_way, {});
    for (std::size_t i = 0; i < told.size(); ++i) told[i]->finish(std::move(result.results[i]));
    if (acknowledges_first) end_life();  // And the commit never came.
  }

  // What the next commit meets. True: the plant has it acknowledged, and it never comes.
  bool draw_fate() {
    const StoreFaults& faults = parts.faults;
    StoreFate& fate = *parts.fate;
    const auto fails_by = [&](unsigned per_mille, StoreFate::NextCommit how) {
      if (!parts.dice.chance(per_mille)) return;
      fate.next_commit = how;
      const bool stays_in_doubt = parts.dice.chance(faults.doubt_per_mille);
      fate.away = stays_in_doubt ? parts.dice.between(10ms, 30s) : 0ms;
      fate.is_away_for_readers = parts.dice.chance(500);
    };
    fails_by(faults.error_before_per_mille, StoreFate::NextCommit::fails);
    fails_by(faults.error_after_per_mille, StoreFate::NextCommit::fails_afterwards);
    const bool is_planted =
        parts.plant == Plant::acknowledged_before_commit && parts.dice.chance(20);
    if (is_planted) fate.next_commit = StoreFate::NextCommit::pretends;
    return is_planted;
  }

  Result<> look(const store::Reader::Look& look) {
    const bool is_away =
        parts.fate->is_away_for_readers && parts.timers.steady_now() < parts.fate->away_until;
    if (is_away || parts.dice.chance(parts.faults.failed_look_per_mille)) {
      return fail(ErrorCode::unavailable, "simulated: the store cannot be read");
    }
    return reader->read(look);
  }

  // As on a reader thread: what is seen is older than the answer, and older than what was
  // dispatched meanwhile.
  static asio::awaitable<void> look_late(std::shared_ptr<State> self, store::Reader::Look look,
                                         std::shared_ptr<HandOver> waiter) {
    const auto wait = [&self] {
      const Milliseconds delay = self->parts.dice.between(1ms, 2s);
      return self->parts.timers.sleep_until(self->parts.timers.steady_now() + delay);
    };
    co_await wait();
    if (waiter->is_finished()) co_return;
    Result<> seen = self->look(look);
    co_await wait();
    if (waiter->is_finished()) co_return;
    self->looking.remove(waiter);
    waiter->finish(std::move(seen));
  }

  void end_life() {
    die();
    parts.crash();
  }

  void die() {
    is_dead = true;
    for (const auto& waiter : std::exchange(under_way, {})) waiter->finish(died());
    for (Pending& pending : std::exchange(waiting, {})) pending.waiter->finish(died());
    for (const auto& waiter : std::exchange(looking, {})) waiter->finish(died());
  }
};

SimGate::SimGate(Parts parts) : state_(std::make_shared<State>(std::move(parts))) {
  state_->reader = state_->parts.store.open_reader().value();
}
SimGate::~SimGate() {
  die();
}

Task<> SimGate::transact(core::Keys prefetch, core::Closure closure) {
  const auto self = state_;
  if (self->is_dead) co_return died();
  const auto add = [&] {
    auto waiter = std::make_shared<HandOver>(self->parts.io.get_executor());
    if (self->waiting.size() >= waiting_max) {
      waiter->finish(fail(ErrorCode::unavailable, "too much waits for the store"));
      return waiter;
    }
    store::Work work{std::move(prefetch), std::move(closure)};
    self->waiting.push_back({std::move(work), waiter});
    if (!self->is_busy) self->begin_batch();
    return waiter;
  };
  co_return co_await HandOver::await(add);
}

Task<> SimGate::read(std::function<Result<>(core::Snapshot&)> look) {
  const auto self = state_;
  if (self->is_dead) co_return died();
  if (!self->parts.dice.chance(self->parts.faults.late_look_per_mille)) {
    co_return self->look(look);
  }
  const auto add = [&] {
    auto waiter = std::make_shared<HandOver>(self->parts.io.get_executor());
    self->looking.push_back(waiter);
    asio::co_spawn(self->parts.io, State::look_late(self, std::move(look), waiter), asio::detached);
    return waiter;
  };
  co_return co_await HandOver::await(add);
}

void SimGate::die() {
  state_->die();
}

}  // namespace cpc::sim
