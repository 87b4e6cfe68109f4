#include "store/gate.h"

#include <span>

#include "store/flush.h"
#include "store/overlay.h"

namespace cpc::store {
namespace {

constexpr char fenced_off[] =
    "fenced off: another daemon opened this store after us and owns it now; nothing was stored. "
    "Stop one of the two";

/// How an attempt to run some closures and commit them together ended.
enum class Attempt {
  done,        ///< The results stand.
  refused,     ///< Nothing was stored for any of them, and trying each alone would not help.
  taken_back,  ///< Nothing was stored, for a reason that passes: worth running again as it is.
  failed,      ///< Nothing was stored, perhaps because of only one of them.
};

Attempt ending_of(const Error& error) {
  return error.code == ErrorCode::conflict ? Attempt::taken_back : Attempt::failed;
}

}  // namespace

struct Gate::State {
  std::unique_ptr<Connection> store;
  std::unique_ptr<HighWaterFile> high_water;
  Tally tally;
  Caches caches;
  Statistics statistics;
  bool is_closed = false;
  /// A commit failed and the store could not be asked whether it took place.
  bool is_in_doubt = false;
  /// It may have taken place, and whoever would have been woken was not.
  bool has_gap = false;

  Attempt attempt(std::span<const Work> works, BatchResult& out);
  Attempt attempt_once(std::span<const Work> works, BatchResult& out, bool is_last);
  Attempt flush(Batch& batch, Error& reason);
  Attempt ask_what_was_committed(const Flush& flush, Error& reason);
  Result<> leave_doubt();
  void refuse(std::size_t count, const Error& reason, BatchResult& out);
};

void Gate::State::refuse(std::size_t count, const Error& reason, BatchResult& out) {
  for (std::size_t i = 0; i < count; ++i) out.results.emplace_back(reason);
  out.failure = reason;
}

/// Appends one result per work to `out`, except when it failed and each may be tried alone.
Attempt Gate::State::attempt(std::span<const Work> works, BatchResult& out) {
  for (int repeats_left = repeats_max;; --repeats_left) {
    const Attempt end = attempt_once(works, out, repeats_left == 0);
    if (end != Attempt::taken_back) return end;
    ++statistics.repeats;
  }
}

/// `is_last`: what the engine takes back has failed.
Attempt Gate::State::attempt_once(std::span<const Work> works, BatchResult& out, bool is_last) {
  Batch batch{*store, caches, statistics};
  core::Keys keys;
  for (const Work& work : works) {
    keys.insert(keys.end(), work.prefetch.begin(), work.prefetch.end());
  }
  if (const auto read = batch.prefetch(keys); !read) {
    refuse(works.size(), {ErrorCode::unavailable, read.error().detail}, out);
    return Attempt::refused;
  }
  std::vector<Result<>> results;
  for (const Work& work : works) results.push_back(run_closure(batch, work.closure));
  Error reason{ErrorCode::unavailable, {}};
  const std::int64_t commits_before = statistics.commits;
  Attempt end = flush(batch, reason);
  if (end == Attempt::taken_back && is_last) end = Attempt::failed;
  if (end == Attempt::done) {
    out.has_committed = out.has_committed || statistics.commits > commits_before;
    for (auto& result : results) out.results.push_back(std::move(result));
    out.committed.touched.merge(batch.touched);
  } else if (end == Attempt::refused || (end == Attempt::failed && works.size() == 1)) {
    refuse(works.size(), reason, out);
  }
  return end;
}

Attempt Gate::State::flush(Batch& batch, Error& reason) {
  const auto prepared = prepare_flush(batch, tally);
  if (!prepared) {
    reason.detail = prepared.error().detail;
    return Attempt::refused;
  }
  if (prepared.value().rows == 0) {
    remember_flush(batch);
    return Attempt::done;
  }
  if (const auto begun = store->begin(Access::write); !begun) {
    reason.detail = begun.error().detail;
    return Attempt::refused;
  }
  const auto written = write_flush(*store, prepared.value());
  if (!written || written.value() == Written::fenced) {
    reason.detail = written ? fenced_off : written.error().detail;
    is_closed = written.has_value();
    // What cannot be rolled back was not committed either, and the next begin() will say so.
    (void)store->rollback();
    return is_closed ? Attempt::refused : ending_of(written.error());
  }
  if (const auto committed = store->commit(); !committed) {
    reason.detail = committed.error().detail;
    const Attempt end = ask_what_was_committed(prepared.value(), reason);
    if (end == Attempt::failed) return ending_of(committed.error());
    if (end != Attempt::done) return end;
  }
  tally = prepared.value().after;
  if (high_water) high_water->note(tally.batch);
  statistics.rows_written += prepared.value().rows;
  ++statistics.commits;
  remember_flush(batch);
  return Attempt::done;
}

/// The engine reported a failed commit; the owner row's count tells whether it took place.
Attempt Gate::State::ask_what_was_committed(const Flush& flush, Error& reason) {
  (void)store->rollback();  // There may be nothing left to roll back; the read below tells.
  const auto found = read_settled_tally(*store);
  if (!found) {
    is_in_doubt = true;
    reason.detail += "; it is not known yet whether the commit took place: " + found.error().detail;
    return Attempt::refused;
  }
  if (found.value().fence != tally.fence) {
    is_closed = true;
    reason.detail = fenced_off;
    return Attempt::refused;
  }
  return found.value().batch == flush.after.batch ? Attempt::done : Attempt::failed;
}

Result<> Gate::State::leave_doubt() {
  if (!is_in_doubt) return success();
  CPC_TRY(store->rollback());
  CPC_TRY(const Tally found, read_settled_tally(*store));
  AllRows::each([&]<class Row>() { caches.of<Row>().clear(); });
  is_closed = found.fence != tally.fence;
  tally.batch = found.batch;
  tally.last_n = found.last_n;
  is_in_doubt = false;
  has_gap = true;
  return success();
}

Gate::Gate(std::unique_ptr<Connection> writer, const Ownership& ownership,
           const CacheLimits& limits, std::unique_ptr<HighWaterFile> high_water)
    : state_(std::make_unique<State>()) {
  state_->store = std::move(writer);
  state_->high_water = std::move(high_water);
  state_->tally = {ownership.fence, ownership.batch, ownership.last_n};
  state_->caches = make_caches(limits);
}

Gate::~Gate() = default;

BatchResult Gate::run_batch(const std::vector<Work>& batch) {
  State& self = *state_;
  ++self.statistics.batches;
  self.statistics.closures += static_cast<std::int64_t>(batch.size());
  BatchResult out;
  const auto certain = self.leave_doubt();
  if (!certain) self.refuse(batch.size(), {ErrorCode::unavailable, certain.error().detail}, out);
  const auto refuse_if_closed = [&](std::size_t count) {
    if (self.is_closed) self.refuse(count, {ErrorCode::unavailable, fenced_off}, out);
    return self.is_closed;
  };
  if (certain && !refuse_if_closed(batch.size())) {
    const Attempt end = self.attempt(batch, out);
    if (end == Attempt::failed && batch.size() > 1) {
      ++self.statistics.reruns;
      for (const Work& work : batch) {
        if (refuse_if_closed(1)) continue;
        if (const auto still = self.leave_doubt(); !still) {
          self.refuse(1, {ErrorCode::unavailable, still.error().detail}, out);
          continue;
        }
        (void)self.attempt({&work, 1}, out);  // It appends the result either way.
      }
    }
  }
  out.committed.n = self.tally.last_n;
  if (std::exchange(self.has_gap, false)) {
    out.committed.has_gap = true;
    out.committed.touched.drafts = out.committed.touched.inbox = true;
  }
  return out;
}

bool Gate::is_closed() const {
  return state_->is_closed;
}
bool Gate::is_in_doubt() const {
  return state_->is_in_doubt;
}
std::int64_t Gate::last_n() const {
  return state_->tally.last_n;
}
std::int64_t Gate::batch() const {
  return state_->tally.batch;
}
const Statistics& Gate::statistics() const {
  return state_->statistics;
}

}  // namespace cpc::store
