// Password hashing: Argon2id (RFC 9106) by libsodium, 19 MiB, 2 passes, 1 lane.
// Takes about 15 ms of CPU; the daemon runs it on a thread of its own with a bounded queue.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace cpc::crypto {

inline constexpr std::size_t password_bytes_min = 10;
inline constexpr std::size_t password_bytes_max = 1024;

/// The PHC string ($argon2id$v=19$m=19456,t=2,p=1$...). Fails with invalid outside the limits
/// above, unavailable if the memory could not be had.
[[nodiscard]] Result<std::string> hash_password(std::string_view password);

/// Constant in time for a given `hash`. False for a wrong password and for a malformed hash.
[[nodiscard]] bool password_matches(std::string_view hash, std::string_view password);

/// A hash that no password matches, of the same cost: checked when the account does not exist, so
/// that time does not tell.
[[nodiscard]] std::string_view nobodys_hash();

}  // namespace cpc::crypto
