// The file beside the database: "<boot counter> <batch>\n".
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "store/files.h"
#include "store/ownership.h"

namespace cpc::store {
namespace {

constexpr std::size_t file_bytes_max = 64;

bool take_number(std::string_view& text, char end, std::int64_t& number) {
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0) return false;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  if (text.empty() || text.front() != end) return false;
  text.remove_prefix(1);
  return true;
}

Result<> sync_folder(const std::filesystem::path& folder) {
  const File file{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!file || ::fsync(file.descriptor()) != 0) return machine_refused("sync", folder, errno);
  return success();
}

Result<> write_synced(const std::filesystem::path& path, std::string_view text) {
  const File file{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
  if (!file) return machine_refused("write", path, errno);
  const auto written = ::write(file.descriptor(), text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size())) return machine_refused("write", path, errno);
  if (::fsync(file.descriptor()) != 0) return machine_refused("sync", path, errno);
  return success();
}

}  // namespace

Result<HighWater> read_high_water(const std::filesystem::path& path) {
  const File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file && errno == ENOENT) return HighWater{};
  if (!file) return machine_refused("read", path, errno);
  char buffer[file_bytes_max];
  const auto size = ::read(file.descriptor(), buffer, sizeof buffer);
  if (size < 0) return machine_refused("read", path, errno);
  std::string_view text{buffer, static_cast<std::size_t>(size)};
  HighWater mark;
  const bool fits = take_number(text, ' ', mark.boot_counter) &&
                    take_number(text, '\n', mark.batch) && text.empty();
  if (fits) return mark;
  return fail(ErrorCode::invalid,
              path.string() +
                  " does not hold two numbers (boot counter and batch), so a restored backup could "
                  "not be told from the current store. If the database is the current one, remove "
                  "the file; if it is a backup, write \"9007199254740000 0\" into it");
}

Result<> write_high_water(const std::filesystem::path& path, const HighWater& mark) {
  std::filesystem::path beside = path;
  beside += ".new";
  CPC_TRY(write_synced(
      beside, std::to_string(mark.boot_counter) + " " + std::to_string(mark.batch) + "\n"));
  if (::rename(beside.c_str(), path.c_str()) != 0) return machine_refused("replace", path, errno);
  return sync_folder(path.parent_path().empty() ? "." : path.parent_path());
}

}  // namespace cpc::store
