// What our root key says changes by request, also where the root key lies on another machine.

#include "federation/own_delegation.h"

#include <catch2/catch.hpp>

#include "crypto/digest.h"
#include "federation/keyring.h"

namespace cpc::federation {
namespace {

using namespace std::chrono_literals;

crypto::SigningKey key_of(const std::string& label) {
  return crypto::SigningKey::from_seed(
      crypto::Seed::from_bytes(crypto::sha256(label).view()).value());
}
crypto::KeyId id_of(const std::string& label) {
  return key_of(label).id();
}

const TimePoint now = from_milliseconds(1'800'000'000'000);
const core::InstanceName alpha = core::InstanceName::parse("alpha.cpc").value();

OwnDelegation first() {
  return first_delegation(alpha, key_of("root 0"), id_of("root 1"),
                          {key_of("signing 0").public_key()}, now)
      .value();
}
DelegationChange follow_by(const std::string& label, TimePoint from) {
  DelegationChange change;
  change.new_key.emplace(DelegationChange::NewKey{key_of(label).public_key(), from});
  return change;
}
DelegationChange revoke(const std::string& label) {
  DelegationChange change;
  change.revoked = id_of(label);
  return change;
}
Result<OwnDelegation> next(const OwnDelegation& current, DelegationChange change,
                           TimePoint at = now, const std::string& root = "root 0",
                           const std::optional<crypto::KeyId>& next_root = {}) {
  return next_delegation({current, std::move(change)}, key_of(root), next_root, at);
}
std::string code_of(const Result<OwnDelegation>& made) {
  if (made) return "ok";
  return made.error().code == ErrorCode::denied     ? "denied"
         : made.error().code == ErrorCode::conflict ? "conflict"
                                                    : "other";
}
/// What a peer makes of it that took `known` before.
bool is_taken_after(const OwnDelegation& known, const OwnDelegation& made, TimePoint at) {
  PeerIdentity read;
  const bool is_valid =
      verify_delegation(made.jws, alpha, known.identity.iid, at, read).has_value();
  return is_valid && check_succession(known.identity, read, at).has_value();
}
bool counts(const OwnDelegation& own, const std::string& label, TimePoint when) {
  return own.identity.key(id_of(label), when) != nullptr;
}

}  // namespace

TEST_CASE("a renewed delegation says the same for another year, under a higher serial") {
  const OwnDelegation renewed = next(first(), {}, now + 24h * 180).value();
  CHECK(is_taken_after(first(), renewed, now + 24h * 180));
  CHECK(renewed.identity.delegation_serial > first().identity.delegation_serial);
  CHECK(renewed.identity.delegation_expires == now + 24h * 180 + delegation_life_max);
  CHECK(renewed.identity.next_root == id_of("root 1"));
  CHECK(counts(renewed, "signing 0", now + 24h * 900));
  // Also within the second, and by a clock that was set back.
  CHECK(next(first(), {}, now - 24h).value().identity.delegation_serial ==
        first().identity.delegation_serial + 1);
}

TEST_CASE("a clock that was set back behind all keys leaves none out of force") {
  const OwnDelegation earlier = next(first(), {}, now - 24h * 30).value();
  CHECK(counts(earlier, "signing 0", now - 24h * 30));
  CHECK(counts(earlier, "signing 0", now));
}

TEST_CASE("a planned rotation overlaps: the next key is known before it takes over") {
  const TimePoint from = now + signing_key_ahead;
  const OwnDelegation turned = next(first(), follow_by("signing 1", from)).value();
  CHECK(is_taken_after(first(), turned, now));
  CHECK(counts(turned, "signing 0", now));
  CHECK_FALSE(counts(turned, "signing 1", now));
  CHECK(counts(turned, "signing 1", from - document_skew_max));
  CHECK(counts(turned, "signing 0", from + signing_key_overlap - 1ms));
  CHECK_FALSE(counts(turned, "signing 0", from + signing_key_overlap));

  const OwnDelegation later = next(turned, {}, from + signing_key_overlap).value();
  CHECK(later.identity.keys.size() == 1);
  REQUIRE(later.identity.retired.size() == 1);
  CHECK(later.identity.retired.front().key.id() == id_of("signing 0"));
  CHECK(counts(later, "signing 0", now));
}

TEST_CASE("three keys may be in force, and the fourth waits") {
  OwnDelegation own = first();
  for (const char* label : {"signing 1", "signing 2"}) {
    own = next(own, follow_by(label, now)).value();
  }
  CHECK(code_of(next(own, follow_by("signing 3", now))) == "conflict");
  CHECK(code_of(next(own, follow_by("signing 3", now + 72h), now + 72h)) == "ok");
}

TEST_CASE("a revoked key counts for nothing from then on, and for what it signed before") {
  const OwnDelegation with_next = next(first(), follow_by("signing 1", now)).value();
  const OwnDelegation revoked = next(with_next, revoke("signing 0"), now + 1h).value();
  CHECK(is_taken_after(with_next, revoked, now + 1h));
  CHECK(counts(revoked, "signing 0", now + 1h - 1ms));
  CHECK_FALSE(counts(revoked, "signing 0", now + 1h));
  CHECK(counts(revoked, "signing 1", now + 1h));

  SECTION("a retired one likewise, and none twice") {
    CHECK(code_of(next(revoked, revoke("signing 0"), now + 2h)) == "conflict");
    const OwnDelegation later = next(with_next, {}, now + 73h).value();
    const OwnDelegation both = next(later, revoke("signing 0"), now + 74h).value();
    CHECK(both.identity.is_revoked(id_of("signing 0")));
  }
  SECTION("and it does not come back") {
    CHECK(code_of(next(revoked, follow_by("signing 0", now + 2h), now + 2h)) == "conflict");
  }
}

TEST_CASE("no delegation is left without a signing key, nor changed for a key we have not") {
  CHECK(code_of(next(first(), revoke("signing 0"))) == "conflict");
  CHECK(code_of(next(first(), revoke("another's"))) == "conflict");
}

TEST_CASE("the promised root key takes over without the lost one, and promises in turn") {
  const OwnDelegation taken = next(first(), {}, now, "root 1", id_of("root 2")).value();
  CHECK(is_taken_after(first(), taken, now));
  CHECK(taken.root() == id_of("root 1"));
  CHECK(taken.identity.iid == first().identity.iid);
  CHECK(taken.identity.next_root == id_of("root 2"));
  CHECK(taken.identity.keys.front().key.id() == id_of("signing 0"));
  // The old root key delegates nothing any more, here or at peers.
  CHECK(code_of(next(taken, {}, now, "root 0")) == "denied");
  const OwnDelegation old = next(first(), {}, now + 24h, "root 0").value();
  CHECK_FALSE(is_taken_after(taken, old, now + 24h));
  // And so on.
  const OwnDelegation again = next(taken, {}, now, "root 2", id_of("root 3")).value();
  CHECK(is_taken_after(taken, again, now));
  CHECK(is_taken_after(first(), again, now));
}

TEST_CASE("a promise is not taken back, and one that is missing can be made") {
  const OwnDelegation same = next(first(), {}, now, "root 0", id_of("thief's")).value();
  CHECK(same.identity.next_root == id_of("root 1"));
  const OwnDelegation without =
      first_delegation(alpha, key_of("root 0"), {}, {key_of("signing 0").public_key()}, now)
          .value();
  CHECK_FALSE(without.identity.next_root);
  const OwnDelegation with = next(without, {}, now, "root 0", id_of("root 1")).value();
  CHECK(with.identity.next_root == id_of("root 1"));
  CHECK(is_taken_after(without, with, now));
  CHECK(code_of(next(first(), {}, now, "another's")) == "denied");
}

TEST_CASE("a request carries all that an offline root key needs, and nothing secret") {
  DelegationChange change = follow_by("signing 1", now + 24h);
  change.revoked = id_of("signing 0");
  const Bytes text = encode_request({first(), change});
  const DelegationRequest read = decode_request(text).value();
  CHECK(read.current.jws == first().jws);
  CHECK(read.change.new_key->key == change.new_key->key);
  CHECK(read.change.new_key->from == now + 24h);
  CHECK(read.change.revoked == id_of("signing 0"));
  const Bytes nothing = encode_request({first(), {}});
  CHECK_FALSE(decode_request(nothing).value().change.new_key);
  CHECK_FALSE(decode_request(nothing).value().change.revoked);

  CHECK_FALSE(decode_request("{}"));
  CHECK_FALSE(decode_request(text.substr(1)));
  CHECK_FALSE(decode_request(std::string(70'000, ' ')));
  std::string other_name = text;
  other_name.replace(other_name.find("alpha.cpc"), 9, "bravo.cpc");
  CHECK_FALSE(decode_request(other_name));
}

TEST_CASE("what waited for the root key takes over once it is signed, and those before overlap") {
  const TimePoint signed_at = now + 24h * 10;
  const OwnDelegation late = next(first(), follow_by("signing 1", now), signed_at).value();
  CHECK(counts(late, "signing 1", signed_at));
  CHECK(counts(late, "signing 0", signed_at + signing_key_overlap - 1ms));
  CHECK_FALSE(counts(late, "signing 0", signed_at + signing_key_overlap));
}

TEST_CASE("of a change that waits, what came into force by another way is not asked for again") {
  DelegationChange change = follow_by("signing 1", now);
  change.revoked = id_of("signing 0");
  const OwnDelegation with_key = next(first(), follow_by("signing 1", now)).value();
  const DelegationChange rest = still_to_come(change, with_key.identity);
  CHECK_FALSE(rest.new_key);
  CHECK(rest.revoked == id_of("signing 0"));
  const OwnDelegation with_both = next(with_key, rest).value();
  CHECK(still_to_come(change, with_both.identity).is_empty());
  CHECK(still_to_come(change, first().identity).new_key);
}

TEST_CASE("a delegation that was asked for earlier undoes nothing that came into force since") {
  const OwnDelegation with_key = next(first(), follow_by("signing 1", now)).value();
  const OwnDelegation revoked = next(with_key, revoke("signing 0"), now + 1h).value();
  // Signed later, so its serial is higher, from what was asked for before.
  const auto signed_late = [&](const OwnDelegation& asked) {
    return next(asked, {}, now + 2h).value().identity;
  };
  const auto undoes_nothing = [&](const OwnDelegation& current, const PeerIdentity& imported) {
    return check_undoes_nothing(current.identity, imported, now + 2h).has_value();
  };
  CHECK_FALSE(undoes_nothing(with_key, signed_late(first())));
  CHECK_FALSE(undoes_nothing(revoked, signed_late(with_key)));
  CHECK(undoes_nothing(revoked, signed_late(revoked)));
  CHECK(undoes_nothing(first(), signed_late(with_key)));
}

TEST_CASE("we sign with the newest key that everybody takes by now") {
  const TimePoint from = now + 24h;
  std::vector<crypto::SigningKey> keys;
  keys.push_back(key_of("signing 0"));
  Keyring ring{first(), std::move(keys)};
  CHECK(ring.signing(now)->id() == id_of("signing 0"));
  CHECK(ring.signing(now - 24h)->id() == id_of("signing 0"));  // A clock that was set back.

  ring.follow(next(first(), follow_by("signing 1", from)).value(), key_of("signing 1"));
  CHECK(ring.publisher(from)->id() == id_of("signing 1"));
  CHECK(ring.signing(from)->id() == id_of("signing 0"));  // Nobody knows of another one yet.
  ring.take_over();
  CHECK(ring.signing(now)->id() == id_of("signing 0"));
  CHECK(ring.signing(from - 1ms)->id() == id_of("signing 0"));
  CHECK(ring.signing(from)->id() == id_of("signing 1"));
  CHECK(ring.is_in_force(id_of("signing 0"), from));
  CHECK_FALSE(ring.is_in_force(id_of("signing 0"), from + signing_key_overlap));

  ring.follow(next(ring.delegation(), revoke("signing 0"), from).value(), {});
  CHECK(ring.publisher(from)->id() == id_of("signing 1"));
  ring.take_over();
  CHECK_FALSE(ring.has_private(id_of("signing 0")));
  CHECK(ring.signing(from)->id() == id_of("signing 1"));
}

TEST_CASE("a key whose private half we have not is never chosen") {
  std::vector<crypto::SigningKey> keys;
  keys.push_back(key_of("signing 0"));
  const Keyring ring{next(first(), follow_by("signing 1", now)).value(), std::move(keys)};
  CHECK(ring.signing(now + 1h)->id() == id_of("signing 0"));
}

}  // namespace cpc::federation
