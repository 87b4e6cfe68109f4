#include "store/postgres_database.h"

#include <map>

#include "store/postgres_session.h"
#include "store/postgres_sql.h"
#include "store/table.h"

namespace cpc::store {
namespace {

using Values = std::vector<PostgresValue>;

Values values_of(Parameters parameters) {
  Values values;
  values.reserve(parameters.size());
  for (const SqlValue& value : parameters) values.push_back(to_postgres(value));
  return values;
}

/// One array for each of the first `count` columns.
Values arrays_of(const Table& table, std::span<const SqlRow> rows, std::size_t count) {
  Values arrays;
  arrays.reserve(count);
  for (std::size_t column = 0; column < count; ++column) {
    arrays.push_back(to_postgres_array(rows, column, table.columns[column].type));
  }
  return arrays;
}

class PostgresConnection final : public Connection {
 public:
  explicit PostgresConnection(PostgresSession::Wishes wishes) : wishes_(std::move(wishes)) {}

  Result<> connect() {
    CPC_TRY(session_, PostgresSession::open(wishes_));
    return success();
  }

  Result<> begin(Access access) override {
    access_ = access;
    CPC_TRY(outside(access == Access::write ? "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
                                            : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                    {}));
    is_inside_ = true;
    has_failed_ = false;
    return success();
  }
  Result<> commit() override {
    CPC_TRY(inside("COMMIT", {}));
    is_inside_ = false;
    return success();
  }
  /// A session that cannot even roll back is dropped: the server then ends what it had begun.
  Result<> rollback() override {
    if (is_inside_ && session_ && !session_->run("ROLLBACK", {})) session_.reset();
    is_inside_ = false;
    return success();
  }

  Result<> query(std::string_view sql, Parameters parameters, const EachRow& each) override {
    CPC_TRY(const PostgresAnswer answer, ask(sql, values_of(parameters)));
    return answer.each(each);
  }
  Result<std::int64_t> execute(std::string_view sql, Parameters parameters) override {
    CPC_TRY(const PostgresAnswer answer, ask(sql, values_of(parameters)));
    return answer.rows_changed();
  }

  Result<> find_all(const Table& table, std::span<const SqlRow> keys,
                    const EachRow& each) override {
    if (keys.size() == 1) return query(table.find, keys.front(), each);
    CPC_TRY(const PostgresAnswer answer,
            ask(sets(table).find, arrays_of(table, keys, table.key_columns)));
    return answer.each(each);
  }
  Result<> upsert_all(const Table& table, std::span<const SqlRow> rows) override {
    CPC_TRY(ask(sets(table).upsert, arrays_of(table, rows, table.columns.size())));
    return success();
  }
  Result<> erase_all(const Table& table, std::span<const SqlRow> keys) override {
    CPC_TRY(ask(sets(table).erase, arrays_of(table, keys, table.key_columns)));
    return success();
  }

  Result<std::vector<std::string>> table_names() override {
    std::vector<std::string> names;
    CPC_TRY(
        query("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() "
              "ORDER BY tablename",
              {}, [&](SqlRow& row) -> Result<> {
                names.push_back(std::get<std::string>(row.front()));
                return success();
              }));
    return names;
  }

  Result<> run_script(std::string_view script) override {
    if (!session_) return lost("a script");
    auto done = session_->run_script(postgres_script(script));
    if (!done) has_failed_ = true;
    return done;
  }

 private:
  static Error lost(std::string_view what) {
    return fail(ErrorCode::conflict,
                "the connection to PostgreSQL was lost before \"" + std::string{what} + "\"");
  }

  // Only what writes may be run again whole: what a look-up has seen its caller keeps.
  Error told(Error error) const {
    if (!is_inside_ || access_ == Access::read) error.code = ErrorCode::unavailable;
    return error;
  }

  Result<PostgresAnswer> ask(std::string_view sql, const Values& values) {
    return is_inside_ ? inside(sql, values) : outside(sql, values);
  }

  // The server answers a COMMIT after a failed statement with a rollback, and without an error, so
  // nothing is asked of it any more.
  Result<PostgresAnswer> inside(std::string_view sql, const Values& values) {
    if (!session_ || has_failed_) return told(lost(sql));
    auto answer = session_->run(sql, values);
    if (answer) return answer;
    has_failed_ = true;
    if (session_->is_lost()) session_.reset();
    return told(answer.error());
  }

  // Look-ups and BEGIN: asked once more where the session turns out to be lost since the last one.
  Result<PostgresAnswer> outside(std::string_view sql, const Values& values) {
    for (bool is_new = session_ == nullptr;; is_new = true) {
      if (!session_) {
        if (const auto made = connect(); !made) return told(made.error());
      }
      auto answer = session_->run(sql, values);
      if (answer) return answer;
      if (session_->is_lost()) session_.reset();
      if (session_ || is_new) return told(answer.error());
    }
  }

  const PostgresSets& sets(const Table& table) {
    auto found = sets_.find(&table);
    if (found == sets_.end()) found = sets_.emplace(&table, sets_of(table)).first;
    return found->second;
  }

  PostgresSession::Wishes wishes_;
  std::unique_ptr<PostgresSession> session_;  ///< None once it is lost.
  bool is_inside_ = false;                    ///< Of a transaction.
  Access access_ = Access::read;              ///< Of the transaction.
  bool has_failed_ = false;                   ///< Something in this transaction.
  std::map<const Table*, PostgresSets> sets_;
};

}  // namespace

Result<std::unique_ptr<Connection>> PostgresDatabase::connect(Access access) {
  const bool takes_lock = access == Access::write && locking_ == Locking::exclusive;
  auto connection =
      std::make_unique<PostgresConnection>(PostgresSession::Wishes{dsn_.words, access, takes_lock});
  CPC_TRY(connection->connect());
  return std::unique_ptr<Connection>{std::move(connection)};
}

Facts PostgresDatabase::facts() const {
  return {"postgres", dsn_.place, "synchronous_commit=on, fsync=on"};
}

}  // namespace cpc::store
