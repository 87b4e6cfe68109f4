// What SQL needs to know about one kind of row, and the statements that serve every kind.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cpc::store {

enum class SqlType { integer, text, blob };

struct Column {
  std::string name;
  SqlType type = SqlType::integer;
  bool is_nullable = false;
};

/// Key columns come first, in the order of the primary key.
struct Table {
  std::string name;
  std::vector<Column> columns;
  std::size_t key_columns = 0;

  std::string select;   ///< "SELECT <columns> FROM <name> ": a range only adds its WHERE.
  std::string insert;   ///< "INSERT INTO <name> (<columns>) ": the rows follow.
  std::string replace;  ///< " ON CONFLICT ...": a row whose key is there takes the other's place.
  std::string find;     ///< $1.. the key
  std::string upsert;   ///< $1.. all columns
  std::string erase;    ///< $1.. the key
};

/// Fills in the statements.
[[nodiscard]] Table finish_table(std::string_view name, std::vector<Column> columns,
                                 std::size_t key_columns);

}  // namespace cpc::store
