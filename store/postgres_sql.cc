#include "store/postgres_sql.h"

namespace cpc::store {
namespace {

const char* type_name(SqlType type) {
  if (type == SqlType::integer) return "bigint";
  return type == SqlType::text ? "text" : "bytea";
}

// "unnest($1::bytea[], $2::text[])" over the first `count` columns.
std::string unnested(const Table& table, std::size_t count) {
  std::string arrays;
  for (std::size_t i = 0; i < count; ++i) {
    arrays.append(i == 0 ? "$" : ", $").append(std::to_string(i + 1)).append("::");
    arrays.append(type_name(table.columns[i].type)).append("[]");
  }
  return "unnest(" + arrays + ")";
}

// "unnest(...) AS wanted (k1, k2)" over the key columns.
std::string wanted_keys(const Table& table) {
  std::string names;
  for (std::size_t i = 1; i <= table.key_columns; ++i) {
    names.append(i == 1 ? "k" : ", k").append(std::to_string(i));
  }
  return unnested(table, table.key_columns) + " AS wanted (" + names + ")";
}

std::string is_wanted(const Table& table) {
  std::string condition;
  for (std::size_t i = 0; i < table.key_columns; ++i) {
    condition.append(i == 0 ? "" : " AND ").append(table.name).append(".");
    condition.append(table.columns[i].name).append(" = wanted.k").append(std::to_string(i + 1));
  }
  return condition;
}

bool is_letter_of_words(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string_view translated(std::string_view word) {
  if (word == "INTEGER") return "bigint";
  if (word == "BLOB") return "bytea";
  if (word == "TEXT") return "text COLLATE \"C\"";
  if (word == "STRICT") return "";
  return word;
}

}  // namespace

PostgresSets sets_of(const Table& table) {
  const std::string keys = wanted_keys(table), condition = is_wanted(table);
  PostgresSets sets;
  sets.find = table.select + "JOIN " + keys + " ON " + condition;
  sets.upsert =
      table.insert + "SELECT * FROM " + unnested(table, table.columns.size()) + table.replace;
  sets.erase = "DELETE FROM " + table.name + " USING " + keys + " WHERE " + condition;
  return sets;
}

std::string postgres_script(std::string_view script) {
  std::string out;
  while (!script.empty()) {
    std::size_t end = 0;
    while (end < script.size() && is_letter_of_words(script[end])) ++end;
    if (end == 0) {
      out += script.front();
      script.remove_prefix(1);
      continue;
    }
    out += translated(script.substr(0, end));
    script.remove_prefix(end);
  }
  return out;
}

}  // namespace cpc::store
