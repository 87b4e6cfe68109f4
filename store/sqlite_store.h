// A store in one SQLite file: the default engine.
//
// Beside `<path>` lie `<path>.lock` (held while open, names our pid), `<path>.highwater` (how far
// the store came, so that an old backup gives itself away) and SQLite's own -wal and -shm. A path
// that is a symbolic link is followed first.
#pragma once

#include <filesystem>
#include <memory>

#include "store/store.h"

namespace cpc::store {

struct SqliteOptions {
  std::filesystem::path path;
  Claim claim;
  CacheLimits cache = {};
  Decorate decorate = {};  ///< Wraps the writing connection; only tests have a use for it.
};

/// Opens the store, creating it (0600) when there is none in the existing folder (0700), and
/// applies the migrations it lacks. What was committed is durable: WAL, synchronous=FULL. Fails
/// with
/// - invalid: the folder or file is open to others, the file is not a store, belongs to another
///   instance, master key or a newer cpcd, or is empty where a store has been. Nothing was touched;
/// - conflict: another process has it open;
/// - unavailable: the machine refused (disk, permissions) or a setting did not take.
/// Each detail says what, why, and what to do.
[[nodiscard]] Result<std::unique_ptr<Store>> open_sqlite_store(const SqliteOptions& options);

}  // namespace cpc::store
