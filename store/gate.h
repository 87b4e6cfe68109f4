// The only way to change an instance's state: closures go in, one durable commit comes out.
//
// Start here: run_batch(). Each closure runs over an Overlay (overlay.h), a view in memory that
// lies over what earlier closures of the batch wrote, over the cache, over the store; a closure
// that fails takes its layer with it. Then the batch is flushed in one transaction (flush.h): n is
// stamped on what clients see, the owner row is fenced and counted, and only after the commit do
// the caches change. Synchronous, without clock or chance: same batches, same rows, same n.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/store.h"
#include "store/database.h"
#include "store/ownership.h"

namespace cpc::store {

/// One closure, and the keys that it will most likely read.
struct Work {
  core::Keys prefetch;
  core::Closure closure;
};

struct BatchResult {
  std::vector<Result<>> results;  ///< One for each Work, in its order.
  std::optional<Error> failure;   ///< Why the store could not take something, if it could not.
  bool has_committed = false;     ///< Something reached the disk.
  core::Committed committed;      ///< The union over the closures that succeeded.
};

/// Rows kept in memory per kind, least recently used dropped first. Only kinds that are read again
/// and again are kept; bodies, frames and idempotency never.
struct CacheLimits {
  std::size_t accounts_max = 8192;
  std::size_t conversations_max = 16384;  ///< Also for each of their two other keys.
  std::size_t members_max = 32768;
  std::size_t consents_max = 16384;
  std::size_t projections_max = 16384;
  std::size_t peers_max = 1024;
  std::size_t lanes_max = 16384;  ///< For each direction.
};

/// Counters since the gate was made.
struct Statistics {
  std::int64_t batches = 0;         ///< Calls of run_batch.
  std::int64_t closures = 0;        ///< Results given.
  std::int64_t commits = 0;         ///< Durable commits; a batch that changed nothing needs none.
  std::int64_t rows_written = 0;    ///< Upserts and deletes that were committed.
  std::int64_t unlisted_finds = 0;  ///< Reads of the store that no prefetch key announced.
  std::int64_t cache_hits = 0;      ///< Finds that the cache answered.
  std::int64_t reruns = 0;          ///< Batches that were run again closure by closure.
  std::int64_t repeats = 0;         ///< Batches that were run again whole.
};

/// Used by one thread. Owns the writing connection; nobody else may write.
class Gate {
 public:
  static constexpr int repeats_max = 3;

  /// `high_water` is told each commit; none for a store without a file beside it.
  Gate(std::unique_ptr<Connection> writer, const Ownership& ownership, const CacheLimits& limits,
       std::unique_ptr<HighWaterFile> high_water);
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  /// Runs the closures in order and makes them durable together. When the engine takes the
  /// transaction back for a reason that passes (Connection's conflict), they are run again, up to
  /// repeats_max times; when the flush fails otherwise, one by one, each with a commit of its own.
  /// A result is the closure's own error, or
  /// - unavailable: nothing of it was stored (the detail tells the engine's reason), or we were
  ///   fenced off: another daemon opened the store, and this gate stays closed;
  /// - internal: the closure threw.
  [[nodiscard]] BatchResult run_batch(const std::vector<Work>& batch);

  /// Fenced off for good. The daemon should stop.
  [[nodiscard]] bool is_closed() const;
  /// Whether the last commit took place is not known. The next batch asks, even an empty one, and
  /// tells a gap.
  [[nodiscard]] bool is_in_doubt() const;
  /// The highest n committed.
  [[nodiscard]] std::int64_t last_n() const;
  /// Commits in the whole life of the store.
  [[nodiscard]] std::int64_t batch() const;
  [[nodiscard]] const Statistics& statistics() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cpc::store
