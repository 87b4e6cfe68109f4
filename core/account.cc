#include "core/account.h"

#include "core/codes.h"

namespace cpc::core {
namespace {

Result<Account> must_find(Transaction& tx, const std::string& local) {
  CPC_TRY(const auto account, tx.find(AccountKey{local}));
  if (!account) return refuse(ErrorCode::not_found, codes::not_found, "there is no such account");
  return *account;
}

}  // namespace

Result<> create_account(Transaction& tx, const Moment& moment, const std::string& local,
                        const std::string& password_hash) {
  if (!is_local_part(local)) {
    return refuse(ErrorCode::invalid, codes::address_invalid,
                  "a username is 1-64 of a-z 0-9 . _ - and begins and ends with a letter or digit");
  }
  CPC_TRY(const auto existing, tx.find(AccountKey{local}));
  if (existing) return fail(ErrorCode::conflict, "this account exists already");

  Chance chance = moment.chance;
  Account account;
  account.local = local;
  account.incarnation = chance.id<Incarnation>();
  account.password_hash = password_hash;
  account.created_at = moment.now;
  tx.put(account);
  return success();
}

Result<> change_password(Transaction& tx, const std::string& local,
                         const std::string& password_hash) {
  CPC_TRY(Account account, must_find(tx, local));
  if (account.is_disabled) return fail(ErrorCode::denied, "this account is disabled");
  account.password_hash = password_hash;
  ++account.session_generation;
  tx.put(account);
  tx.touched().accounts[local].everything = true;
  return success();
}

Result<> disable_account(Transaction& tx, const std::string& local) {
  CPC_TRY(Account account, must_find(tx, local));
  if (account.is_disabled) return success();
  account.is_disabled = true;
  ++account.session_generation;
  tx.put(account);
  tx.touched().accounts[local].everything = true;
  return success();
}

Result<Account> check_session(Lookup& store, const SessionClaim& claim) {
  CPC_TRY(auto account, store.find(AccountKey{claim.local}));
  const bool is_current = account && !account->is_disabled &&
                          account->incarnation == claim.incarnation &&
                          account->session_generation == claim.session_generation;
  if (!is_current) return fail(ErrorCode::denied, "the session has ended");
  return *std::move(account);
}

}  // namespace cpc::core
