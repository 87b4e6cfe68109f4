// Private keys on disk: one key a file, 0600, owned by whoever runs the daemon.
//
// The file is text: a line `cpc-ed25519-seed <base64url>`, `cpc-x25519-key <base64url>` or
// `cpc-master-key <base64url>`, so that an operator can back it up with any tool and nobody
// mistakes one kind for the other.
#pragma once

#include <filesystem>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "crypto/at_rest.h"
#include "crypto/sealing_key.h"

namespace cpc::crypto {

/// Fails with
///   not_found  if there is no such file;
///   denied     if anybody but its owner could read or write it (any mode but 0600), if it is not a
///              regular file, or not owned by us or root;
///   invalid    if its content is not one key of this kind;
///   unavailable if the machine would not read it (out of descriptors, a failing disk).
/// What is checked is the open file, so nothing can be swapped in between; a symbolic link is
/// denied. The detail says what, why and what to do; it never holds any of the file's content.
[[nodiscard]] Result<SigningKey> load_signing_key(const std::filesystem::path& file);
[[nodiscard]] Result<SealingKey> load_sealing_key(const std::filesystem::path& file);
[[nodiscard]] Result<MasterKey> load_master_key(const std::filesystem::path& file);

/// Creates the file, 0600, synced with its folder. Fails with conflict if it exists (a key is never
/// overwritten), unavailable if the folder cannot be written.
[[nodiscard]] Result<> write_signing_key(const std::filesystem::path& file, const SigningKey& key);
[[nodiscard]] Result<> write_sealing_key(const std::filesystem::path& file, const SealingKey& key);
[[nodiscard]] Result<> write_master_key(const std::filesystem::path& file, const MasterKey& key);

}  // namespace cpc::crypto
