#include "store/sqlite_database.h"

#include <sqlite3.h>

#include <map>

#include "store/table.h"

namespace cpc::store {
namespace {

/// WAL and FULL: a commit that returned survives a loss of power. secure_delete: what was deleted
/// leaves no bytes behind. temp_store: what is sorted does not reach a disk. trusted_schema: a file
/// that was tampered with cannot call functions.
constexpr SqliteSetting settings[] = {
    {"busy_timeout", "5000", "5000"}, {"journal_mode", "WAL", "wal"}, {"synchronous", "FULL", "2"},
    {"secure_delete", "ON", "1"},     {"foreign_keys", "ON", "1"},    {"temp_store", "MEMORY", "2"},
    {"trusted_schema", "OFF", "0"},
};
static_assert(busy_timeout_ms == 5000);

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

/// A prepared statement, and which of SQLite's numbers each `$1` has (SQLite counts names in the
/// order in which they appear).
struct Prepared {
  std::unique_ptr<sqlite3_stmt, FinalizeStatement> handle;
  std::vector<int> places;
};

/// Ends the execution, also when we leave early, so that no lock stays behind.
class Running {
 public:
  explicit Running(sqlite3_stmt* statement) : statement_(statement) {}
  ~Running() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  sqlite3_stmt* statement_;
};

/// Bound values are not copied: they outlive the Running that uses them.
int bind(sqlite3_stmt* statement, int place, const SqlValue& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    return sqlite3_bind_int64(statement, place, *integer);
  }
  if (const auto* text = std::get_if<std::string>(&value)) {
    return sqlite3_bind_text64(statement, place, text->data(), text->size(), SQLITE_STATIC,
                               SQLITE_UTF8);
  }
  if (const auto* blob = std::get_if<Blob>(&value)) {
    return sqlite3_bind_blob64(statement, place, blob->octets.data(), blob->octets.size(),
                               SQLITE_STATIC);
  }
  return sqlite3_bind_null(statement, place);
}

SqlValue column(sqlite3_stmt* statement, int index) {
  const auto size = [&] {
    return static_cast<std::size_t>(sqlite3_column_bytes(statement, index));
  };
  switch (sqlite3_column_type(statement, index)) {
    case SQLITE_INTEGER:
      return std::int64_t{sqlite3_column_int64(statement, index)};
    case SQLITE_TEXT: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, index));
      return std::string(text, size());
    }
    case SQLITE_BLOB: {
      const auto* octets = static_cast<const char*>(sqlite3_column_blob(statement, index));
      return octets == nullptr ? Blob{} : Blob{Bytes(octets, size())};
    }
    default:
      return {};
  }
}

class SqliteConnection final : public Connection {
 public:
  explicit SqliteConnection(sqlite3* database) : database_(database) {}

  Result<> begin(Access access) override {
    return step_once(access == Access::write ? "BEGIN IMMEDIATE" : "BEGIN");
  }
  Result<> commit() override { return step_once("COMMIT"); }
  Result<> rollback() override {
    if (sqlite3_get_autocommit(database_.get()) != 0) return success();
    return step_once("ROLLBACK");
  }

  Result<> query(std::string_view sql, Parameters parameters, const EachRow& each) override {
    CPC_TRY(Prepared* const statement, prepare(sql));
    return rows(*statement, sql, parameters, each);
  }
  Result<std::int64_t> execute(std::string_view sql, Parameters parameters) override {
    CPC_TRY(query(sql, parameters, [](SqlRow&) -> Result<> { return success(); }));
    return std::int64_t{sqlite3_changes64(database_.get())};
  }

  Result<> find_all(const Table& table, std::span<const SqlRow> keys,
                    const EachRow& each) override {
    return for_each(table.find, keys, each);
  }
  Result<> upsert_all(const Table& table, std::span<const SqlRow> rows) override {
    return for_each(table.upsert, rows, [](SqlRow&) -> Result<> { return success(); });
  }
  Result<> erase_all(const Table& table, std::span<const SqlRow> keys) override {
    return for_each(table.erase, keys, [](SqlRow&) -> Result<> { return success(); });
  }

  Result<std::vector<std::string>> table_names() override {
    std::vector<std::string> names;
    CPC_TRY(query("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name", {},
                  [&](SqlRow& row) -> Result<> {
                    names.push_back(std::get<std::string>(row.front()));
                    return success();
                  }));
    return names;
  }

  Result<> run_script(std::string_view script) override {
    const std::string text{script};
    if (sqlite3_exec(database_.get(), text.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) {
      return success();
    }
    return refused("a script");
  }

  /// invalid when the file is no database; read before anything is written to it.
  Result<> check_readable() {
    const auto read = table_names();
    const int code = sqlite3_errcode(database_.get());
    if (read) return success();
    if (code != SQLITE_NOTADB && code != SQLITE_CORRUPT) return read.error();
    return fail(ErrorCode::invalid,
                "the store is damaged or not a database, so it was left as it is (" +
                    read.error().detail + "). Restore a backup in its place");
  }

  Result<> set(const SqliteSetting& setting) {
    const std::string name = std::string{"PRAGMA "} + setting.name;
    CPC_TRY(run_script(name + " = " + setting.value));
    std::string found;
    CPC_TRY(query(name, {}, [&](SqlRow& row) -> Result<> {
      if (const auto* text = std::get_if<std::string>(&row.front())) found = *text;
      if (const auto* integer = std::get_if<std::int64_t>(&row.front())) {
        found = std::to_string(*integer);
      }
      return success();
    }));
    if (found == setting.reads_back) return success();
    return fail(ErrorCode::unavailable,
                std::string{"SQLite did not accept "} + setting.name + " = " + setting.value +
                    " (it says \"" + found +
                    "\"), without which commits would not be durable or private. Put the store on "
                    "a local disk with room, and use SQLite 3.37 or newer");
  }

 private:
  Error refused(std::string_view what) const {
    std::string sentence{what.substr(0, what.find('('))};
    std::erase(sentence, '\n');
    return fail(ErrorCode::unavailable,
                "SQLite refused \"" + sentence + "\": " + sqlite3_errmsg(database_.get()) +
                    " (code " + std::to_string(sqlite3_extended_errcode(database_.get())) + ")");
  }

  Result<> step_once(std::string_view sql) {
    return query(sql, {}, [](SqlRow&) -> Result<> { return success(); });
  }

  Result<Prepared*> prepare(std::string_view sql) {
    const auto found = statements_.find(sql);
    if (found != statements_.end()) return &found->second;
    sqlite3_stmt* handle = nullptr;
    const int code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
    if (code != SQLITE_OK) return refused(sql);
    Prepared prepared{std::unique_ptr<sqlite3_stmt, FinalizeStatement>{handle}, {}};
    const int count = sqlite3_bind_parameter_count(handle);
    for (int i = 1; i <= count; ++i) {
      const std::string name = "$" + std::to_string(i);
      prepared.places.push_back(sqlite3_bind_parameter_index(handle, name.c_str()));
    }
    return &statements_.emplace(std::string{sql}, std::move(prepared)).first->second;
  }

  Result<> rows(Prepared& statement, std::string_view sql, Parameters parameters,
                const EachRow& each) {
    sqlite3_stmt* const handle = statement.handle.get();
    const Running running{handle};
    if (parameters.size() != statement.places.size()) {
      return fail(ErrorCode::internal, "wrong number of parameters for: " + std::string{sql});
    }
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (bind(handle, statement.places[i], parameters[i]) != SQLITE_OK) return refused(sql);
    }
    SqlRow row;
    for (;;) {
      const int code = sqlite3_step(handle);
      if (code == SQLITE_DONE) return success();
      if (code != SQLITE_ROW) return refused(sql);
      row.clear();
      const int columns = sqlite3_column_count(handle);
      for (int i = 0; i < columns; ++i) row.push_back(column(handle, i));
      CPC_TRY(each(row));
    }
  }

  Result<> for_each(const std::string& sql, std::span<const SqlRow> sets, const EachRow& each) {
    CPC_TRY(Prepared* const statement, prepare(sql));
    for (const SqlRow& set : sets) {
      CPC_TRY(rows(*statement, sql, set, each));
    }
    return success();
  }

  std::unique_ptr<sqlite3, CloseDatabase> database_;
  std::map<std::string, Prepared, std::less<>> statements_;  ///< Finalized before the close.
};

}  // namespace

Result<std::unique_ptr<Connection>> SqliteDatabase::connect(Access access) {
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(path_.c_str(), &database,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  auto connection = std::make_unique<SqliteConnection>(database);
  if (code != SQLITE_OK) {
    return fail(ErrorCode::unavailable, "cannot open " + path_.string() + ": " +
                                            sqlite3_errstr(code) + ". Check who owns the file");
  }
  CPC_TRY(connection->check_readable());
  for (const SqliteSetting& setting : settings) {
    CPC_TRY(connection->set(setting));
  }
  if (access == Access::read) {
    CPC_TRY(connection->set({"query_only", "ON", "1"}));
  }
  return std::unique_ptr<Connection>{std::move(connection)};
}

Facts SqliteDatabase::facts() const {
  return {"sqlite", path_.string(), "synchronous=FULL, journal_mode=WAL"};
}

}  // namespace cpc::store
