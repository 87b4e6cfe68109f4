// The file beside the database: "<boot counter> <batch>\n", each of 19 digits.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <limits>

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

// Always of one length, so that a new mark takes the place of the old one.
std::string line_of(const HighWater& mark) {
  char line[file_bytes_max];
  std::snprintf(line, sizeof line, "%019" PRId64 " %019" PRId64 "\n", mark.boot_counter,
                mark.batch);
  return line;
}

bool write_line(int descriptor, const HighWater& mark) {
  const std::string line = line_of(mark);
  return ::pwrite(descriptor, line.data(), line.size(), 0) == static_cast<ssize_t>(line.size());
}

}  // namespace

Error lost_store(const std::filesystem::path& high_water) {
  return fail(ErrorCode::invalid,
              "the database is empty, but " + high_water.string() +
                  " says that this instance had one. Put the database back from a backup; only to "
                  "begin anew without people and messages, remove that file");
}

Result<std::optional<HighWater>> read_high_water(const std::filesystem::path& path) {
  const File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file && errno == ENOENT) return std::optional<HighWater>{};
  if (!file) return machine_refused("read", path, errno);
  char buffer[file_bytes_max];
  const auto size = ::read(file.descriptor(), buffer, sizeof buffer);
  if (size < 0) return machine_refused("read", path, errno);
  std::string_view text{buffer, static_cast<std::size_t>(size)};
  HighWater mark;
  const bool fits = take_number(text, ' ', mark.boot_counter) &&
                    take_number(text, '\n', mark.batch) && text.empty();
  if (!fits) mark = {0, std::numeric_limits<std::int64_t>::max()};
  return std::optional{mark};
}

Result<std::unique_ptr<HighWaterFile>> HighWaterFile::make(const std::filesystem::path& path,
                                                           const HighWater& mark) {
  std::filesystem::path beside = path;
  beside += ".new";
  const int descriptor = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (descriptor < 0) return machine_refused("write", beside, errno);
  std::unique_ptr<HighWaterFile> made{new HighWaterFile{descriptor, mark}};
  if (!write_line(descriptor, mark)) return machine_refused("write", beside, errno);
  if (::fsync(descriptor) != 0) return machine_refused("sync", beside, errno);
  if (::rename(beside.c_str(), path.c_str()) != 0) return machine_refused("replace", path, errno);
  CPC_TRY(sync_folder(path.parent_path().empty() ? "." : path.parent_path()));
  return made;
}

HighWaterFile::~HighWaterFile() {
  ::fsync(descriptor_);
  ::close(descriptor_);
}

void HighWaterFile::note(std::int64_t batch) {
  mark_.batch = batch;
  const bool is_written = write_line(descriptor_, mark_);
  if (is_written && batch % commits_per_sync == 0) ::fdatasync(descriptor_);
}

}  // namespace cpc::store
