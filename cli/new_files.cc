#include "cli/new_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace cpc::cli {
namespace {

Error cannot(const std::filesystem::path& path, const char* what, int error_number) {
  return fail(ErrorCode::unavailable, path.string() + " cannot be " + what + ": " +
                                          std::generic_category().message(error_number));
}

/// Writes, syncs and closes. False with errno of the step that failed.
bool fill(int file, mode_t mode, std::string_view text) {
  bool done = ::fchmod(file, mode) == 0;  // The umask of whoever runs us has taken bits.
  while (done && !text.empty()) {
    const ssize_t put = ::write(file, text.data(), text.size());
    done = put >= 0 || errno == EINTR;
    if (put > 0) text.remove_prefix(static_cast<std::size_t>(put));
  }
  done = done && ::fsync(file) == 0;
  const int error_number = errno;
  ::close(file);
  errno = error_number;
  return done;
}

void sync_folder(const std::filesystem::path& folder) {
  const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) return;
  ::fsync(opened);
  ::close(opened);
}

}  // namespace

NewFiles::~NewFiles() {
  // NOLINTNEXTLINE(modernize-loop-convert): clang 14 cannot compile this library's views.
  for (auto path = made_.rbegin(); path != made_.rend(); ++path) {
    std::error_code ignored;  // What cannot be removed is told by the failure that led here.
    std::filesystem::remove(*path, ignored);
  }
}

Result<> NewFiles::make_folder(const std::filesystem::path& folder, mode_t mode) {
  std::error_code failed;
  const auto status = std::filesystem::status(folder, failed);
  if (std::filesystem::is_directory(status)) return success();
  if (std::filesystem::exists(status)) {
    return fail(ErrorCode::conflict, folder.string() + " exists and is not a folder");
  }
  const auto parent = folder.parent_path();
  if (!parent.empty() && parent != folder) {
    CPC_TRY(make_folder(parent, 0755));
  }
  if (::mkdir(folder.c_str(), mode) != 0) return cannot(folder, "made", errno);
  made_.push_back(folder);
  if (::chmod(folder.c_str(), mode) != 0) return cannot(folder, "protected", errno);
  return success();
}

Result<> NewFiles::make_file(const std::filesystem::path& file, mode_t mode,
                             std::string_view text) {
  const int opened =
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  if (opened < 0) {
    if (errno == EEXIST) return fail(ErrorCode::conflict, file.string() + " exists");
    return cannot(file, "made", errno);
  }
  made_.push_back(file);
  if (!fill(opened, mode, text)) return cannot(file, "written", errno);
  sync_folder(file.parent_path());
  return success();
}

Result<> NewFiles::give_to(const Owner& owner) const {
  for (const auto& path : made_) {
    if (::lchown(path.c_str(), owner.user, owner.group) != 0) {
      return cannot(path, "given to its owner", errno);
    }
  }
  return success();
}

std::optional<Owner> owner_of(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return Owner{status.st_uid, status.st_gid};
}

bool is_open_to_others(const std::filesystem::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && (status.st_mode & 077) != 0;
}

}  // namespace cpc::cli
