// cpcd directory: what those who sign a directory do with its file.
#include "daemon/offline_directory.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "federation/directory_record.h"
#include "tests/support/temporary_folder.h"

namespace cpc::daemon {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint now = from_milliseconds(1'800'000'000'000);
constexpr const char* iid = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";

struct Vault {
  struct Done {
    int status;
    std::string out;
    std::string err;
  };
  Done run(const DirectoryOrder& order) {
    std::ostringstream out, err;
    const int status = run_directory_order(order, time, out, err);
    return {status, out.str(), err.str()};
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder.path() / name).string();
  }
  std::string key(const std::string& who) {
    const Done made = run({.what = "key", .key = path(who)});
    REQUIRE(made.status == 0);
    return made.out.substr(0, made.out.size() - 1);
  }
  /// What the order writes, in a file of this name.
  std::string kept(const std::string& name, const DirectoryOrder& order) {
    const Done done = run(order);
    INFO(done.err);
    REQUIRE(done.status == 0);
    std::ofstream{path(name)} << done.out;
    return path(name);
  }
  static std::string beta() {
    std::string change = "beta.cpc=";
    return change.append(iid).append("@b.test:8470,[::1]:1");
  }
  std::string founded() {
    return kept("founded", {.what = "found",
                            .name = "towns",
                            .signers = {key("ann"), key("bob")},
                            .threshold = 2,
                            .add = {beta()}});
  }
  std::string signed_by(const std::string& file, const std::string& who) {
    std::string name = file.substr(file.rfind('/') + 1);
    name.append("-").append(who);
    return kept(name, {.what = "sign", .files = {file}, .key = path(who)});
  }
  tests::TemporaryFolder folder;
  TimePoint time = now;
};

TEST_CASE("a founded directory is complete once enough have signed, in turn or side by side") {
  Vault vault;
  const std::string founded = vault.founded();
  CHECK(vault.run({.what = "verify", .files = {founded}}).status == 7);
  const std::string by_ann = vault.signed_by(founded, "ann");
  CHECK(vault.run({.what = "verify", .files = {by_ann}}).status == 7);
  const std::string in_turn = vault.signed_by(by_ann, "bob");
  CHECK(vault.run({.what = "verify", .files = {in_turn}}).status == 0);
  const std::string by_bob = vault.signed_by(founded, "bob");
  const std::string combined =
      vault.kept("combined", {.what = "combine", .files = {by_ann, by_bob}});
  const auto told = vault.run({.what = "verify", .files = {combined}});
  CHECK(told.status == 0);
  CHECK(told.err.find("version 1, 1 names, signed by 2 of 2") != std::string::npos);
}

TEST_CASE("a signer is shown what he signs") {
  Vault vault;
  const auto shown = vault.run({.what = "verify", .files = {vault.founded()}});
  std::string line = "beta.cpc  active  ";
  line.append(iid).append("  b.test:8470  [::1]:1");
  CHECK(shown.err.find(line) != std::string::npos);
  CHECK(shown.err.find("signed by 0, needed are 2: not complete yet") != std::string::npos);
}

TEST_CASE("the private key never leaves its file") {
  Vault vault;
  const std::string founded = vault.founded();
  std::ifstream file{vault.path("ann")};
  std::string word, secret;
  file >> word >> secret;
  REQUIRE(secret.size() == 43);
  const auto done = vault.run({.what = "sign", .files = {founded}, .key = vault.path("ann")});
  CHECK((done.out + done.err).find(secret) == std::string::npos);
  CHECK(vault.run({.what = "key", .key = vault.path("ann")}).status == 1);  // Never overwritten.
}

TEST_CASE("who is no signer signs nothing, and nothing is signed twice or unseen") {
  Vault vault;
  const std::string founded = vault.founded();
  vault.key("mallory");
  const auto refused =
      vault.run({.what = "sign", .files = {founded}, .key = vault.path("mallory")});
  CHECK(refused.status == 1);
  CHECK(refused.out.empty());
  const std::string whole = vault.signed_by(vault.signed_by(founded, "ann"), "bob");
  CHECK(vault.run({.what = "sign", .files = {whole}, .key = vault.path("ann")}).status == 1);
  CHECK(vault.run({.what = "change", .files = {founded}}).status == 1);
}

TEST_CASE("the next version keeps to what the directory said before") {
  Vault vault;
  const std::string whole = vault.signed_by(vault.signed_by(vault.founded(), "ann"), "bob");
  DirectoryOrder rebind{.what = "change", .files = {whole}};
  rebind.add = {"beta.cpc=" + base64url(Bytes(32, 'x'))};
  CHECK(vault.run(rebind).err.find("bound to another iid in this directory for ever") !=
        std::string::npos);
  CHECK(vault.run({.what = "change", .files = {whole}, .retire = {"gamma.cpc"}}).status == 1);
  for (const char* wrong : {"beta.cpc", "beta.cpc=x", "beta=x", "beta.cpc@x=y"}) {
    CHECK(vault.run({.what = "change", .files = {whole}, .add = {wrong}}).status == 1);
  }
  CHECK(vault.run({.what = "change", .files = {whole}, .days = 367}).status == 1);
  const std::string next =
      vault.kept("next", {.what = "change", .files = {whole}, .remove = {"beta.cpc"}});
  const auto told = vault.run({.what = "verify", .files = {vault.signed_by(next, "ann")}});
  CHECK(told.err.find("version 2 says:\n  beta.cpc  removed") != std::string::npos);
  CHECK(told.err.find("signed by 1, needed are 2") != std::string::npos);
}

TEST_CASE("a threshold without signers is no change of them, and is told") {
  Vault vault;
  const std::string signed_by_both =
      vault.signed_by(vault.signed_by(vault.founded(), "ann"), "bob");
  const auto done =
      vault.run({.what = "change", .files = {signed_by_both}, .threshold = 1, .add = {}});
  CHECK(done.status == 1);
  CHECK(done.err.find("--signer") != std::string::npos);
}

TEST_CASE("copies of different versions are not combined") {
  Vault vault;
  const std::string whole = vault.signed_by(vault.signed_by(vault.founded(), "ann"), "bob");
  const std::string one =
      vault.kept("one", {.what = "change", .files = {whole}, .remove = {"beta.cpc"}});
  const std::string other =
      vault.kept("other", {.what = "change", .files = {whole}, .retire = {"beta.cpc"}});
  CHECK(vault.run({.what = "combine", .files = {one, other}}).status == 1);
}

}  // namespace
}  // namespace cpc::daemon
