#include "store/sqlite_store.h"

#include "store/files.h"
#include "store/sqlite_database.h"

namespace cpc::store {
namespace {

/// The first 16 octets of every SQLite file.
constexpr std::string_view sqlite_magic{"SQLite format 3\0", 16};

std::filesystem::path beside(const std::filesystem::path& path, const char* ending) {
  std::filesystem::path out = path;
  out += ending;
  return out;
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const SqliteOptions& options) {
  // Where the database really lies: two names of one file must meet at one lock.
  std::error_code refused;
  const std::filesystem::path path = std::filesystem::weakly_canonical(options.path, refused);
  if (refused) return machine_refused("find", options.path, refused.value());
  if (std::filesystem::is_symlink(path)) {
    return fail(ErrorCode::invalid, path.string() +
                                        " is a symbolic link to nothing. Point it to the database, "
                                        "or storage.file to where it shall lie");
  }
  CPC_TRY(check_folder(path.parent_path()));
  CPC_TRY(auto hold, hold_lock(beside(path, ".lock")));
  const std::filesystem::path high_water = beside(path, ".highwater");
  if (!std::filesystem::exists(path, refused)) {
    CPC_TRY(const auto mark, read_high_water(high_water));
    if (mark) return lost_store(high_water);
  }
  CPC_TRY(check_database_file(path, sqlite_magic));
  return open_claimed(std::move(hold), std::make_unique<SqliteDatabase>(path), high_water,
                      options.claim, options.cache, options.decorate);
}

}  // namespace cpc::store
