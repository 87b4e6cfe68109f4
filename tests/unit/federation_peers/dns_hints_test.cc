// Peers without endpoints in the configuration: DNS says where, never who.

#include "tests/unit/federation_peers/table_resolver.h"
#include "tests/unit/federation_peers/world.h"

namespace cpc::tests {
namespace {

struct DnsWorldOfPeers : World {
  TableResolver dns;
  DnsWorldOfPeers() {
    federation::StaticPeer peer = beta.as_peer();
    peer.endpoints.clear();
    alpha.resolver = &dns;
    start(alpha, {peer});
  }
  [[nodiscard]] std::uint16_t tried_port() const {
    return beta.host().endpoints.empty() ? std::uint16_t{0} : beta.host().endpoints.front().port;
  }
};

TEST_CASE("a peer without endpoints is found where DNS says, and followed when it moves") {
  DnsWorldOfPeers world;
  world.dns.say(8470, world.beta.home.iid);
  REQUIRE(world.find(Asker::us));
  CHECK(world.tried_port() == 8470);
  world.dns.say(8471, std::nullopt);
  const auto moved = world.run(world.alpha.directory->target_of(world.beta.home.name));
  REQUIRE(moved);
  CHECK(moved.value().endpoints.front().port == 8471);
  CHECK(moved.value().tls_pins == world.alpha.directory->known(world.beta.home.name)->tls_pins);
}

TEST_CASE("where DNS speaks of another instance we do not knock, and the log says so once") {
  DnsWorldOfPeers world;
  world.dns.say(8470, world.alpha.home.iid);
  for (int i = 0; i < 3; ++i) {
    CHECK(failure_of(world.find(Asker::us)) == ErrorCode::unavailable);
    world.timers.pass(2min);
  }
  CHECK(world.beta.host().fetches == 0);
  CHECK(world.alpha.log.count("DNS names another instance than the configured one") == 1);
  world.dns.say(8471, world.beta.home.iid);
  CHECK(world.find(Asker::us));
}

TEST_CASE("where nobody answers, what DNS said is doubted, on both ways to a peer") {
  DnsWorldOfPeers world;
  world.dns.say(8470, world.beta.home.iid);
  world.beta.host().is_up = false;
  CHECK(failure_of(world.find(Asker::us)) == ErrorCode::unavailable);
  CHECK(world.dns.doubted == 1);
  world.beta.host().is_up = true;
  REQUIRE(world.greet());
  CHECK(world.dns.doubted == 1);
  world.beta.host().is_up = false;
  CHECK(failure_of(world.greet()) == ErrorCode::unavailable);
  CHECK(world.dns.doubted == 2);
}

TEST_CASE("a name that DNS does not know is a peer that cannot be reached now") {
  DnsWorldOfPeers world;
  world.dns.answer = Result<routing::Hints>{fail(ErrorCode::not_found, "there is no such name")};
  CHECK(failure_of(world.find(Asker::us)) == ErrorCode::unavailable);
}

TEST_CASE("configured endpoints are used without asking DNS") {
  World world;
  TableResolver dns;
  world.alpha.resolver = &dns;
  world.start(world.alpha, {world.beta.as_peer()});
  REQUIRE(world.find(Asker::us));
  CHECK(dns.asked == 0);
}

}  // namespace
}  // namespace cpc::tests
