// From a Batch's changes to one durable commit.
//
// Start here: prepare_flush() decides what is written and with which n, without touching the store;
// write_flush() writes it; remember_flush() moves it into the caches once it is committed.
#pragma once

#include "store/overlay.h"

namespace cpc::store {

/// The owner row as the gate last committed it.
struct Tally {
  Fence fence;
  std::int64_t batch = 0;
  std::int64_t last_n = 0;
};

template <class Row>
struct TableWrites {
  std::vector<SqlRow> upserts;
  std::vector<SqlRow> erases;
};

struct Flush {
  PartsOf<TableWrites>::All writes;
  std::int64_t rows = 0;
  Tally after;  ///< What the owner row says once this is committed.
};

/// Drops changes that change nothing, numbers the visible rows in the order of their changes, and
/// puts every conversation whose events or members changed behind them, so that its n is the
/// highest in it. Reads the conversations it needs for that. Fails as the connection does.
[[nodiscard]] Result<Flush> prepare_flush(Batch& batch, const Tally& before);

enum class Written { yes, fenced };

/// Inside a transaction: the owner row first (fenced: it is no longer ours, nothing was written),
/// then at most one pass of upserts and one of deletes per table. Fails as the connection does.
[[nodiscard]] Result<Written> write_flush(Connection& store, const Flush& flush);

/// After the commit: what the batch read and changed is what the store has now.
void remember_flush(Batch& batch);

/// The owner row as the store has it, once nobody else is changing it: a commit of ours that is
/// still under way on a connection that was lost has ended then, one way or the other.
[[nodiscard]] Result<Tally> read_settled_tally(Connection& store);

}  // namespace cpc::store
