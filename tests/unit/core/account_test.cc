// Logins: one per name, ended sessions stay ended, and a name that is used again is somebody else.

#include "core/account.h"

#include "tests/support/two_instances.h"

namespace cpc::core {
namespace {

using tests::Federation;
using tests::Instance;

SessionClaim claim_of(const Instance& one, const std::string& local) {
  const auto account = one.store.row<Account>({local}).value();
  return {local, account.incarnation, account.session_generation};
}
bool is_signed_in(const Instance& one, const SessionClaim& claim) {
  return check_session(one.look(), claim).has_value();
}

}  // namespace

TEST_CASE("an account is made once and only under a well-formed name") {
  Federation world{{"alpha.cpc"}};
  Instance& alpha = world.at(0);
  alpha.add_person("anna");
  CHECK(is_signed_in(alpha, claim_of(alpha, "anna")));
  const auto make = [&](const std::string& local) {
    return alpha.run([&](auto& tx, auto at) { return create_account(tx, at, local, "hash"); });
  };
  CHECK(make("anna").error().code == ErrorCode::conflict);
  CHECK(make("Anna").error().code == ErrorCode::invalid);
  CHECK(stable_code(make("").error()) == codes::address_invalid);
  CHECK(alpha.store.rows<Account>().size() == 1);
}

TEST_CASE("a new password ends every session before it") {
  Federation world{{"alpha.cpc"}};
  Instance& alpha = world.at(0);
  alpha.add_person("anna");
  const SessionClaim before = claim_of(alpha, "anna");
  REQUIRE(alpha.run([](auto& tx, auto) { return change_password(tx, "anna", "other"); }));
  CHECK_FALSE(is_signed_in(alpha, before));
  CHECK(is_signed_in(alpha, claim_of(alpha, "anna")));
  CHECK(alpha.run([](auto& tx, auto) { return change_password(tx, "nobody", "x"); }).error().code ==
        ErrorCode::not_found);
}

TEST_CASE("a disabled account is signed out for good, and disabling twice is once") {
  Federation world{{"alpha.cpc"}};
  Instance& alpha = world.at(0);
  alpha.add_person("anna");
  const SessionClaim before = claim_of(alpha, "anna");
  const auto disable = [&](const std::string& local) {
    return alpha.run([&](auto& tx, auto) { return disable_account(tx, local); });
  };
  REQUIRE(disable("anna"));
  const SessionClaim after = claim_of(alpha, "anna");
  REQUIRE(disable("anna"));
  CHECK(claim_of(alpha, "anna").session_generation == after.session_generation);
  CHECK_FALSE(is_signed_in(alpha, before));
  CHECK_FALSE(is_signed_in(alpha, after));
  CHECK(disable("nobody").error().code == ErrorCode::not_found);
  const auto password = [](auto& tx, auto) { return change_password(tx, "anna", "other"); };
  CHECK(alpha.run(password).error().code == ErrorCode::denied);
}

TEST_CASE("a name that is used again is another incarnation and voids the old sessions") {
  Federation world{{"alpha.cpc"}};
  Instance& alpha = world.at(0);
  alpha.add_person("anna");
  const SessionClaim before = claim_of(alpha, "anna");
  REQUIRE(alpha.store.transact([](Transaction& tx) -> Result<> {
    tx.erase(AccountKey{"anna"});
    return success();
  }));
  CHECK_FALSE(is_signed_in(alpha, before));
  alpha.add_person("anna");
  CHECK_FALSE(is_signed_in(alpha, before));
  CHECK(claim_of(alpha, "anna").incarnation != before.incarnation);
}

TEST_CASE("a closure that fails leaves no row, no number and no mark") {
  Federation world{{"alpha.cpc"}};
  Instance& alpha = world.at(0);
  alpha.add_person("anna");
  const auto rows = alpha.store.tables().rows();
  const auto n = alpha.store.last_n();
  const auto failed = alpha.store.transact([](Transaction& tx) -> Result<> {
    tx.put(Account{"ben", {}, "", false, 1, {}, {}, 0});
    tx.touched().accounts["ben"].everything = true;
    return fail(ErrorCode::conflict, "no");
  });
  CHECK_FALSE(failed.has_value());
  CHECK(alpha.store.tables().rows() == rows);
  CHECK(alpha.store.last_n() == n);
  CHECK_FALSE(alpha.store.touched().accounts.contains("ben"));
}

}  // namespace cpc::core
