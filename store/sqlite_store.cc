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

Result<std::unique_ptr<Store>> open_store(const OpenOptions& options) {
  const std::filesystem::path folder = options.path.parent_path();
  CPC_TRY(check_folder(folder.empty() ? "." : folder));
  CPC_TRY(auto hold, hold_lock(beside(options.path, ".lock")));
  CPC_TRY(check_database_file(options.path, sqlite_magic));
  return open_claimed(std::move(hold), std::make_unique<SqliteDatabase>(options.path),
                      beside(options.path, ".highwater"), options.claim, options.cache,
                      options.decorate);
}

}  // namespace cpc::store
