// What lies in the key folder: which key is whose shows its id, and nothing is overwritten.

#include "daemon/key_files.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "crypto/digest.h"
#include "crypto/key_file.h"
#include "tests/support/temporary_folder.h"

namespace cpc::daemon {
namespace {

namespace fs = std::filesystem;

const TimePoint now = from_milliseconds(1'800'000'000'000);
const core::InstanceName alpha = core::InstanceName::parse("alpha.cpc").value();

crypto::SigningKey key_of(const std::string& label) {
  return crypto::SigningKey::from_seed(
      crypto::Seed::from_bytes(crypto::sha256(label).view()).value());
}

struct Scene {
  tests::TemporaryFolder folder;
  KeysConfig keys;
  Scene() { keys.folder = folder.path(); }
  void put(const fs::path& file, const crypto::SigningKey& key) const {
    REQUIRE(crypto::write_signing_key(file, key));
  }
};

}  // namespace

TEST_CASE("a root key is found by its id, whatever its file is called, and may be away") {
  const Scene s;
  CHECK_FALSE(find_root_key(s.keys, key_of("root").id()).value());
  s.put(s.keys.folder / "next-root.key", key_of("root"));
  s.put(s.keys.folder / "root-1800000000000.key", key_of("later"));
  s.put(s.keys.folder / "else.key", key_of("else"));
  CHECK(find_root_key(s.keys, key_of("root").id()).value()->id() == key_of("root").id());
  CHECK(find_root_key(s.keys, key_of("later").id()).value()->id() == key_of("later").id());
  CHECK_FALSE(find_root_key(s.keys, key_of("else").id()).value());
  CHECK(root_keys_at_hand(s.keys).value().size() == 2);
}

TEST_CASE("a root key that others may read is refused, not passed over") {
  const Scene s;
  s.put(s.keys.root_key(), key_of("root"));
  fs::permissions(s.keys.root_key(), fs::perms{0644});
  CHECK(find_root_key(s.keys, key_of("root").id()).error().code == ErrorCode::denied);
}

TEST_CASE("signing keys are all that lie there, and one that is removed is gone") {
  const Scene s;
  s.put(s.keys.signing_key(), key_of("first"));
  const auto made = make_signing_key(s.keys, now).value();
  CHECK(fs::exists(s.keys.signing_keys() / "1800000000000.key"));
  CHECK(make_signing_key(s.keys, now).error().code == ErrorCode::conflict);
  CHECK(load_signing_keys(s.keys).value().size() == 2);
  remove_signing_key(s.keys, key_of("first").id());
  REQUIRE(load_signing_keys(s.keys).value().size() == 1);
  CHECK(load_signing_keys(s.keys).value().front().id() == made.id());
  remove_signing_key(s.keys, key_of("unknown").id());
  CHECK(load_signing_keys(s.keys).value().size() == 1);
}

TEST_CASE("a delegation is written in place of the one before, and read back") {
  const Scene s;
  CHECK_FALSE(load_delegation(s.keys, alpha).value());
  const auto first =
      federation::first_delegation(alpha, key_of("root"), {}, {key_of("signing").public_key()}, now)
          .value();
  std::ofstream{s.keys.delegation().string() + ".part"} << "left behind by a crash";
  REQUIRE(write_delegation(s.keys, first.jws));
  CHECK(load_delegation(s.keys, alpha).value()->jws == first.jws);
  const auto next =
      federation::next_delegation({first, {}}, key_of("root"), {}, now + Milliseconds{1}).value();
  REQUIRE(write_delegation(s.keys, next.jws));
  CHECK(load_delegation(s.keys, alpha).value()->jws == next.jws);

  const auto other = load_delegation(s.keys, core::InstanceName::parse("beta.cpc").value());
  CHECK(other.error().code == ErrorCode::denied);
  std::ofstream{s.keys.delegation()} << "{";
  const auto broken = load_delegation(s.keys, alpha);
  CHECK(broken.error().code == ErrorCode::invalid);
  CHECK(broken.error().detail.find("backup") != std::string::npos);
}

TEST_CASE("a request waits until it is removed") {
  const Scene s;
  CHECK_FALSE(load_request(s.keys).value());
  auto first =
      federation::first_delegation(alpha, key_of("root"), {}, {key_of("signing").public_key()}, now)
          .value();
  federation::DelegationChange change;
  change.revoked = key_of("signing").id();
  REQUIRE(write_request(s.keys, {std::move(first), std::move(change)}));
  CHECK(load_request(s.keys).value()->change.revoked == key_of("signing").id());
  remove_request(s.keys);
  CHECK_FALSE(load_request(s.keys).value());
}

}  // namespace cpc::daemon
