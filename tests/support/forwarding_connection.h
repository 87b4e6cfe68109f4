// A store's connection that passes everything on: what lies around a connection overrides what it
// is about.
#pragma once

#include <memory>

#include "store/database.h"

namespace cpc::tests {

class ForwardingConnection : public store::Connection {
 public:
  explicit ForwardingConnection(std::unique_ptr<store::Connection> inner)
      : inner_(std::move(inner)) {}

  Result<> begin(store::Access access) override { return inner_->begin(access); }
  Result<> commit() override { return inner_->commit(); }
  Result<> rollback() override { return inner_->rollback(); }
  Result<> query(std::string_view sql, store::Parameters parameters,
                 const store::EachRow& each) override {
    return inner_->query(sql, parameters, each);
  }
  Result<std::int64_t> execute(std::string_view sql, store::Parameters parameters) override {
    return inner_->execute(sql, parameters);
  }
  Result<> find_all(const store::Table& table, std::span<const store::SqlRow> keys,
                    const store::EachRow& each) override {
    return inner_->find_all(table, keys, each);
  }
  Result<> upsert_all(const store::Table& table, std::span<const store::SqlRow> rows) override {
    return inner_->upsert_all(table, rows);
  }
  Result<> erase_all(const store::Table& table, std::span<const store::SqlRow> keys) override {
    return inner_->erase_all(table, keys);
  }
  Result<std::vector<std::string>> table_names() override { return inner_->table_names(); }
  Result<> run_script(std::string_view script) override { return inner_->run_script(script); }

 private:
  std::unique_ptr<store::Connection> inner_;
};

}  // namespace cpc::tests
