// The state of an instance in maps: what store/ does with SQL, small enough to be read at once, so
// that the rules of core/ are tested alone. Deterministic: same closures, same rows, same n.
//
// Start here: MemoryStore::transact(). snapshot_of() gives the ranges.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <tuple>

#include "core/store.h"

namespace cpc::tests {

template <class Row>
using Table = std::map<typename Row::Key, Row>;

template <class... Rows>
struct TablesOf {
  std::tuple<Table<Rows>...> all;
  template <class Row>
  [[nodiscard]] Table<Row>& of() {
    return std::get<Table<Row>>(all);
  }
  template <class Row>
  [[nodiscard]] const Table<Row>& of() const {
    return std::get<Table<Row>>(all);
  }
  [[nodiscard]] std::size_t rows() const { return (of<Rows>().size() + ...); }
};
using Tables = core::ForAllRows<TablesOf>;

/// The committed state, and the only way to change it.
class MemoryStore {
 public:
  /// Runs `closure` over a layer of its own and commits it; one that fails leaves nothing. With
  /// `runs_twice` it ran once before over a layer that was dropped, as when a batch fails.
  Result<core::Committed> transact(const core::Closure& closure);

  [[nodiscard]] const Tables& tables() const { return tables_; }
  [[nodiscard]] std::int64_t last_n() const { return last_n_; }
  [[nodiscard]] const core::Touched& touched() const { return touched_; }
  template <class Row>
  [[nodiscard]] const Table<Row>& rows() const {
    return tables_.of<Row>();
  }
  template <class Row>
  [[nodiscard]] std::optional<Row> row(const typename Row::Key& key) const {
    const auto found = rows<Row>().find(key);
    if (found == rows<Row>().end()) return std::nullopt;
    return found->second;
  }

  /// For restoring an old backup.
  void restore(Tables backup) { tables_ = std::move(backup); }

  bool runs_twice = false;

 private:
  Tables tables_;
  core::Touched touched_;
  std::int64_t last_n_ = 0;
};

/// The committed state as it is at each call.
[[nodiscard]] std::unique_ptr<core::Snapshot> snapshot_of(const MemoryStore& store);

}  // namespace cpc::tests
