// Root keys follow each other as they promised, and signing keys speak in their time.

#include "federation/delegation.h"

#include <catch2/catch.hpp>
#include <functional>

#include "crypto/digest.h"
#include "federation/strict_json.h"

namespace cpc::federation {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

crypto::SigningKey key_of(const std::string& label) {
  return crypto::SigningKey::from_seed(
      crypto::Seed::from_bytes(crypto::sha256(label).view()).value());
}

const TimePoint now = from_milliseconds(1'800'000'000'000);
const core::InstanceName alpha = core::InstanceName::parse("alpha.cpc").value();

core::Iid iid() {
  return iid_of(key_of("root 0").public_key());
}
DelegatedKey delegated(const std::string& label, TimePoint from = now, TimePoint to = now + 1h) {
  return {key_of(label).public_key(), from, to};
}
Jws commitment(const std::string& root, const std::string& next) {
  return make_commitment(iid(), key_of(root), key_of(next).id());
}
DelegationDraft draft() {
  DelegationDraft made;
  made.name = alpha;
  made.iid = iid();
  made.issued = now;
  made.keys.push_back(delegated("signing"));
  return made;
}
/// As root 1 delegates, who follows root 0.
DelegationDraft followed() {
  DelegationDraft made = draft();
  made.earlier.push_back(commitment("root 0", "root 1"));
  return made;
}

struct Verdict {
  std::string code;
  PeerIdentity identity;
};
Verdict read(const Jws& delegation) {
  Verdict verdict{"ok", {}};
  verdict.identity.operational_key = key_of("signing").id();  // As the operational part would say.
  const auto verified = verify_delegation(delegation, alpha, iid(), now, verdict.identity);
  if (!verified) {
    verdict.code = verified.error().code == ErrorCode::denied     ? "denied"
                   : verified.error().code == ErrorCode::conflict ? "conflict"
                                                                  : "invalid";
  }
  return verdict;
}
Verdict read(const DelegationDraft& made, const std::string& root = "root 0") {
  return read(make_delegation(made, key_of(root)));
}
/// With its payload changed, signed by `root` again.
std::string changed(const DelegationDraft& made, const std::string& root,
                    const std::function<void(json&)>& change) {
  const Jws jws = make_delegation(made, key_of(root));
  json payload = json::parse(read_unverified_payload(jws).value());
  change(payload);
  return read(sign_jws("cpc-delegation", payload.dump(), key_of(root))).code;
}

std::string succession(const PeerIdentity& known, const PeerIdentity& next) {
  const auto checked = check_succession(known, next, now);
  if (checked) return "ok";
  return checked.error().code == ErrorCode::denied ? "denied" : "conflict";
}

}  // namespace

TEST_CASE("a first root key speaks for itself, and may promise a successor") {
  DelegationDraft made = draft();
  const Verdict alone = read(made);
  CHECK(alone.code == "ok");
  CHECK(alone.identity.roots == std::vector{key_of("root 0").id()});
  CHECK_FALSE(alone.identity.next_root);
  made.commitment = commitment("root 0", "root 1");
  const Verdict promising = read(made);
  CHECK(promising.code == "ok");
  CHECK(promising.identity.next_root == key_of("root 1").id());
}

TEST_CASE("whom the root key promised can take over, again and again, and the id stays") {
  DelegationDraft made = followed();
  Verdict second = read(made, "root 1");
  CHECK(second.code == "ok");
  CHECK(second.identity.iid == iid());
  CHECK(second.identity.roots == std::vector{key_of("root 0").id(), key_of("root 1").id()});
  made.earlier.push_back(commitment("root 1", "root 2"));
  made.commitment = commitment("root 2", "root 3");
  const Verdict third = read(made, "root 2");
  CHECK(third.code == "ok");
  CHECK(third.identity.roots.size() == 3);
  CHECK(third.identity.next_root == key_of("root 3").id());
}

TEST_CASE("nobody takes over who was not promised") {
  CHECK(read(draft(), "root 1").code == "conflict");
  CHECK(read(followed(), "root 2").code == "conflict");
  CHECK(read(followed(), "root 0").code == "conflict");
  DelegationDraft made = draft();
  made.earlier.push_back(commitment("root 1", "root 2"));  // Of a root that is none of ours.
  CHECK(read(made, "root 2").code == "conflict");
  made.earlier = {commitment("root 0", "root 1"), commitment("root 0", "root 2")};
  CHECK(read(made, "root 2").code == "conflict");
}

TEST_CASE("a promise is the promising key's own, for this instance, and of another key") {
  DelegationDraft made = draft();
  const auto other_iid = iid_of(key_of("usurper").public_key());
  made.earlier = {make_commitment(other_iid, key_of("root 0"), key_of("root 1").id())};
  CHECK(read(made, "root 1").code == "conflict");

  made.earlier = {commitment("root 0", "root 1")};
  made.earlier.front().signature = commitment("root 0", "root 2").signature;
  CHECK(read(made, "root 1").code == "denied");

  made = draft();
  made.commitment = commitment("root 0", "root 0");
  CHECK(read(made).code == "denied");
  made.commitment = commitment("root 1", "root 2");
  CHECK(read(made).code == "conflict");
}

TEST_CASE("only so many roots follow each other") {
  DelegationDraft made = draft();
  const auto root = [](std::size_t number) { return "root " + std::to_string(number); };
  for (std::size_t i = 0; i < earlier_roots_max; ++i) {
    made.earlier.push_back(commitment(root(i), root(i + 1)));
  }
  CHECK(read(made, root(earlier_roots_max)).code == "ok");
  made.earlier.push_back(commitment(root(earlier_roots_max), root(earlier_roots_max + 1)));
  CHECK(read(made, root(earlier_roots_max + 1)).code == "invalid");
}

TEST_CASE("what was promised once holds, whatever the old key says later") {
  DelegationDraft made = draft();
  made.commitment = commitment("root 0", "root 1");
  const PeerIdentity known = read(made).identity;
  made.serial = 2;
  CHECK(succession(known, read(made).identity) == "ok");
  CHECK(succession(known, read(followed(), "root 1").identity) == "ok");

  made.commitment = commitment("root 0", "thief");
  CHECK(succession(known, read(made).identity) == "conflict");
  made.commitment.reset();
  CHECK(succession(known, read(made).identity) == "conflict");
  DelegationDraft stolen = draft();
  stolen.earlier.push_back(commitment("root 0", "thief"));
  CHECK(succession(known, read(stolen, "thief").identity) == "conflict");
}

TEST_CASE("a root key that was followed delegates nothing any more, whatever its serial") {
  const PeerIdentity known = read(followed(), "root 1").identity;
  DelegationDraft made = draft();
  made.serial = 1000;
  CHECK(succession(known, read(made).identity) == "denied");
}

TEST_CASE("serials do not fall") {
  DelegationDraft made = draft();
  made.serial = 7;
  const PeerIdentity known = read(made).identity;
  CHECK(succession(known, known) == "ok");
  made.serial = 6;
  CHECK(succession(known, read(made).identity) == "denied");
  PeerIdentity next = known;
  next.operational_serial = known.operational_serial - 1;
  CHECK(succession(known, next) == "denied");
}

TEST_CASE("a thief who says the highest serial is got rid of all the same") {
  DelegationDraft stolen = draft();
  stolen.commitment = commitment("root 0", "root 1");
  stolen.serial = json_integer_max;
  const PeerIdentity root_thief = read(stolen).identity;
  PeerIdentity rescued = read(followed(), "root 1").identity;
  rescued.operational_serial = 1;
  CHECK(succession(root_thief, rescued) == "ok");
  CHECK(succession(rescued, root_thief) == "denied");

  PeerIdentity signing_thief = read(draft()).identity;
  signing_thief.operational_serial = json_integer_max;
  DelegationDraft revoking = draft();
  revoking.serial = 2;
  revoking.keys.push_back(delegated("new"));
  PeerIdentity still = read(revoking).identity;
  still.operational_key = key_of("new").id();
  still.operational_serial = 7;
  CHECK(succession(signing_thief, still) == "denied");
  revoking.revoked.push_back({key_of("signing").id(), now});
  PeerIdentity rid = read(revoking).identity;
  rid.operational_key = key_of("new").id();
  rid.operational_serial = 7;
  CHECK(succession(signing_thief, rid) == "ok");
  CHECK(succession(rid, signing_thief) == "denied");
}

TEST_CASE("a key speaks in its time alone, and a retired one for what it signed then") {
  DelegationDraft made = draft();
  made.keys = {delegated("new", now, now + 2h)};
  made.retired = {delegated("old", now - 5h, now - 1h)};
  const PeerIdentity identity = read(made).identity;
  const auto speaks = [&](const char* label, TimePoint at) {
    return identity.key(key_of(label).id(), at) != nullptr;
  };
  CHECK_FALSE(speaks("new", now - 1ms));
  CHECK(speaks("new", now));
  CHECK_FALSE(speaks("new", now + 2h));
  CHECK(speaks("old", now - 2h));
  CHECK_FALSE(speaks("old", now));
  CHECK_FALSE(speaks("unknown", now));
}

TEST_CASE("a revoked key speaks for what it signed before, whether it is listed on or retired") {
  for (const bool is_retired : {false, true}) {
    DelegationDraft made = draft();
    made.keys.push_back(delegated("other"));
    (is_retired ? made.retired : made.keys).push_back(delegated("stolen", now - 5h, now + 5h));
    made.revoked.push_back({key_of("stolen").id(), now - 1h});
    const PeerIdentity identity = read(made).identity;
    CHECK(identity.key(key_of("stolen").id(), now - 1h - 1ms) != nullptr);
    CHECK(identity.key(key_of("stolen").id(), now - 1h) == nullptr);
    CHECK(identity.key(key_of("stolen").id(), now) == nullptr);
    CHECK(identity.key(key_of("other").id(), now) != nullptr);
  }
}

TEST_CASE("lists of keys are bounded, and each entry is checked") {
  DelegationDraft made = draft();
  made.retired.assign(retired_keys_max, delegated("old"));
  made.revoked.assign(revoked_keys_max, {key_of("old").id(), now});
  CHECK(read(made).code == "ok");
  made.retired.push_back(delegated("old"));
  CHECK(read(made).code == "invalid");
  made.retired.clear();
  made.revoked.push_back({key_of("old").id(), now});
  CHECK(read(made).code == "invalid");
  made.revoked.clear();
  made.retired.push_back(delegated("old"));
  CHECK(changed(made, "root 0",
                [](json& v) { v["retired"][0]["kid"] = to_text(key_of("new").id()); }) == "denied");
  CHECK(changed(made, "root 0", [](json& v) { v["retired"][0].erase("not_after"); }) == "invalid");
  CHECK(changed(made, "root 0", [](json& v) {
          v["revoked"] = {{{"kid", "x"}, {"at", 1}}};
        }) == "invalid");
  CHECK(changed(made, "root 0", [](json& v) { v.erase("keys"); }) == "invalid");
}

TEST_CASE("keys that standards print are refused, as root and as signing key") {
  const auto printed = crypto::SigningKey::from_seed(
      id_from_text<crypto::Seed>("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").value());
  DelegationDraft made = draft();
  made.keys.push_back({printed.public_key(), now, now + 1h});
  CHECK(read(made).code == "denied");
  PeerIdentity identity;
  made = draft();
  made.iid = iid_of(printed.public_key());
  CHECK(verify_delegation(make_delegation(made, printed), alpha, made.iid, now, identity)
            .error()
            .code == ErrorCode::denied);
}

}  // namespace cpc::federation
