// What can be done with any kind of row once its RecordMap is known: name its table, turn it into
// SQL and back, compare it, hash its key. Templates over the one list of kinds in core/store.h.
#pragma once

#include <functional>
#include <tuple>

#include "core/store.h"
#include "store/record_map.h"
#include "store/sql_codec.h"

namespace cpc::store {

/// Rows that clients see carry n, the number of their last change.
template <class Row>
concept Visible = requires(Row row) {
  row.n;
};

template <class Row>
void visit_fields(auto&& visit, auto&... row) {
  RecordMap<Row>::key(visit, row...);
  RecordMap<Row>::rest(visit, row...);
  if constexpr (Visible<Row>) visit("n", row.n...);
}

/// SqlCodec<T>, or that of octets.
template <class T>
SqlValue encode(const ColumnName& column, const T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    if (column.is_octets) return SqlCodec<Blob>::encode(value);
  }
  return SqlCodec<T>::encode(value);
}
template <class T>
bool decode(const ColumnName& column, SqlValue& sql, T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    if (column.is_octets) return SqlCodec<Blob>::decode(sql, value);
  }
  return SqlCodec<T>::decode(sql, value);
}

template <class Row>
const Table& table_of() {
  static const Table table = [] {
    std::vector<Column> columns;
    const auto name = [&]<class T>(const ColumnName& column, const T&) {
      const SqlType type = column.is_octets ? SqlType::blob : SqlCodec<T>::type;
      columns.push_back({std::string{column.name}, type, is_optional<T>});
    };
    const Row blank{};
    RecordMap<Row>::key(name, blank);
    const std::size_t key_columns = columns.size();
    RecordMap<Row>::rest(name, blank);
    if constexpr (Visible<Row>) columns.push_back({"n", SqlType::integer, false});
    return finish_table(RecordMap<Row>::table, std::move(columns), key_columns);
  }();
  return table;
}

template <class Row>
SqlRow row_to_sql(const Row& row) {
  SqlRow sql;
  sql.reserve(table_of<Row>().columns.size());
  visit_fields<Row>(
      [&](const ColumnName& column, const auto& value) { sql.push_back(encode(column, value)); },
      row);
  return sql;
}

template <class Row>
SqlRow key_to_sql(const typename Row::Key& key) {
  SqlRow sql;
  sql.reserve(table_of<Row>().key_columns);
  RecordMap<Row>::key(
      [&](const ColumnName& column, const auto& value) { sql.push_back(encode(column, value)); },
      key);
  return sql;
}

/// Fails with internal on a value that row_to_sql never wrote.
template <class Row>
Result<Row> row_from_sql(SqlRow& sql) {
  Row row;
  std::size_t next = 0;
  std::string_view wrong;
  const auto read = [&](const ColumnName& column, auto& value) {
    const bool fits = next < sql.size() && decode(column, sql[next], value);
    if (!fits && wrong.empty()) wrong = column.name;
    ++next;
  };
  visit_fields<Row>(read, row);
  if (wrong.empty()) return row;
  return fail(ErrorCode::internal, "table " + table_of<Row>().name + " holds a row whose column " +
                                       std::string{wrong} +
                                       " cannot be read; restore the store from a backup");
}

template <class Row>
bool is_same(const Row& one, const Row& other) {
  bool same = true;
  visit_fields<Row>([&](const ColumnName&, const auto& a, const auto& b) { same = same && a == b; },
                    one, other);
  return same;
}

inline std::size_t hash_of(const std::string& value) {
  return std::hash<std::string>{}(value);
}
inline std::size_t hash_of(const core::InstanceName& value) {
  return hash_of(value.text());
}
inline std::size_t hash_of(const core::Address& value) {
  return hash_of(value.local) * 31 + hash_of(value.instance);
}
inline std::size_t hash_of(std::int64_t value) {
  return std::hash<std::int64_t>{}(value);
}
template <std::size_t N, class Tag>
std::size_t hash_of(const Id<N, Tag>& value) {
  return std::hash<Id<N, Tag>>{}(value);
}
template <class T>
requires std::is_enum_v<T> std::size_t hash_of(T value) {
  return static_cast<std::size_t>(value);
}

template <class Row>
struct KeyHash {
  std::size_t operator()(const typename Row::Key& key) const {
    std::size_t hash = 0;
    RecordMap<Row>::key(
        [&](const ColumnName&, const auto& value) { hash = hash * 1'000'003 + hash_of(value); },
        key);
    return hash;
  }
};

/// The kinds of row, for loops over all of them: `AllRows::each([&]<class Row>() { ... })`.
template <class... Rows>
struct RowList {
  static void each(auto&& visit) { (visit.template operator()<Rows>(), ...); }
  /// Stops at the first failure and returns it.
  static Result<> try_each(auto&& visit) {
    Result<> result = success();
    (void)((result = visit.template operator()<Rows>(), result.has_value()) && ...);
    return result;
  }
};
using AllRows = core::ForAllRows<RowList>;

/// One `Part<Row>` for every kind of row.
template <template <class> class Part>
struct PartsOf {
  template <class... Rows>
  struct Of {
    std::tuple<Part<Rows>...> parts;
    template <class Row>
    Part<Row>& of() {
      return std::get<Part<Row>>(parts);
    }
    template <class Row>
    const Part<Row>& of() const {
      return std::get<Part<Row>>(parts);
    }
  };
  using All = core::ForAllRows<Of>;
};

}  // namespace cpc::store
