// Key material on disk: a file that only its owner may touch is read as such or not at all, and a
// file is written whole or not at all. The formats are key_file.h's and
// federation/tls_identity.h's.
#pragma once

#include <filesystem>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace cpc::crypto {

enum class Access {
  ours_alone,  ///< 0600, owned by whoever runs us or by root.
  anybody,     ///< May be read by everybody (0644): a certificate.
};

/// The whole file, at most `bytes_max` octets. The caller wipes what is secret; no other copy is
/// left. Fails with
///   not_found    if there is no such file;
///   denied       if we may not read it; and for ours_alone, if anybody but its owner could read or
///                write it (any mode but 0600), if it is a symbolic link or not a regular file, or
///                not owned by us or root;
///   invalid      if it is longer than any such file;
///   unavailable  if the machine would not read it (out of descriptors, a failing disk).
/// What is checked is the open file, so nothing can be swapped in between. The detail says what,
/// why and what to do; it never holds any of the content.
[[nodiscard]] Result<Bytes> read_file(const std::filesystem::path& file, Access access,
                                      std::size_t bytes_max);

/// Creates the file with the mode of `access`, synced with its folder. Fails with conflict if it
/// exists (nothing is ever overwritten), unavailable if it cannot be written; then it is not there.
[[nodiscard]] Result<> create_file(const std::filesystem::path& file, Access access,
                                   std::string_view content);

/// Likewise, in place of a file that may be there: at once or not at all, also when the machine
/// stops meanwhile. For what is not a key. Fails with unavailable; then the old one is there.
[[nodiscard]] Result<> replace_file(const std::filesystem::path& file, Access access,
                                    std::string_view content);

}  // namespace cpc::crypto
