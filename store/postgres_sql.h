// What PostgreSQL wants to be told in other words than SQLite: sets of rows, and names of types.
#pragma once

#include <string>
#include <string_view>

#include "store/table.h"

namespace cpc::store {

/// The statements over sets of one table's rows: $1.. are arrays, one for each column or key
/// column.
struct PostgresSets {
  std::string find;
  std::string upsert;
  std::string erase;
};
[[nodiscard]] PostgresSets sets_of(const Table& table);

/// A script of migrations/ in PostgreSQL's words: see 0001_create_store.sql.
[[nodiscard]] std::string postgres_script(std::string_view script);

}  // namespace cpc::store
