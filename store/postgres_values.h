// How values travel to and from PostgreSQL: in its binary formats, so that octets go as they are.
//
// A set of rows is one statement with one array per column, taken apart by unnest(): measured best
// (60,000 to 78,000 rows/s in sets of 64 and more, against 10,000 row by row).
#pragma once

#include <span>
#include <string_view>

#include "store/database.h"
#include "store/table.h"

namespace cpc::store {

/// One parameter: its type as pg_type numbers it (0: whatever fits, for NULL), and its octets.
struct PostgresValue {
  unsigned type = 0;
  bool is_null = true;
  Bytes octets;
};

[[nodiscard]] PostgresValue to_postgres(const SqlValue& value);

/// The value of column `column` of every row as one array of the column's type.
[[nodiscard]] PostgresValue to_postgres_array(std::span<const SqlRow> rows, std::size_t column,
                                              SqlType type);

/// What came back in a column of this type. Fails with internal for octets that such a type never
/// has.
[[nodiscard]] Result<SqlValue> from_postgres(unsigned type, std::string_view octets);

}  // namespace cpc::store
