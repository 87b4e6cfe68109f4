#include "daemon/opened_store.h"

#include "crypto/private_file.h"
#include "crypto/random_bytes.h"
#include "store/postgres_dsn.h"
#include "store/postgres_store.h"
#include "store/sqlite_store.h"

namespace cpc::daemon {
namespace {

constexpr std::size_t dsn_bytes_max = 8192;

store::Claim claim_of(const Config& config, const Keys& keys, TimePoint now) {
  store::Claim claim;
  claim.instance_name = config.instance;
  claim.iid = keys.keyring.iid();
  claim.new_epoch = crypto::random_id<core::StoreEpoch>();
  claim.fence = crypto::random_id<store::Fence>();
  claim.master_key = store::MasterKeyId::from_bytes(keys.master.id()).value();
  claim.now = now;
  return claim;
}

// It may hold a password, so it is read as a key is.
Result<std::string> read_dsn(const Config& config) {
  const auto& file = config.storage.postgres_dsn_file;
  auto dsn = crypto::read_file(file, crypto::Access::ours_alone, dsn_bytes_max);
  if (dsn || dsn.error().code != ErrorCode::not_found) return dsn;
  return fail(ErrorCode::not_found, dsn.error().detail +
                                        ". It holds PostgreSQL's connection string, as in "
                                        "host=/run/postgresql dbname=cpcd user=cpcd");
}

}  // namespace

Result<std::unique_ptr<store::Store>> open_store(const Config& config, const Keys& keys,
                                                 TimePoint now) {
  const store::Claim claim = claim_of(config, keys, now);
  if (config.storage.engine == StorageEngine::sqlite) {
    store::SqliteOptions options;
    options.path = config.storage.file;
    options.claim = claim;
    return store::open_sqlite_store(options);
  }
  CPC_TRY(check_store(config));
  store::PostgresOptions options;
  CPC_TRY(options.dsn, read_dsn(config));
  options.folder = config.data_dir;
  options.claim = claim;
  return store::open_postgres_store(options);
}

Result<> check_store(const Config& config) {
  if (config.storage.engine == StorageEngine::sqlite) return success();
  CPC_TRY(const std::string text, read_dsn(config));
  const auto dsn = store::parse_postgres_dsn(text, "cpcd");
  if (dsn) return success();
  return fail(dsn.error().code,
              config.storage.postgres_dsn_file.string() + ": " + dsn.error().detail);
}

}  // namespace cpc::daemon
