#include "store/table.h"

namespace cpc::store {
namespace {

std::string parameter(std::size_t index) {
  return "$" + std::to_string(index + 1);
}

std::string names(const std::vector<Column>& columns) {
  std::string out;
  for (const Column& column : columns) out += (out.empty() ? "" : ", ") + column.name;
  return out;
}

/// " WHERE a = $1 AND b = $2" over the key columns.
std::string by_key(const Table& table) {
  std::string out;
  for (std::size_t i = 0; i < table.key_columns; ++i) {
    out += (i == 0 ? "WHERE " : " AND ") + table.columns[i].name + " = " + parameter(i);
  }
  return out;
}

std::string replace(const Table& table) {
  std::string keys, changes;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const std::string& name = table.columns[i].name;
    if (i < table.key_columns) {
      keys += (keys.empty() ? "" : ", ") + name;
    } else {
      changes.append(changes.empty() ? "" : ", ").append(name).append(" = excluded.").append(name);
    }
  }
  return " ON CONFLICT (" + keys + ") DO UPDATE SET " + changes;
}

std::string parameters(std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += (i == 0 ? "" : ", ") + parameter(i);
  return out;
}

}  // namespace

Table finish_table(std::string_view name, std::vector<Column> columns, std::size_t key_columns) {
  Table table;
  table.name = name;
  table.columns = std::move(columns);
  table.key_columns = key_columns;
  table.select = "SELECT " + names(table.columns) + " FROM " + table.name + " ";
  table.find = table.select + by_key(table);
  table.insert = "INSERT INTO " + table.name + " (" + names(table.columns) + ") ";
  table.replace = replace(table);
  table.upsert = table.insert + "VALUES (" + parameters(table.columns.size()) + ")" + table.replace;
  table.erase = "DELETE FROM " + table.name + " " + by_key(table);
  return table;
}

}  // namespace cpc::store
