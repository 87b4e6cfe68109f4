// Instances that a trusted peer introduces: who is believed, who is told of, and what an
// introduction is worth.

#include "federation/introduction_server.h"
#include "tests/unit/federation_peers/table_resolver.h"
#include "tests/unit/federation_peers/world.h"

namespace cpc::tests {
namespace {

/// alpha knows beta, and believes it about others; beta knows gamma.
struct Introduced : World {
  explicit Introduced(core::Trust min = core::Trust::introduced) {
    alpha.trust.min = min;
    alpha.trust.introducers = {beta.home.name};
    alpha.resolver = &dns;
    dns.answer = Result<routing::Hints>{fail(ErrorCode::not_found, "no such name")};
    beta.is_introducing = true;
    beta.trust.min = core::Trust::directory;
    start(alpha, {beta.as_peer()});
    start(beta, {alpha.as_peer(), gamma.as_peer()});
    start(gamma, {beta.as_peer(), alpha.as_peer()});
    timers.pass(1min);
    REQUIRE(run(beta.directory->find(gamma.home.name, Asker::us)));
  }
  auto find_gamma(Asker asker = Asker::us) {
    return run(alpha.directory->find(gamma.home.name, asker));
  }
  [[nodiscard]] std::optional<core::Peer> row() {
    return snapshot_of(alpha.gate.store)->find(core::PeerKey{gamma.home.name}).value();
  }
  Side gamma{"gamma.cpc", timers, network};
  TableResolver dns;
};

TEST_CASE("whom a trusted peer introduces is met at that level, and answers for himself") {
  for (const Asker asker : {Asker::us, Asker::stranger}) {
    Introduced world;
    const auto met = world.find_gamma(asker);
    REQUIRE(met);
    CHECK(met.value()->iid == world.gamma.home.iid);
    CHECK(world.row()->trust == core::Trust::introduced);
    CHECK(world.row()->source == "introduced by beta.cpc");
    CHECK(world.gamma.host().fetches == 1);  // By beta: the document came with the introduction.
    CHECK(world.run(world.alpha.exchange->greet(world.gamma.home.name)));
    world.start(world.alpha, {world.beta.as_peer()});
    CHECK(world.find_gamma());
  }
}

TEST_CASE("an introduction counts only where it suffices, and only of those who are named for it") {
  Introduced strict{core::Trust::dnssec};
  CHECK(failure_of(strict.find_gamma()) == ErrorCode::not_found);
  CHECK(strict.beta.host().requests == 0);

  Introduced nobody;
  nobody.alpha.trust.introducers.clear();
  nobody.start(nobody.alpha, {nobody.beta.as_peer()});
  CHECK(failure_of(nobody.find_gamma()) == ErrorCode::not_found);
  CHECK(nobody.beta.host().requests == 0);
}

TEST_CASE("who was met by less than a directory introduces nobody") {
  Introduced world;
  world.dns.say(8470, world.beta.home.iid);
  world.alpha.trust.tofu = true;
  world.start(world.alpha, {});
  REQUIRE(world.find(Asker::us));
  const auto beta_row =
      snapshot_of(world.alpha.gate.store)->find(core::PeerKey{world.beta.home.name});
  REQUIRE(beta_row.value());
  world.dns.answer = Result<routing::Hints>{fail(ErrorCode::not_found, "no such name")};
  const int before = world.beta.host().requests;
  CHECK(failure_of(world.find_gamma()) == ErrorCode::not_found);
  CHECK(world.beta.host().requests == before);
}

TEST_CASE("validated DNS is asked before introducers, and unvalidated DNS counts for less") {
  Introduced vouched;
  vouched.dns.say(8470, vouched.gamma.home.iid);
  vouched.dns.validate(true);
  vouched.alpha.trust.is_dns_trusted = true;
  vouched.start(vouched.alpha, {vouched.beta.as_peer()});
  REQUIRE(vouched.find_gamma());
  CHECK(vouched.row()->trust == core::Trust::dnssec);
  CHECK(vouched.beta.host().requests == 0);

  Introduced first_use;
  first_use.dns.say(8470, first_use.gamma.home.iid);
  first_use.alpha.trust.tofu = true;
  first_use.start(first_use.alpha, {first_use.beta.as_peer()});
  REQUIRE(first_use.find_gamma());
  CHECK(first_use.row()->trust == core::Trust::introduced);

  Introduced alone;
  alone.dns.say(8470, alone.gamma.home.iid);
  alone.alpha.trust.tofu = true;
  alone.beta.is_introducing = false;
  alone.start(alone.beta, {alone.alpha.as_peer(), alone.gamma.as_peer()});
  alone.start(alone.alpha, {alone.beta.as_peer()});
  alone.timers.pass(1min);
  REQUIRE(alone.find_gamma());
  CHECK(alone.row()->trust == core::Trust::tofu);
}

TEST_CASE("while an introducer is away, nobody says that there is no such instance") {
  Introduced world;
  world.beta.host().is_up = false;
  CHECK(failure_of(world.find_gamma(Asker::stranger)) == ErrorCode::unavailable);
  CHECK(failure_of(world.find_gamma(Asker::us)) == ErrorCode::unavailable);
  world.beta.host().is_up = true;
  world.timers.pass(2min);
  CHECK(world.find_gamma(Asker::stranger));

  Introduced first_use;
  first_use.dns.say(8470, first_use.gamma.home.iid);
  first_use.alpha.trust.tofu = true;
  first_use.start(first_use.alpha, {first_use.beta.as_peer()});
  first_use.beta.host().is_up = false;
  REQUIRE(first_use.find_gamma());
  CHECK(first_use.row()->trust == core::Trust::tofu);
}

TEST_CASE("an introducer who lies about a name that nobody vouches for now makes a conflict") {
  Introduced world;
  REQUIRE(world.find_gamma());
  // As if it had been pinned by the configuration, and its section is gone.
  const auto unvouch = [&](core::Transaction& tx) -> Result<> {
    auto row = tx.find(core::PeerKey{world.gamma.home.name}).value();
    row->iid = id_of<core::Iid>("another one");
    row->trust = core::Trust::none;
    tx.put(*std::move(row));
    return success();
  };
  REQUIRE(world.alpha.gate.store.transact(unvouch));
  world.start(world.alpha, {world.beta.as_peer()});
  CHECK(failure_of(world.find_gamma()) == ErrorCode::conflict);
  CHECK(world.row()->rival == world.gamma.home.iid);
  CHECK(world.row()->rival_source == "introduced by beta.cpc");
}

TEST_CASE("a document that does not hold is not passed on") {
  Introduced world;
  const auto forge = [&](core::Transaction& tx) -> Result<> {
    auto row = tx.find(core::PeerKey{world.gamma.home.name}).value();
    row->document.replace(row->document.find("\"payload\":\"") + 20, 1, "_");
    tx.put(*std::move(row));
    return success();
  };
  REQUIRE(world.beta.gate.store.transact(forge));
  CHECK(failure_of(world.find_gamma()) == ErrorCode::not_found);
  CHECK_FALSE(world.row());
}

TEST_CASE("nobody is told of whom we do not vouch for, and the answers do not differ") {
  enum class Why { allowed, off, unknown, blocked, introduced, gone, expired };
  for (const Why why : {Why::allowed, Why::off, Why::unknown, Why::blocked, Why::introduced,
                        Why::gone, Why::expired}) {
    Introduced world;
    Side& beta = world.beta;
    std::vector<federation::StaticPeer> peers{world.alpha.as_peer(), world.gamma.as_peer()};
    core::InstanceName name = world.gamma.home.name;
    if (why == Why::off) beta.is_introducing = false;
    if (why == Why::unknown) name = instance_name("delta.cpc");
    if (why == Why::blocked) REQUIRE(world.run(beta.directory->block(name, true)));
    if (why == Why::introduced || why == Why::gone) {
      const auto lower = [&](core::Transaction& tx) -> Result<> {
        auto row = tx.find(core::PeerKey{name}).value();
        row->trust = why == Why::gone ? core::Trust::dnssec : core::Trust::introduced;
        row->source = "somebody";
        tx.put(*std::move(row));
        return success();
      };
      REQUIRE(beta.gate.store.transact(lower));
      peers.pop_back();
      beta.trust.min = core::Trust::introduced;
    }
    if (why == Why::gone) {
      beta.directories = [](const core::InstanceName&) {
        return federation::DirectoryWord{federation::DirectoryWord::State::gone, {}, true, "gone"};
      };
      peers.front() = world.alpha.as_peer();
    }
    world.start(beta, peers);
    world.timers.pass(why == Why::expired ? Milliseconds{24h * 8} : Milliseconds{1min});
    if (why == Why::expired) {
      for (Side* side : {&world.alpha, &world.beta}) REQUIRE(world.run(side->document->renew()));
    }
    const auto asked = world.run(world.alpha.exchange->introduction(beta.home.name, name));
    INFO(static_cast<int>(why));
    CHECK(asked.has_value() == (why == Why::allowed));
    if (!asked) CHECK(asked.error().code == ErrorCode::not_found);
  }
}

TEST_CASE("one peer asks for so many introductions and no more, known names or not") {
  Introduced world;
  const auto ask = [&](const std::string& name) {
    return failure_of(
        world.run(world.alpha.exchange->introduction(world.beta.home.name, instance_name(name))));
  };
  std::size_t answered = 0;
  for (int i = 0; i < 60; ++i) {
    answered += ask("n" + std::to_string(i) + ".cpc") == ErrorCode::not_found ? 1 : 0;
  }
  CHECK(answered >= federation::IntroductionServer::requests_per_peer.at_once_max);
  CHECK(answered < 40);
  CHECK(ask("gamma.cpc") == ErrorCode::unavailable);
  world.timers.pass(3s);
  CHECK_FALSE(ask("gamma.cpc"));
}

}  // namespace
}  // namespace cpc::tests
