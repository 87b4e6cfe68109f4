// SQLite behind database.h.
//
// Migrations are written in SQLite's own words, so run_script() takes them as they are. Sets of
// rows are one prepared statement executed per row inside the transaction: measured best for
// SQLite.
#pragma once

#include <filesystem>

#include "store/database.h"

namespace cpc::store {

/// How long a statement waits for a lock that another process holds on the file.
inline constexpr int busy_timeout_ms = 5000;

/// A PRAGMA, the value we set and the text it must read back as.
struct SqliteSetting {
  const char* name;
  const char* value;
  const char* reads_back;
};

class SqliteDatabase final : public Database {
 public:
  /// `path` is the file; it must exist.
  explicit SqliteDatabase(std::filesystem::path path) : path_(std::move(path)) {}

  /// Fails with invalid when the file is no database (nothing was written to it), with unavailable
  /// when it cannot be opened or a setting did not take.
  [[nodiscard]] Result<std::unique_ptr<Connection>> connect(Access access) override;
  [[nodiscard]] Facts facts() const override;

 private:
  std::filesystem::path path_;
};

}  // namespace cpc::store
