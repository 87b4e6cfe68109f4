#include "store/postgres_store.h"

#include <unistd.h>

#include "store/files.h"
#include "store/postgres_database.h"

namespace cpc::store {

Result<std::unique_ptr<Store>> open_postgres_store(const PostgresOptions& options) {
  CPC_TRY(auto dsn, parse_postgres_dsn(options.dsn, "cpcd process " + std::to_string(::getpid())));
  CPC_TRY(check_folder(options.folder));
  CPC_TRY(auto hold, hold_lock(options.folder / "postgres.lock"));
  auto database =
      std::make_unique<PostgresDatabase>(std::move(dsn), PostgresDatabase::Locking::exclusive);
  return open_claimed(std::move(hold), std::move(database), options.folder / "postgres.highwater",
                      options.claim, options.cache, options.decorate);
}

}  // namespace cpc::store
