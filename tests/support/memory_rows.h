// Every record type in a map of its own, behind the keyed half of core's store port: for tests that
// need a store and not store/.
#pragma once

#include <map>
#include <optional>
#include <tuple>

#include "core/store.h"

namespace cpc::tests {

template <class... Rows>
struct RowMaps {
  std::tuple<std::map<typename Rows::Key, Rows>...> maps;

  template <class Row>
  [[nodiscard]] std::map<typename Row::Key, Row>& of() {
    return std::get<std::map<typename Row::Key, Row>>(maps);
  }
};
using MemoryRows = core::ForAllRows<RowMaps>;

/// Implements find() of `Base` (Snapshot or Transaction) over MemoryRows, type by type.
template <class Base, class... Rows>
class FindsRows : public Base {
 public:
  explicit FindsRows(MemoryRows& rows) : rows_(rows) {}
  using Base::find;

 protected:
  MemoryRows& rows_;
};
template <class Base, class Row, class... Rest>
class FindsRows<Base, Row, Rest...> : public FindsRows<Base, Rest...> {
 public:
  using FindsRows<Base, Rest...>::FindsRows;
  using FindsRows<Base, Rest...>::find;
  [[nodiscard]] Result<std::optional<Row>> find(const typename Row::Key& key) override {
    const auto& map = this->rows_.template of<Row>();
    const auto found = map.find(key);
    if (found == map.end()) return std::optional<Row>{};
    return std::optional<Row>{found->second};
  }
};

/// Implements put() and erase() likewise.
template <class Base, class... Rows>
class WritesRows : public Base {
 public:
  using Base::Base;
  using Base::erase;
  using Base::put;
};
template <class Base, class Row, class... Rest>
class WritesRows<Base, Row, Rest...> : public WritesRows<Base, Rest...> {
 public:
  using WritesRows<Base, Rest...>::WritesRows;
  using WritesRows<Base, Rest...>::erase;
  using WritesRows<Base, Rest...>::put;
  void put(Row row) override {
    auto key = row.key();
    this->rows_.template of<Row>().insert_or_assign(std::move(key), std::move(row));
  }
  void erase(const typename Row::Key& key) override { this->rows_.template of<Row>().erase(key); }
};

template <class... Rows>
using SnapshotFinds = FindsRows<core::Snapshot, Rows...>;
template <class... Rows>
using TransactionFinds = FindsRows<core::Transaction, Rows...>;
template <class... Rows>
using TransactionWrites = WritesRows<core::ForAllRows<TransactionFinds>, Rows...>;

/// Writes go straight into the rows: whoever runs a closure works on a copy and keeps it on
/// success.
class MemoryTransaction final : public core::ForAllRows<TransactionWrites> {
 public:
  explicit MemoryTransaction(MemoryRows& rows) : core::ForAllRows<TransactionWrites>(rows) {}
  [[nodiscard]] core::Touched& touched() override { return touched_; }

 private:
  core::Touched touched_;
};

}  // namespace cpc::tests
