// The store that the configuration names, whichever engine it is.
#pragma once

#include <memory>

#include "daemon/keys.h"
#include "store/store.h"

namespace cpc::daemon {

/// Opens it for this instance with a fresh fence. Errors as store::open_sqlite_store and
/// store::open_postgres_store; for the file with PostgreSQL's connection string as
/// crypto::read_file.
[[nodiscard]] Result<std::unique_ptr<store::Store>> open_store(const Config& config,
                                                               const Keys& keys, TimePoint now);

/// What open_store would say of the connection string, without opening anything.
[[nodiscard]] Result<> check_store(const Config& config);

}  // namespace cpc::daemon
