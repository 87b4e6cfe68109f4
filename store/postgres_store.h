// A store in a PostgreSQL database of its own: the second engine.
//
// In the instance's data folder lie `postgres.lock` (held while open, names our pid) and
// `postgres.highwater` (how far the store came, so that an old backup gives itself away). In the
// database an advisory lock keeps out a daemon on another machine; should ours be cut off and
// another take over, the owner row's fence keeps ours from writing.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "store/store.h"

namespace cpc::store {

struct PostgresOptions {
  std::string dsn;               ///< As parse_postgres_dsn takes it.
  std::filesystem::path folder;  ///< The data folder (0700); it must exist.
  Claim claim;
  CacheLimits cache = {};
  Decorate decorate = {};  ///< Wraps the writing connection; only tests have a use for it.
};

/// Opens the store, applying the migrations it lacks: all of them in an empty database. What was
/// committed is durable: fsync, full_page_writes and synchronous_commit are read back as on.
/// Errors as open_sqlite_store.
[[nodiscard]] Result<std::unique_ptr<Store>> open_postgres_store(const PostgresOptions& options);

}  // namespace cpc::store
