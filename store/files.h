// The few things store/ does with files itself: owning a descriptor, the lock, the checks of modes.
#pragma once

#include <filesystem>
#include <memory>

#include "core/base/result.h"
#include "store/store.h"

namespace cpc::store {

/// An open file descriptor, closed at the end. False when opening failed.
class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  explicit operator bool() const { return descriptor_ >= 0; }
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

/// unavailable: what we wanted to do, with what, and the machine's reason.
[[nodiscard]] Error machine_refused(const char* verb, const std::filesystem::path& path, int error);

/// Takes the exclusive lock on `path` (created 0600) and writes our pid into it. Fails with
/// conflict when another process, or another store of this one, holds it; the detail names its pid.
[[nodiscard]] Result<std::unique_ptr<Hold>> hold_lock(const std::filesystem::path& path);

/// Fails with invalid unless `folder` is a folder that only we can enter.
[[nodiscard]] Result<> check_folder(const std::filesystem::path& folder);

/// Creates an empty file (0600) if there is none. Fails with invalid when the existing one can be
/// read by others or does not begin with `magic`; an empty one may. Returns whether it is empty.
[[nodiscard]] Result<bool> check_database_file(const std::filesystem::path& path,
                                               std::string_view magic);

}  // namespace cpc::store
