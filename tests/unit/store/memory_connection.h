// A Connection over maps: rows in sets only, and a count of what was asked.
#pragma once

#include <map>

#include "store/database.h"
#include "store/table.h"

namespace cpc::store {

class MemoryConnection final : public Connection {
 public:
  std::map<std::string, std::map<std::string, SqlRow>> tables;
  std::vector<std::string> calls;  ///< "find accounts 2", "upsert events 1", "execute" ...
  bool owner_is_ours = true;

  Result<> begin(Access) override { return note("begin"); }
  Result<> commit() override { return note("commit"); }
  Result<> rollback() override { return note("rollback"); }
  Result<> query(std::string_view, Parameters, const EachRow&) override { return note("query"); }
  Result<std::int64_t> execute(std::string_view, Parameters) override {
    calls.emplace_back("execute");
    return std::int64_t{owner_is_ours ? 1 : 0};
  }
  Result<> find_all(const Table& table, std::span<const SqlRow> keys,
                    const EachRow& each) override {
    calls.push_back("find " + table.name + " " + std::to_string(keys.size()));
    for (const SqlRow& key : keys) {
      const auto found = tables[table.name].find(name_of(table, key));
      if (found == tables[table.name].end()) continue;
      SqlRow row = found->second;
      CPC_TRY(each(row));
    }
    return success();
  }
  Result<> upsert_all(const Table& table, std::span<const SqlRow> rows) override {
    calls.push_back("upsert " + table.name + " " + std::to_string(rows.size()));
    for (const SqlRow& row : rows) tables[table.name][name_of(table, row)] = row;
    return success();
  }
  Result<> erase_all(const Table& table, std::span<const SqlRow> keys) override {
    calls.push_back("erase " + table.name + " " + std::to_string(keys.size()));
    for (const SqlRow& key : keys) tables[table.name].erase(name_of(table, key));
    return success();
  }
  Result<std::vector<std::string>> table_names() override { return std::vector<std::string>{}; }
  Result<> run_script(std::string_view) override { return note("script"); }

 private:
  Result<> note(const char* call) {
    calls.emplace_back(call);
    return success();
  }
  static std::string name_of(const Table& table, const SqlRow& row) {
    std::string name;
    for (std::size_t i = 0; i < table.key_columns; ++i) {
      if (const auto* integer = std::get_if<std::int64_t>(&row[i])) {
        name += std::to_string(*integer);
      } else if (const auto* text = std::get_if<std::string>(&row[i])) {
        name += *text;
      } else {
        name += std::get<Blob>(row[i]).octets;
      }
      name += '|';
    }
    return name;
  }
};

}  // namespace cpc::store
