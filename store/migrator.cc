#include "store/migrator.h"

#include <algorithm>

#include "store/owner_sql.h"

namespace cpc::store {
namespace {

Result<> apply_inside(Connection& connection, const Migration& migration, bool is_first,
                      TimePoint now) {
  if (is_first) {
    CPC_TRY(connection.run_script(sql::schema_create));
  }
  CPC_TRY(connection.run_script(migration.script));
  const SqlRow line{migration.number, std::string{migration.name}, to_milliseconds(now)};
  CPC_TRY(connection.execute(sql::schema_applied, line));
  return connection.commit();
}

Result<> apply(Connection& connection, const Migration& migration, bool is_first, TimePoint now) {
  CPC_TRY(connection.begin(Access::write));
  const auto applied = apply_inside(connection, migration, is_first, now);
  if (applied) return success();
  (void)connection.rollback();  // The first error is the one to tell.
  return fail(ErrorCode::unavailable, "migration " + std::string{migration.name} +
                                          " failed and was taken back: " + applied.error().detail);
}

}  // namespace

Result<std::int64_t> schema_number(Connection& connection, std::span<const Migration> known) {
  CPC_TRY(const auto tables, connection.table_names());
  if (tables.empty()) return std::int64_t{0};
  if (std::find(tables.begin(), tables.end(), "schema_migrations") == tables.end()) {
    return fail(ErrorCode::invalid,
                "this database is not a store of cpcd: it has tables, but no schema_migrations. It "
                "was left as it is; check the storage section of the configuration");
  }
  std::int64_t number = 0;
  CPC_TRY(connection.query(sql::schema_number, {}, [&](SqlRow& row) -> Result<> {
    if (const auto* found = std::get_if<std::int64_t>(&row.front())) number = *found;
    return success();
  }));
  const std::int64_t newest = known.empty() ? 0 : known.back().number;
  if (number <= newest) return number;
  return fail(ErrorCode::invalid, "this store has schema " + std::to_string(number) +
                                      ", this cpcd knows schemas up to " + std::to_string(newest) +
                                      ". Start the newer cpcd that wrote it, or restore the backup "
                                      "that was made before the upgrade");
}

Result<> migrate(Connection& connection, std::span<const Migration> known, TimePoint now) {
  CPC_TRY(std::int64_t number, schema_number(connection, known));
  for (const Migration& migration : known) {
    if (migration.number <= number) continue;
    CPC_TRY(apply(connection, migration, number == 0, now));
    number = migration.number;
  }
  return success();
}

}  // namespace cpc::store
