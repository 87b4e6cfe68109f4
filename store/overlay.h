// State in memory that lies over the store while a batch runs.
//
// Three layers, read from the top: an Overlay is what one closure sees, with its own changes on
// top; a Batch holds the changes of the closures that succeeded and the rows read so far; Caches
// outlive batches and hold only what is committed. Merging an Overlay is moving its changes into
// the Batch, dropping it is dropping it. Rows have n = 0 in here; the flush gives it.
#pragma once

#include <optional>
#include <unordered_map>

#include "core/store.h"
#include "store/database.h"
#include "store/gate.h"
#include "store/lru_cache.h"
#include "store/record.h"
#include "store/row_ports.h"

namespace cpc::store {

/// A row put, or erased (nullopt), and when: changes are flushed and numbered in this order.
template <class Row>
struct Change {
  std::optional<Row> row;
  std::uint64_t order = 0;
};

template <class Row>
using Changes = std::unordered_map<typename Row::Key, Change<Row>, KeyHash<Row>>;

/// Rows as the store has them; nullopt: it has none.
template <class Row>
using Loaded = std::unordered_map<typename Row::Key, std::optional<Row>, KeyHash<Row>>;

using AllChanges = PartsOf<Changes>::All;
using AllLoaded = PartsOf<Loaded>::All;
using Caches = PartsOf<LruCache>::All;

[[nodiscard]] Caches make_caches(const CacheLimits& limits);

struct Batch {
  Connection& store;
  Caches& caches;
  Statistics& statistics;
  AllChanges changes{};
  AllLoaded loaded{};
  core::Touched touched{};
  std::uint64_t next_order = 1;

  /// Reads the keys that neither the cache nor this batch knows, one statement per table. Fails as
  /// the connection does.
  [[nodiscard]] Result<> prefetch(const core::Keys& keys);

  /// The row with the changes of merged closures. Fails as the connection does.
  template <class Row>
  [[nodiscard]] Result<std::optional<Row>> find(const typename Row::Key& key) {
    if (const auto found = changes.of<Row>().find(key); found != changes.of<Row>().end()) {
      return found->second.row;
    }
    if (const std::optional<Row>* known = as_stored<Row>(key)) return *known;
    ++statistics.unlisted_finds;
    CPC_TRY(load<Row>({key}));
    return loaded.of<Row>().at(key);
  }

  /// The row without our changes, if that is known without asking the store; counts cache hits.
  template <class Row>
  [[nodiscard]] const std::optional<Row>* as_stored(const typename Row::Key& key) {
    const auto found = loaded.of<Row>().find(key);
    if (found != loaded.of<Row>().end()) return &found->second;
    const std::optional<Row>* cached = caches.of<Row>().find(key);
    if (cached != nullptr) ++statistics.cache_hits;
    return cached;
  }

  /// Reads these keys, whether they are known or not.
  template <class Row>
  [[nodiscard]] Result<> load(const std::vector<typename Row::Key>& keys) {
    if (keys.empty()) return success();
    std::vector<SqlRow> sql_keys;
    sql_keys.reserve(keys.size());
    for (const auto& key : keys) sql_keys.push_back(key_to_sql<Row>(key));
    Loaded<Row> found;
    CPC_TRY(store.find_all(table_of<Row>(), sql_keys, [&](SqlRow& sql) -> Result<> {
      CPC_TRY(Row row, row_from_sql<Row>(sql));
      if constexpr (Visible<Row>) row.n = 0;
      found.insert_or_assign(row.key(), std::move(row));
      return success();
    }));
    for (const auto& key : keys) found.try_emplace(key, std::nullopt);
    loaded.of<Row>().merge(found);
    return success();
  }
};

/// The Transaction of one closure.
class Overlay final
    : public Writing<Overlay, Finding<Overlay, core::Transaction>::AllRows>::AllRows {
 public:
  explicit Overlay(Batch& batch) : batch_(batch) {}

  [[nodiscard]] Result<> prefetch(const core::Keys& keys) override { return batch_.prefetch(keys); }
  [[nodiscard]] core::Touched& touched() override { return touched_; }

  /// The closure succeeded: its changes become the batch's.
  void merge();

  template <class Row>
  [[nodiscard]] Result<std::optional<Row>> find_row(const typename Row::Key& key) {
    const auto found = changes_.of<Row>().find(key);
    if (found != changes_.of<Row>().end()) return found->second.row;
    return batch_.find<Row>(key);
  }
  template <class Row>
  void put_row(Row row) {
    if constexpr (Visible<Row>) row.n = 0;
    const auto key = row.key();
    changes_.of<Row>().insert_or_assign(key, Change<Row>{std::move(row), batch_.next_order++});
  }
  template <class Row>
  void erase_row(const typename Row::Key& key) {
    changes_.of<Row>().insert_or_assign(key, Change<Row>{std::nullopt, batch_.next_order++});
  }

 private:
  Batch& batch_;
  AllChanges changes_;
  core::Touched touched_;
};

/// Runs a closure over an Overlay of its own, merged when it succeeds and dropped when it fails.
/// Fails as the closure does, with internal when it throws.
[[nodiscard]] Result<> run_closure(Batch& batch, const core::Closure& closure);

}  // namespace cpc::store
