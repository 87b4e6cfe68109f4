#include "crypto/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>
#include <system_error>

#include "crypto/secrets.h"

namespace cpc::crypto {
namespace {

constexpr mode_t private_mode = 0600;
constexpr mode_t public_mode = 0644;

/// An open descriptor, closed with its scope.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (is_open()) ::close(number_);
  }
  [[nodiscard]] bool is_open() const { return number_ >= 0; }
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

std::string reason(int error_number) {
  return std::generic_category().message(error_number);
}

std::string octal(mode_t mode) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode));
  return text;
}

Error cannot_open(const std::string& path, int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return fail(ErrorCode::not_found, path + " does not exist");
    case ELOOP:
      return fail(ErrorCode::denied,
                  path + " is a symbolic link: give the path of the private key itself");
    case ENXIO:
      return fail(ErrorCode::denied, path + " is not a regular file: a private key must be one");
    case EACCES:
    case EPERM:
      return fail(ErrorCode::denied, path +
                                         " may not be read by this user. It must belong to the "
                                         "user who runs the daemon");
    default:
      return fail(ErrorCode::unavailable, path + " cannot be opened: " + reason(error_number));
  }
}

/// Looks at the open file, not at the path: nobody can put another in its place in between.
Result<> check_privacy(const Descriptor& file, const std::string& path) {
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) {
    return fail(ErrorCode::unavailable, path + " cannot be examined: " + reason(errno));
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(ErrorCode::denied, path + " is not a regular file: a private key must be one");
  }
  if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    return fail(ErrorCode::denied, path + " belongs to another user (uid " +
                                       std::to_string(status.st_uid) +
                                       "), who could change it. Run: chown " +
                                       std::to_string(::geteuid()) + " " + path);
  }
  const mode_t mode = status.st_mode & 07777;
  if (mode == private_mode) return success();
  const char* const trouble = (mode & 0044) != 0   ? " is readable by others (mode "
                              : (mode & 0022) != 0 ? " is writable by others (mode "
                                                   : " has an unexpected mode (mode ";
  return fail(ErrorCode::denied, path + trouble + octal(mode) +
                                     "): what is secret must be 0600. Run: chmod 600 " + path);
}

/// The whole file, which the caller wipes; never grows, so that no copy is left behind.
Result<Bytes> read_all(const Descriptor& file, const std::string& path, std::size_t bytes_max) {
  Bytes content(bytes_max + 1, '\0');
  std::size_t filled = 0;
  while (filled < content.size()) {
    const ssize_t got = ::read(file.number(), content.data() + filled, content.size() - filled);
    if (got == 0) break;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int error_number = errno;
      sodium_memzero(content.data(), content.size());
      return fail(ErrorCode::unavailable, path + " cannot be read: " + reason(error_number));
    }
    filled += static_cast<std::size_t>(got);
  }
  if (filled > bytes_max) {
    sodium_memzero(content.data(), content.size());
    return fail(ErrorCode::invalid, path + " is too long to be a key or a certificate");
  }
  content.resize(filled);
  return content;
}

bool write_all(const Descriptor& file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t put = ::write(file.number(), content.data(), content.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

/// Into a file just created in `folder`. Returns the errno of the step that failed, if one did.
std::optional<int> write_synced(const Descriptor& created, const Descriptor& folder, mode_t mode,
                                std::string_view content) {
  // fchmod, because the umask of whoever runs us has already taken bits from the mode.
  const bool done = ::fchmod(created.number(), mode) == 0 && write_all(created, content) &&
                    ::fsync(created.number()) == 0 && ::fsync(folder.number()) == 0;
  if (done) return std::nullopt;
  return errno;
}

}  // namespace

Result<Bytes> read_file(const std::filesystem::path& file, Access access, std::size_t bytes_max) {
  const std::string path = file.string();
  const bool is_private = access == Access::ours_alone;
  // O_NONBLOCK: a pipe laid in the key's place must not make the daemon wait for a writer.
  const Descriptor opened{::open(
      path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (is_private ? O_NOFOLLOW : 0))};
  if (!opened.is_open()) return cannot_open(path, errno);
  if (is_private) {
    CPC_TRY(check_privacy(opened, path));
  }
  return read_all(opened, path, bytes_max);
}

Result<> create_file(const std::filesystem::path& file, Access access, std::string_view content) {
  const std::string path = file.string();
  const std::string name = file.filename().string();
  const std::string folder_path = file.has_parent_path() ? file.parent_path().string() : ".";
  const mode_t mode = access == Access::ours_alone ? private_mode : public_mode;
  const Descriptor folder{::open(folder_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!folder.is_open()) {
    return fail(ErrorCode::unavailable,
                "the folder " + folder_path + " cannot be opened: " + reason(errno));
  }
  const Descriptor created{::openat(folder.number(), name.c_str(),
                                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)};
  if (!created.is_open()) {
    if (errno == EEXIST) {
      return fail(ErrorCode::conflict, path +
                                           " exists already, and is never overwritten. Move it "
                                           "away to make a new one");
    }
    return fail(ErrorCode::unavailable, path + " cannot be created: " + reason(errno));
  }
  if (const auto error_number = write_synced(created, folder, mode, content)) {
    ::unlinkat(folder.number(), name.c_str(), 0);  // Half a key would only be in the way.
    return fail(ErrorCode::unavailable, path + " cannot be written: " + reason(*error_number));
  }
  return success();
}

Result<> replace_file(const std::filesystem::path& file, Access access, std::string_view content) {
  std::filesystem::path part = file;
  part += ".part";
  ::unlink(part.c_str());  // Left behind by a process that was killed meanwhile.
  CPC_TRY(create_file(part, access, content));
  if (::rename(part.c_str(), file.c_str()) != 0) {
    return fail(ErrorCode::unavailable, file.string() + " cannot be written: " + reason(errno));
  }
  const Descriptor folder{::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (folder.is_open() && ::fsync(folder.number()) == 0) return success();
  return fail(ErrorCode::unavailable, file.string() + " cannot be synced: " + reason(errno));
}

}  // namespace cpc::crypto
