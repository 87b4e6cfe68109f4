// PostgreSQL behind database.h, by libpq.
//
// A connection that was lost is made anew where nothing can be lost with it: at the next begin(),
// or for a look-up outside of a transaction. Inside one, everything fails until rollback(). Each
// connection reads back the settings that make a commit durable and refuses a server that has
// others.
//
// Plans do not depend on statistics: every statement is served by an index, so the planner is told
// to use one, whatever it thinks of the table's size at that moment.
#pragma once

#include "store/database.h"
#include "store/postgres_dsn.h"

namespace cpc::store {

class PostgresDatabase final : public Database {
 public:
  /// Whether the writing connection holds the database's one lock, so that no other does.
  enum class Locking { none, exclusive };

  PostgresDatabase(PostgresDsn dsn, Locking locking) : dsn_(std::move(dsn)), locking_(locking) {}

  /// Fails with unavailable when the server cannot be reached or is none that keeps what it
  /// commits, with conflict when another process holds the lock; the detail names it.
  [[nodiscard]] Result<std::unique_ptr<Connection>> connect(Access access) override;
  [[nodiscard]] Facts facts() const override;

 private:
  PostgresDsn dsn_;
  Locking locking_;
};

}  // namespace cpc::store
