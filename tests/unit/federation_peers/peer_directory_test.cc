// Who a peer is, and at whose door we knock for that.

#include "federation/peer_directory.h"

#include "routing/within.h"
#include "tests/unit/federation_peers/world.h"

namespace cpc::tests {
namespace {

asio::awaitable<federation::HttpReply> reply_with(Bytes body) {
  co_return federation::HttpReply{200, {}, std::move(body)};
}

TEST_CASE("a document is fetched once, and again at half of its life") {
  World world;
  REQUIRE(world.find(Asker::us));
  REQUIRE(world.find(Asker::stranger));
  CHECK(world.beta.host().fetches == 1);
  world.timers.pass(84h - 1min);
  REQUIRE(world.run(world.beta.document->renew()));
  REQUIRE(world.find(Asker::us));
  CHECK(world.beta.host().fetches == 1);
  world.timers.pass(2min);
  const auto renewed = world.find(Asker::us);
  CHECK(world.beta.host().fetches == 2);
  CHECK(renewed.value()->operational_serial == world.beta.document->serial());
}

TEST_CASE("an expired document serves for a day while the peer is away, and never after") {
  World world;
  REQUIRE(world.find(Asker::us));
  world.beta.host().is_up = false;
  world.timers.pass(24h * 7 + 23h);
  CHECK(world.find(Asker::us).has_value());
  CHECK(world.find(Asker::stranger).has_value());
  world.timers.pass(2h);
  for (int i = 0; i < 5; ++i) {  // Also in the minute after the first look.
    CHECK(failure_of(world.find(Asker::us)) == ErrorCode::unavailable);
    CHECK(failure_of(world.find(Asker::stranger)) == ErrorCode::unavailable);
    CHECK(failure_of(world.run(world.alpha.directory->refresh(world.beta.home.name, Asker::us))) ==
          ErrorCode::unavailable);
    world.timers.pass(5s);
  }
}

TEST_CASE("look-ups of one name at the same time are one, whose outcome all share") {
  for (const bool is_up : {true, false}) {
    World world;
    world.beta.host().is_up = is_up;
    world.beta.host().latency = 2s;
    std::vector<World::Outcome<federation::PeerDirectory::Identity>> found;
    for (int i = 0; i < 10; ++i) {
      const Asker asker = i % 2 == 0 ? Asker::stranger : Asker::us;
      found.push_back(world.begin(world.alpha.directory->find(world.beta.home.name, asker)));
    }
    world.timers.pass(3s);
    CHECK(world.beta.host().fetches == 1);
    for (const auto& one : found) {
      REQUIRE(one->has_value());
      CHECK((*one)->has_value() == is_up);
    }
  }
}

TEST_CASE("who gives up while others wait for his look-up leaves it to the next") {
  World world;
  world.beta.host().latency = 3s;
  const auto impatient = world.begin(routing::within(
      world.timers, 1s, world.alpha.directory->find(world.beta.home.name, Asker::us)));
  const auto patient = world.begin(world.alpha.directory->find(world.beta.home.name, Asker::us));
  const auto other =
      world.begin(world.alpha.directory->find(world.beta.home.name, Asker::stranger));
  world.timers.pass(10s);
  CHECK(failure_of(**impatient) == ErrorCode::unavailable);
  CHECK((*patient)->has_value());
  CHECK((*other)->has_value());
  CHECK(world.beta.host().fetches == 2);
}

TEST_CASE("a name that strangers claim costs one fetch a minute, and ours go on beside") {
  World world;
  world.beta.host().is_up = false;
  for (int i = 0; i < 100; ++i) {
    CHECK(failure_of(world.find(Asker::stranger)) == ErrorCode::unavailable);
  }
  CHECK(world.beta.host().fetches == 1);
  CHECK_FALSE(world.find(Asker::us));
  CHECK(world.beta.host().fetches == 2);
  world.timers.pass(1min);
  world.beta.host().is_up = true;
  CHECK(world.find(Asker::stranger).has_value());
  CHECK(world.beta.host().fetches == 3);

  // Nor does a known peer's door hear of every request with a key that nobody knows.
  for (int i = 0; i < 100; ++i) {
    CHECK(world.run(world.alpha.directory->refresh(world.beta.home.name, Asker::stranger)));
  }
  CHECK(world.beta.host().fetches == 4);
}

TEST_CASE("strangers who claim many names hold few connections") {
  World world;
  std::vector<federation::StaticPeer> many;
  for (int i = 0; i < 100; ++i) {
    federation::StaticPeer peer = world.beta.as_peer();
    peer.name = instance_name("peer" + std::to_string(i) + ".cpc");
    world.network.hosts[peer.name].is_up = false;
    world.network.hosts[peer.name].latency = 10s;
    many.push_back(peer);
  }
  world.alpha.begin(many);
  std::vector<World::Outcome<federation::PeerDirectory::Identity>> found;
  for (const auto& peer : many) {
    found.push_back(world.begin(world.alpha.directory->find(peer.name, Asker::stranger)));
  }
  constexpr int allowed = federation::PeerDirectory::stranger_lookups_max;
  CHECK(world.network.under_way == allowed);
  found.push_back(world.begin(world.alpha.directory->find(many.back().name, Asker::us)));
  CHECK(world.network.under_way == allowed + 1);
  world.timers.pass(1min);
  CHECK(world.network.under_way == 0);
  found.push_back(world.begin(world.alpha.directory->find(many.back().name, Asker::stranger)));
  CHECK(world.network.under_way == 1);
  world.timers.pass(1min);
}

TEST_CASE("a document with a lower serial is refused and the known one stays") {
  World world;
  const auto known = world.find(Asker::us);
  REQUIRE(known);
  Host& host = world.beta.host();
  DocumentDraft draft = world.beta.draft();
  draft.delegation.serial = known.value()->delegation_serial - 1;
  draft.operational.serial = known.value()->operational_serial + 1;
  const Bytes older = draft.signed_by(world.beta.root(), world.beta.signing());
  host.answer = [&](const federation::HttpRequest&) { return reply_with(older); };
  world.timers.pass(2min);
  const auto refreshed = world.run(world.alpha.directory->refresh(world.beta.home.name, Asker::us));
  CHECK(failure_of(refreshed) == ErrorCode::denied);
  const auto found = world.find(Asker::us);
  REQUIRE(found);
  CHECK(found.value()->operational_serial == known.value()->operational_serial);
}

TEST_CASE("another root key under the name stops traffic, and is asked about once a minute") {
  World world;
  REQUIRE(world.find(Asker::us));
  Host& host = world.beta.host();
  Side usurper{"gamma.cpc", world.timers, world.network};
  DocumentDraft draft = world.beta.draft();
  draft.delegation.iid = draft.operational.iid = usurper.home.iid;
  draft.delegation.keys.front().key = usurper.signing().public_key();
  const Bytes other = draft.signed_by(usurper.root(), usurper.signing());
  const auto honest = host.answer;
  host.answer = [&](const federation::HttpRequest&) { return reply_with(other); };
  world.timers.pass(2min);
  CHECK(failure_of(world.run(world.alpha.directory->refresh(world.beta.home.name, Asker::us))) ==
        ErrorCode::conflict);
  for (int i = 0; i < 119; ++i) {
    CHECK(failure_of(world.find(i % 2 == 0 ? Asker::us : Asker::stranger)) == ErrorCode::conflict);
    world.timers.pass(1s);
  }
  CHECK(host.fetches == 1 + 2);
  CHECK(world.alpha.log.count("peer's document was refused") == 2);
  host.answer = honest;
  world.timers.pass(1min);
  CHECK(world.find(Asker::us).has_value());
}

TEST_CASE("a name that was another instance is read and told once a minute, not per request") {
  World world;
  REQUIRE(world.alpha.gate.store.transact([&](core::Transaction& tx) -> Result<> {
    core::Peer row;
    row.name = world.beta.home.name;
    row.iid = id_of<core::Iid>("somebody else");
    tx.put(row);
    return success();
  }));
  const int before = world.alpha.gate.reads;
  for (int i = 0; i < 119; ++i) {
    CHECK(failure_of(world.find(Asker::stranger)) == ErrorCode::conflict);
    world.timers.pass(1s);
  }
  CHECK(world.alpha.gate.reads == before + 2);
  CHECK(world.alpha.log.count("peer's identity conflicts with the configured one") == 2);
  CHECK(world.beta.host().fetches == 0);
}

TEST_CASE("news that came too soon are asked for when the minute is over") {
  World world;
  REQUIRE(world.find(Asker::us));
  const auto refresh = [&] {
    return world.run(world.alpha.directory->refresh(world.beta.home.name, Asker::us));
  };
  REQUIRE(refresh());
  world.timers.pass(10s);
  REQUIRE(world.run(world.beta.document->renew()));
  const auto refreshed = refresh();
  REQUIRE(refreshed);
  CHECK(refreshed.value()->operational_serial < world.beta.document->serial());
  CHECK(world.beta.host().fetches == 2);
  world.timers.pass(51s);
  const auto found = world.find(Asker::us);
  CHECK(found.value()->operational_serial == world.beta.document->serial());
  CHECK(world.beta.host().fetches == 3);
  world.timers.pass(2min);
  REQUIRE(world.find(Asker::us));
  CHECK(world.beta.host().fetches == 3);
}

}  // namespace
}  // namespace cpc::tests
