// People's logins. Passwords are hashed outside (crypto/password.h, on a thread of its own); here
// only hashes pass.
#pragma once

#include "core/home.h"
#include "core/store.h"

namespace cpc::core {

/// Fails with invalid (ADDRESS_INVALID) for a malformed local part, conflict if it exists.
[[nodiscard]] Result<> create_account(Transaction& tx, const Moment& moment,
                                      const std::string& local, const std::string& password_hash);

/// Ends every session of the account. Fails with not_found, denied when it is disabled.
[[nodiscard]] Result<> change_password(Transaction& tx, const std::string& local,
                                       const std::string& password_hash);

/// Ends every session; sign-in is refused from now on, and what peers send is swallowed.
/// Idempotent. Fails with not_found.
[[nodiscard]] Result<> disable_account(Transaction& tx, const std::string& local);

/// An active account, or denied: unknown, disabled, another incarnation, an ended session.
struct SessionClaim {
  std::string local;
  Incarnation incarnation;
  std::int64_t session_generation = 0;
};
[[nodiscard]] Result<Account> check_session(Lookup& store, const SessionClaim& claim);

}  // namespace cpc::core
