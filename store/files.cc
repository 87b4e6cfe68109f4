#include "store/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace cpc::store {
namespace {

constexpr mode_t others = S_IRWXG | S_IRWXO;

std::string octal(mode_t mode) {
  std::string text = "0";
  for (int shift = 6; shift >= 0; shift -= 3)
    text += static_cast<char>('0' + ((mode >> shift) & 7));
  return text;
}

Error open_to_others(const char* what, const std::filesystem::path& path, mode_t mode,
                     const char* right_mode) {
  return fail(ErrorCode::invalid, std::string{what} + " " + path.string() +
                                      " is open to other users (mode " + octal(mode) +
                                      "), but it holds people's messages. Run: chmod " +
                                      right_mode + " " + path.string());
}

class LockHold final : public Hold {
 public:
  explicit LockHold(int descriptor) : file_(descriptor) {}
  [[nodiscard]] int descriptor() const { return file_.descriptor(); }

 private:
  File file_;  ///< Closing it releases the lock. The file stays: removing it would race.
};

}  // namespace

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Error machine_refused(const char* verb, const std::filesystem::path& path, int error) {
  return fail(ErrorCode::unavailable, std::string{"cannot "} + verb + " " + path.string() + ": " +
                                          std::strerror(error) +
                                          ". Check the disk and who owns the folder");
}

Result<std::unique_ptr<Hold>> hold_lock(const std::filesystem::path& path) {
  auto hold = std::make_unique<LockHold>(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (hold->descriptor() < 0) return machine_refused("open the lock file", path, errno);
  if (::flock(hold->descriptor(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return machine_refused("lock", path, errno);
    char pid[32];
    const auto size = ::pread(hold->descriptor(), pid, sizeof pid, 0);
    const std::string holder =
        size > 1 ? std::string(pid, static_cast<std::size_t>(size) - 1) : std::string{"unknown"};
    return fail(ErrorCode::conflict, "the store is already open: process " + holder +
                                         " holds the lock " + path.string() +
                                         ". One store has one daemon; stop that one first");
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(hold->descriptor(), 0) != 0 ||
      ::pwrite(hold->descriptor(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return machine_refused("write", path, errno);
  }
  return std::unique_ptr<Hold>{std::move(hold)};
}

Result<> check_folder(const std::filesystem::path& folder) {
  struct stat found {};
  if (::stat(folder.c_str(), &found) != 0) return machine_refused("open", folder, errno);
  if (!S_ISDIR(found.st_mode)) {
    return fail(ErrorCode::invalid, folder.string() + " is not a folder; the store needs one");
  }
  if ((found.st_mode & others) != 0) {
    return open_to_others("the folder", folder, found.st_mode, "700");
  }
  return success();
}

Result<bool> check_database_file(const std::filesystem::path& path, std::string_view magic) {
  const File file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  struct stat found {};
  if (!file || ::fstat(file.descriptor(), &found) != 0) return machine_refused("open", path, errno);
  if ((found.st_mode & others) != 0) {
    return open_to_others("the file", path, found.st_mode, "600");
  }
  if (found.st_size == 0) return true;
  std::string begin(magic.size(), '\0');
  const auto size = ::pread(file.descriptor(), begin.data(), begin.size(), 0);
  if (size == static_cast<ssize_t>(magic.size()) && begin == magic) return false;
  return fail(ErrorCode::invalid, path.string() +
                                      " is not a database, so it was left as it is. Check "
                                      "storage.file, or restore a backup in its place");
}

}  // namespace cpc::store
