// Instances that a signed directory names: who is let in on its word, and who is not any more.

#include "tests/unit/federation_peers/table_resolver.h"
#include "tests/unit/federation_peers/world.h"

namespace cpc::tests {
namespace {

using federation::DirectoryWord;
using State = DirectoryWord::State;

/// alpha has nobody in its configuration; a directory is what it may ask.
struct Listed : World {
  explicit Listed(federation::TrustPolicy policy = {}, routing::Resolver* resolver = nullptr) {
    alpha.resolver = resolver;
    alpha.trust = std::move(policy);
    alpha.directories = [this](const core::InstanceName& name) {
      return name == beta.home.name ? word : DirectoryWord{};
    };
    start(alpha, {});
  }
  void vouch_for(const core::Iid& iid) {
    word = {State::active,
            {iid, beta.settings.endpoints, core::Trust::directory, "directory towns"}};
  }
  [[nodiscard]] std::optional<core::Peer> row() {
    return snapshot_of(alpha.gate.store)->find(core::PeerKey{beta.home.name}).value();
  }
  DirectoryWord word;
};

TEST_CASE("whom a directory vouches for is met at the level of directories, without DNS") {
  for (const Asker asker : {Asker::us, Asker::stranger}) {
    Listed world;
    CHECK(failure_of(world.find(asker)) == ErrorCode::not_found);
    CHECK(world.beta.host().fetches == 0);
    world.vouch_for(world.beta.home.iid);
    const auto met = world.find(asker);
    REQUIRE(met);
    CHECK(met.value()->iid == world.beta.home.iid);
    CHECK(world.row()->trust == core::Trust::directory);
    CHECK(world.row()->source == "directory towns");
    CHECK(world.beta.host().endpoints == world.beta.settings.endpoints);
    CHECK(world.greet());
  }
}

TEST_CASE("a directory does not suffice where only the operator's own word does") {
  federation::TrustPolicy policy;
  policy.min = core::Trust::pinned;
  Listed world{policy};
  world.vouch_for(world.beta.home.iid);
  CHECK(failure_of(world.find(Asker::us)) == ErrorCode::not_found);
  CHECK(world.beta.host().fetches == 0);
}

TEST_CASE("who answers where a directory leads has to be the one whom it names") {
  Listed world;
  world.vouch_for(id_of<core::Iid>("somebody else"));
  CHECK_FALSE(world.find(Asker::us));
  CHECK(world.beta.host().fetches == 1);
  CHECK_FALSE(world.row());
}

TEST_CASE("a directory is asked before DNS, which says where somebody is if it does not") {
  TableResolver dns;
  Listed world{{}, &dns};
  dns.say(8470, std::nullopt);
  world.vouch_for(world.beta.home.iid);
  REQUIRE(world.find(Asker::us));
  CHECK(dns.asked == 0);

  Listed without{{}, &dns};
  without.vouch_for(without.beta.home.iid);
  without.word.claim.endpoints.clear();
  dns.say(8470, id_of<core::Iid>("somebody else"));
  CHECK(failure_of(without.find(Asker::us)) == ErrorCode::unavailable);
  CHECK(without.beta.host().fetches == 0);
  dns.say(8471, std::nullopt);
  REQUIRE(without.find(Asker::us));
  CHECK(dns.asked == 2);
  CHECK(without.beta.host().endpoints.front().port == 8471);
  CHECK(without.row()->trust == core::Trust::directory);
}

TEST_CASE("a directory raises who was met on less, and never lowers anybody") {
  TableResolver dns;
  federation::TrustPolicy policy;
  policy.tofu = true;
  Listed world{policy, &dns};
  dns.say(8470, world.beta.home.iid);
  REQUIRE(world.find(Asker::us));
  CHECK(world.row()->trust == core::Trust::tofu);
  world.vouch_for(world.beta.home.iid);
  REQUIRE(world.find(Asker::us));
  CHECK(world.row()->trust == core::Trust::directory);
  world.word = {};
  REQUIRE(world.find(Asker::us));
  CHECK(world.row()->trust == core::Trust::directory);

  REQUIRE(world.run(world.alpha.directory->add(world.beta.home.name, world.beta.home.iid, {})));
  world.vouch_for(world.beta.home.iid);
  REQUIRE(world.find(Asker::us));
  CHECK(world.row()->trust == core::Trust::pinned);
}

TEST_CASE("a directory that names another iid than was met stops traffic until it is resolved") {
  Listed world;
  world.vouch_for(world.beta.home.iid);
  REQUIRE(world.find(Asker::us));
  const core::Iid other = id_of<core::Iid>("somebody else");
  world.vouch_for(other);
  CHECK(failure_of(world.find(Asker::us)) == ErrorCode::conflict);
  CHECK(failure_of(world.find(Asker::stranger)) == ErrorCode::conflict);
  CHECK(world.row()->iid == world.beta.home.iid);
  CHECK(world.row()->rival == other);
  CHECK(world.row()->rival_source == "directory towns");
  CHECK(world.alpha.log.count(
            "two instances claim one name; nothing is sent to it or taken from it") == 1);

  REQUIRE(world.run(world.alpha.directory->rebind(world.beta.home.name, world.beta.home.iid)));
  REQUIRE(world.find(Asker::us));  // The operator's word stands against that of a directory.
  CHECK_FALSE(world.row()->rival);
}

TEST_CASE("whom the directories gave up, or contest, is not met, and not dealt with any more") {
  for (const State state : {State::gone, State::contested}) {
    const auto expected = state == State::gone ? ErrorCode::not_found : ErrorCode::conflict;
    Listed stranger;
    stranger.word = {state, {}, false, "directory towns says so"};
    CHECK(failure_of(stranger.find(Asker::us)) == expected);
    CHECK(stranger.beta.host().fetches == 0);

    Listed world;
    world.vouch_for(world.beta.home.iid);
    REQUIRE(world.find(Asker::us));
    world.word = {state, {}, false, "directory towns says so"};
    CHECK(failure_of(world.find(Asker::us)) == expected);
    CHECK(failure_of(world.greet()) == expected);
    REQUIRE(world.run(world.alpha.directory->add(world.beta.home.name, world.beta.home.iid, {})));
    CHECK(world.find(Asker::us));
  }
}

TEST_CASE("who moved is looked for at all places that are known, and DNS knows best") {
  TableResolver dns;
  for (const bool has_dns : {true, false}) {
    Listed world{{}, has_dns ? &dns : nullptr};
    dns.say(8470, world.beta.home.iid);
    world.vouch_for(world.beta.home.iid);
    REQUIRE(world.find(Asker::us));
    const auto published = world.beta.settings.endpoints.front();
    const routing::Endpoint moved{"192.0.2.7", 8470}, told{"127.0.0.1", 8470};
    world.word.claim.endpoints = {moved, published};
    REQUIRE(world.run(world.alpha.directory->refresh_now(world.beta.home.name)));
    std::vector<routing::Endpoint> expected{published, moved};
    if (has_dns) expected.insert(expected.begin(), told);
    CHECK(world.beta.host().endpoints == expected);
  }
}

TEST_CASE("who was met on a directory's word stays met when it falls silent") {
  Listed world;
  world.vouch_for(world.beta.home.iid);
  REQUIRE(world.find(Asker::us));
  world.word = {};
  CHECK(world.find(Asker::us));
  world.start(world.alpha, {});
  CHECK(world.find(Asker::stranger));
  CHECK(world.greet());
}

TEST_CASE("a peer of the configuration without endpoints is found where a directory says") {
  Listed world;
  federation::StaticPeer peer = world.beta.as_peer();
  peer.endpoints.clear();
  world.start(world.alpha, {peer});
  CHECK_FALSE(world.find(Asker::us));
  world.vouch_for(id_of<core::Iid>("somebody else"));
  CHECK_FALSE(world.find(Asker::us));
  world.vouch_for(world.beta.home.iid);
  world.timers.pass(2min);
  REQUIRE(world.find(Asker::us));
  CHECK(world.row()->trust == core::Trust::pinned);
}

}  // namespace
}  // namespace cpc::tests
