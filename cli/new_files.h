// Making several files of which all shall exist, or none: whatever was made is removed again unless
// keep() is called. Nothing that existed is ever changed.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace cpc::cli {

/// Who shall own what root makes for a service.
struct Owner {
  uid_t user;
  gid_t group;
};

class NewFiles {
 public:
  NewFiles() = default;
  NewFiles(const NewFiles&) = delete;
  NewFiles& operator=(const NewFiles&) = delete;
  ~NewFiles();

  /// Makes `folder`, and its parents 0755, unless they exist. Fails with conflict if something else
  /// than a folder is in the way, unavailable if the machine refuses.
  [[nodiscard]] Result<> make_folder(const std::filesystem::path& folder, mode_t mode);
  /// Makes `file` with `text`, synced with its folder. Fails with conflict if it exists,
  /// unavailable if it cannot be written.
  [[nodiscard]] Result<> make_file(const std::filesystem::path& file, mode_t mode,
                                   std::string_view text);
  /// Counts a file as made here that somebody else has just made.
  void adopt(std::filesystem::path file) { made_.push_back(std::move(file)); }

  /// Hands everything made to `owner`. Fails with unavailable.
  [[nodiscard]] Result<> give_to(const Owner& owner) const;
  void keep() { made_.clear(); }

 private:
  std::vector<std::filesystem::path> made_;  // In the order of making.
};

/// The owner of `path`; nothing if it does not exist.
[[nodiscard]] std::optional<Owner> owner_of(const std::filesystem::path& path);
/// True if `path` exists and others than its owner may do anything with it.
[[nodiscard]] bool is_open_to_others(const std::filesystem::path& path);

}  // namespace cpc::cli
