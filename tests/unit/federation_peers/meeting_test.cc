// Instances that the configuration does not know: who is let in, on whose word, and what happens
// when two claim one name.

#include "tests/unit/federation_peers/table_resolver.h"
#include "tests/unit/federation_peers/world.h"

namespace cpc::tests {
namespace {

/// alpha has nobody in its configuration; DNS is what it may ask.
struct Strangers : World {
  explicit Strangers(federation::TrustPolicy policy) {
    alpha.resolver = &dns;
    alpha.trust = std::move(policy);
    start(alpha, {});
    dns.say(8470, beta.home.iid);
    dns.validate(true);
  }
  static federation::TrustPolicy dnssec() {
    federation::TrustPolicy policy;
    policy.min = core::Trust::dnssec;
    policy.is_dns_trusted = true;
    return policy;
  }
  static federation::TrustPolicy tofu() {
    federation::TrustPolicy policy;
    policy.tofu = true;
    return policy;
  }
  [[nodiscard]] std::optional<core::Peer> row() {
    return snapshot_of(alpha.gate.store)->find(core::PeerKey{beta.home.name}).value();
  }
  /// beta's place is taken by an instance of other keys; gives its iid.
  core::Iid usurp() {
    DocumentDraft draft = beta.draft();
    const auto root = Side::key("usurper/root"), signing = Side::key("usurper/signing");
    draft.delegation.iid = draft.operational.iid = federation::iid_of(root.public_key());
    draft.delegation.keys.front().key = signing.public_key();
    const Bytes document = draft.signed_by(root, signing);
    beta.host().answer =
        [document](federation::HttpRequest) -> asio::awaitable<federation::HttpReply> {
      co_return federation::HttpReply{200, {}, document};
    };
    return draft.delegation.iid;
  }
  TableResolver dns;
};

TEST_CASE(
    "whom validated DNS vouches for is met where that suffices, by either side's first word") {
  for (const Asker asker : {Asker::us, Asker::stranger}) {
    Strangers world{Strangers::dnssec()};
    const auto met = world.find(asker);
    REQUIRE(met);
    CHECK(met.value()->iid == world.beta.home.iid);
    REQUIRE(world.row());
    CHECK(world.row()->trust == core::Trust::dnssec);
    CHECK(world.row()->source == "dns");
    CHECK(world.row()->accepted_at == world.row()->fetched_at);
    CHECK(world.greet());
    CHECK(world.find(Asker::stranger));
  }
}

TEST_CASE("who is vouched for by less than suffices is nobody, and nobody is asked in vain") {
  Strangers by_default{{}};
  CHECK(failure_of(by_default.find(Asker::us)) == ErrorCode::not_found);
  CHECK(failure_of(by_default.find(Asker::stranger)) == ErrorCode::not_found);
  CHECK(by_default.dns.asked == 0);
  CHECK(by_default.beta.host().fetches == 0);
  CHECK_FALSE(by_default.row());

  Strangers unvalidated{Strangers::dnssec()};
  unvalidated.dns.validate(false);
  CHECK(failure_of(unvalidated.find(Asker::us)) == ErrorCode::not_found);
  CHECK(unvalidated.beta.host().fetches == 0);
  CHECK_FALSE(unvalidated.row());
}

TEST_CASE("on first use the name is pinned to who is there, whom only a stronger word raises") {
  Strangers world{Strangers::tofu()};
  world.dns.validate(false);
  REQUIRE(world.find(Asker::us));
  CHECK(world.row()->trust == core::Trust::tofu);
  CHECK(world.row()->source == "first use");
  world.dns.validate(true);
  REQUIRE(world.run(world.alpha.directory->refresh_now(world.beta.home.name)));
  CHECK(world.row()->trust == core::Trust::dnssec);
  world.dns.validate(false);
  REQUIRE(world.run(world.alpha.directory->refresh_now(world.beta.home.name)));
  CHECK(world.row()->trust == core::Trust::dnssec);
}

TEST_CASE("who was met is met after a restart, also while DNS says nothing") {
  Strangers world{Strangers::dnssec()};
  REQUIRE(world.find(Asker::us));
  world.start(world.alpha, {});
  world.dns.answer = Result<routing::Hints>{fail(ErrorCode::unavailable, "no server answers")};
  CHECK(world.find(Asker::stranger));
  CHECK(world.beta.host().fetches == 1);
  REQUIRE(world.greet());
  CHECK(world.beta.host().endpoints == world.beta.settings.endpoints);  // Of its document.
}

TEST_CASE("another instance where a met one was stops traffic until the operator resolved it") {
  for (const bool is_moved : {true, false}) {
    Strangers world{Strangers::dnssec()};
    REQUIRE(world.find(Asker::us));
    const auto honest = world.beta.host().answer;
    const core::Iid other = world.usurp();
    world.timers.pass(2min);
    const auto refresh = [&] {
      return world.run(world.alpha.directory->refresh(world.beta.home.name, Asker::us));
    };
    CHECK(failure_of(refresh()) == ErrorCode::conflict);
    CHECK(world.row()->iid == world.beta.home.iid);
    CHECK(world.row()->rival == other);
    // What the other one signed is kept, for it can deny it no more.
    const core::EvidenceKey key{world.beta.home.name, core::evidence_of_identity};
    const auto kept = world.alpha.gate.store.rows<core::Evidence>().at(key);
    CHECK(kept.code == "IDENTITY_CONFLICT");
    CHECK(federation::verify_document(kept.proof, world.beta.home.name, other, kept.at));
    CHECK(world.alpha.log.count(
              "two instances claim one name; nothing is sent to it or taken from it") == 1);
    world.beta.host().answer = honest;
    world.timers.pass(10min);
    world.start(world.alpha, {});
    CHECK(failure_of(world.find(Asker::us)) == ErrorCode::conflict);
    CHECK(failure_of(world.find(Asker::stranger)) == ErrorCode::conflict);
    CHECK(failure_of(world.greet()) == ErrorCode::conflict);

    const core::Iid chosen = is_moved ? other : world.beta.home.iid;
    if (is_moved) {
      world.usurp();
      world.dns.say(8470, other);
    }
    REQUIRE(world.run(world.alpha.directory->rebind(world.beta.home.name, chosen)));
    const auto found = world.find(Asker::us);
    REQUIRE(found);
    CHECK(found.value()->iid == chosen);
    CHECK(world.row()->trust == core::Trust::pinned);
    CHECK_FALSE(world.row()->rival);
  }
}

TEST_CASE("DNS that names another instance is a conflict as strong as what we know, else nothing") {
  Strangers equal{Strangers::dnssec()};
  REQUIRE(equal.find(Asker::us));
  const auto other = id_of<core::Iid>("somebody else");
  equal.dns.say(8471, other);
  equal.dns.validate(true);
  CHECK(failure_of(equal.greet()) == ErrorCode::conflict);
  CHECK(equal.row()->rival == other);
  CHECK(equal.row()->rival_source == "dns");

  Strangers weaker{Strangers::dnssec()};
  REQUIRE(weaker.find(Asker::us));
  weaker.dns.say(8471, other);
  weaker.dns.validate(false);
  CHECK(weaker.greet());
  CHECK_FALSE(weaker.row()->rival);
  CHECK(weaker.beta.host().endpoints == weaker.beta.settings.endpoints);
}

TEST_CASE("a document of another instance than DNS vouches for makes nobody a peer") {
  Strangers world{Strangers::dnssec()};
  world.usurp();
  CHECK(failure_of(world.find(Asker::us)) == ErrorCode::conflict);
  CHECK_FALSE(world.row());
}

TEST_CASE("strangers who make up names cost few look-ups a minute, and each name one") {
  Strangers world{Strangers::tofu()};
  world.dns.answer = Result<routing::Hints>{fail(ErrorCode::not_found, "there is no such name")};
  const auto claim = [&](int i) {
    const auto name = instance_name("made-up-" + std::to_string(i) + ".cpc");
    return failure_of(world.run(world.alpha.directory->find(name, Asker::stranger)));
  };
  for (int i = 0; i < 10; ++i) CHECK(claim(0) == ErrorCode::not_found);
  CHECK(world.dns.asked == 1);
  constexpr int allowed = federation::PeerDirectory::stranger_meetings_max;
  for (int i = 1; i < allowed; ++i) CHECK(claim(i) == ErrorCode::not_found);
  for (int i = allowed; i < 3000; ++i) CHECK(claim(i) == ErrorCode::unavailable);
  CHECK(world.dns.asked == allowed);
  world.dns.say(8470, world.beta.home.iid);
  CHECK(world.find(Asker::us));  // Ours go on beside.
  world.timers.pass(1min);
  world.dns.answer = Result<routing::Hints>{fail(ErrorCode::not_found, "there is no such name")};
  CHECK(claim(5000) == ErrorCode::not_found);
}

TEST_CASE("a blocked name is nobody in either direction, until it is allowed again") {
  Strangers world{Strangers::dnssec()};
  REQUIRE(world.find(Asker::us));
  const auto& name = world.beta.home.name;
  REQUIRE(world.run(world.alpha.directory->block(name, true)));
  CHECK(failure_of(world.find(Asker::us)) == ErrorCode::not_found);
  CHECK(failure_of(world.find(Asker::stranger)) == ErrorCode::not_found);
  CHECK(failure_of(world.greet()) == ErrorCode::not_found);
  REQUIRE(world.run(world.alpha.directory->block(name, false)));
  CHECK(world.greet());
}

TEST_CASE("trust.allow and trust.block keep names out that were not configured") {
  for (const bool is_blocking : {true, false}) {
    federation::TrustPolicy policy = Strangers::dnssec();
    if (is_blocking) policy.block.insert(instance_name("beta.cpc"));
    if (!is_blocking) policy.allow.insert(instance_name("gamma.cpc"));
    Strangers world{policy};
    CHECK(failure_of(world.find(Asker::us)) == ErrorCode::not_found);
    CHECK(world.dns.asked == 0);
    world.start(world.alpha, {world.beta.as_peer()});
    CHECK(world.find(Asker::us));
  }
}

TEST_CASE("the operator vouches for a name and its place, and is not contradicted by anybody") {
  Strangers world{{}};
  const auto& name = world.beta.home.name;
  const auto seen =
      world.run(world.alpha.directory->who_is_at(name, world.beta.settings.endpoints));
  REQUIRE(seen);
  CHECK(seen.value() == world.beta.home.iid);
  CHECK_FALSE(world.row());
  CHECK(failure_of(world.find(Asker::us)) == ErrorCode::not_found);

  REQUIRE(world.run(world.alpha.directory->add(name, seen.value(), {{"127.0.0.9", 8470}})));
  REQUIRE(world.greet());
  CHECK(world.row()->trust == core::Trust::pinned);
  CHECK(world.beta.host().endpoints.front().host == "127.0.0.9");
  const auto other = world.usurp();
  CHECK(failure_of(world.run(world.alpha.directory->add(name, other, {}))) == ErrorCode::conflict);
  world.timers.pass(2min);
  CHECK(failure_of(world.run(world.alpha.directory->refresh(name, Asker::us))) ==
        ErrorCode::conflict);
  CHECK_FALSE(world.row()->rival);  // His word stands: nothing to resolve.
}

TEST_CASE("what a configuration of before vouched for is pinned, and let in by nobody") {
  Strangers world{{}};
  world.start(world.alpha, {world.beta.as_peer()});
  REQUIRE(world.find(Asker::us));
  world.start(world.alpha, {});
  CHECK(failure_of(world.find(Asker::us)) == ErrorCode::not_found);
  world.alpha.trust = Strangers::dnssec();
  world.start(world.alpha, {});
  CHECK(world.find(Asker::us));
  CHECK(world.row()->trust == core::Trust::dnssec);
}

TEST_CASE(
    "whom a configuration of before pinned cannot be replaced by whoever is vouched for now") {
  Strangers world{Strangers::dnssec()};
  const auto pinned = [&](core::Transaction& tx) -> Result<> {
    core::Peer row;
    row.name = world.beta.home.name;
    row.iid = id_of<core::Iid>("somebody else");
    row.trust = core::Trust::pinned;
    row.source = "configuration";
    tx.put(row);
    return success();
  };
  REQUIRE(world.alpha.gate.store.transact(pinned));
  CHECK(failure_of(world.find(Asker::us)) == ErrorCode::conflict);
  CHECK(world.row()->rival == world.beta.home.iid);
  CHECK(world.beta.host().fetches == 0);
}

TEST_CASE("a promise of a root key binds also when the stored document verifies no more") {
  World world;
  REQUIRE(world.find(Asker::us));
  const auto next = Side::key("beta/next root");
  DocumentDraft draft = world.beta.draft();
  draft.delegation.commitment =
      federation::make_commitment(world.beta.home.iid, world.beta.root(), next.public_key().id());
  const auto answer = [&](const DocumentDraft& said) {
    const Bytes document = said.signed_by(world.beta.root(), world.beta.signing());
    world.beta.host().answer =
        [document](federation::HttpRequest) -> asio::awaitable<federation::HttpReply> {
      co_return federation::HttpReply{200, {}, document};
    };
    world.timers.pass(2min);
    return world.run(world.alpha.directory->refresh_now(world.beta.home.name));
  };
  REQUIRE(answer(draft));
  REQUIRE(world.alpha.gate.store.transact([&](core::Transaction& tx) -> Result<> {
    CPC_TRY(auto row, tx.find(core::PeerKey{world.beta.home.name}));
    row->document = "what an older reader took and this one does not";
    tx.put(*row);
    return success();
  }));
  world.restart(world.alpha);
  draft.delegation.serial += 1;
  draft.operational.serial += 1;
  draft.delegation.commitment.reset();
  CHECK(failure_of(answer(draft)) == ErrorCode::conflict);
  const core::EvidenceKey key{world.beta.home.name, core::evidence_of_identity};
  CHECK(world.alpha.gate.store.rows<core::Evidence>().contains(key));
  draft.delegation.commitment =
      federation::make_commitment(world.beta.home.iid, world.beta.root(), next.public_key().id());
  CHECK(answer(draft));
}

TEST_CASE("forgetting a name frees it, and is refused where conversations hang on it") {
  Strangers world{Strangers::dnssec()};
  REQUIRE(world.find(Asker::us));
  const auto& name = world.beta.home.name;
  const auto put_lane = [&](core::Transaction& tx) -> Result<> {
    core::Lane lane;
    lane.peer = name;
    lane.conversation = id_of<core::ConversationId>("theirs and ours");
    tx.put(lane);
    return success();
  };
  REQUIRE(world.alpha.gate.store.transact(put_lane));
  CHECK(failure_of(world.run(world.alpha.directory->forget(name, false))) == ErrorCode::conflict);
  CHECK(world.row());
  REQUIRE(world.run(world.alpha.directory->forget(name, true)));
  CHECK_FALSE(world.row());
  CHECK(failure_of(world.run(world.alpha.directory->forget(name, true))) == ErrorCode::not_found);
  world.dns.say(8470, world.usurp());
  world.dns.validate(true);
  CHECK(world.find(Asker::us));
}

TEST_CASE("refreshing drops what is remembered and asks DNS and the peer anew") {
  Strangers world{Strangers::dnssec()};
  REQUIRE(world.find(Asker::us));
  REQUIRE(world.run(world.alpha.directory->forget_caches(world.beta.home.name)));
  CHECK(world.dns.forgotten == 1);
  CHECK(world.beta.host().fetches == 2);
}

}  // namespace
}  // namespace cpc::tests
