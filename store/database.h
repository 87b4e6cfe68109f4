// The SQL driver as the rest of store/ sees it: connections, statements, transactions.
//
// One set of statements serves every engine: `$1` parameters, INSERT ... ON CONFLICT DO UPDATE,
// integers of 64 bits, text, octets. What engines do differently is behind this interface: how rows
// are written and looked up in sets, how a script of migrations/ is spelt, how one connects. Tests
// decorate a Connection to make the nth statement or the commit fail.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace cpc::store {

struct Table;

/// Octets, as opposed to text.
struct Blob {
  Bytes octets;
  bool operator==(const Blob&) const = default;
};

/// monostate is NULL.
using SqlValue = std::variant<std::monostate, std::int64_t, std::string, Blob>;
using SqlRow = std::vector<SqlValue>;
using Parameters = std::span<const SqlValue>;

/// Takes one row of an answer and may move its values out. Must not use the connection. An error
/// ends the statement and becomes its result.
using EachRow = std::function<Result<>(SqlRow& row)>;

/// A read transaction sees one committed state from its first statement to its end.
enum class Access { read, write };

/// One connection, used by one thread at a time. Every call fails with
/// - conflict when it was inside a transaction that the engine took back for a reason that passes
/// (a
///   deadlock, a lost connection): nothing of it is stored, and the whole of it may be run again;
/// - unavailable when the engine cannot do it.
/// The detail names the statement and the engine's own words, never a value.
class Connection {
 public:
  virtual ~Connection() = default;

  [[nodiscard]] virtual Result<> begin(Access access) = 0;
  /// On failure the transaction may or may not be durable: call rollback(), then read and see.
  [[nodiscard]] virtual Result<> commit() = 0;
  /// Ends the transaction without a trace. Without a transaction it does nothing.
  [[nodiscard]] virtual Result<> rollback() = 0;

  [[nodiscard]] virtual Result<> query(std::string_view sql, Parameters parameters,
                                       const EachRow& each) = 0;
  /// Returns the number of rows changed.
  [[nodiscard]] virtual Result<std::int64_t> execute(std::string_view sql,
                                                     Parameters parameters) = 0;

  // Rows in sets, in the form that is fastest for the engine.
  /// Rows with these keys, in no particular order; keys without a row are passed over.
  [[nodiscard]] virtual Result<> find_all(const Table& table, std::span<const SqlRow> keys,
                                          const EachRow& each) = 0;
  /// Inserts or replaces. No key may occur twice.
  [[nodiscard]] virtual Result<> upsert_all(const Table& table, std::span<const SqlRow> rows) = 0;
  [[nodiscard]] virtual Result<> erase_all(const Table& table, std::span<const SqlRow> keys) = 0;

  [[nodiscard]] virtual Result<std::vector<std::string>> table_names() = 0;
  /// Runs a script of migrations/, translated to the engine's type names.
  [[nodiscard]] virtual Result<> run_script(std::string_view script) = 0;
};

/// What an operator may want to know of an engine.
struct Facts {
  std::string engine;      ///< As the configuration names it.
  std::string place;       ///< The file, or the database and its server.
  std::string durability;  ///< The settings that were read back: a commit is on disk.
};

/// Where connections come from. May be used from any thread.
class Database {
 public:
  virtual ~Database() = default;
  [[nodiscard]] virtual Facts facts() const = 0;
  /// A connection for reading refuses to write.
  [[nodiscard]] virtual Result<std::unique_ptr<Connection>> connect(Access access) = 0;
};

/// Wraps the writing connection of a store: the seam for fault injection.
using Decorate = std::function<std::unique_ptr<Connection>(std::unique_ptr<Connection>)>;

}  // namespace cpc::store
