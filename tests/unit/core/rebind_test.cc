// A name that is another instance now: what the old one's conversations come to.

#include "core/rebind.h"

#include "core/heads.h"
#include "tests/support/two_instances.h"

namespace cpc::core {
namespace {

using tests::code_of;
using tests::Federation;
using tests::Instance;

/// alice@alpha.cpc and somebody at beta.cpc have agreed; then beta.cpc is another instance to
/// alpha.
struct Rebinding {
  explicit Rebinding(bool alpha_is_hub)
      : pair(tests::make_pair(world, world.at(alpha_is_hub ? 0 : 1), world.at(alpha_is_hub ? 1 : 0),
                              world.at(0))),
        mine(alpha_is_hub ? pair.at_hub : pair.at_copy),
        theirs(alpha_is_hub ? pair.at_copy : pair.at_hub),
        here(alpha_is_hub ? pair.hub_id : pair.copy_id),
        there(alpha_is_hub ? pair.copy_id : pair.hub_id) {}

  Rebound rebind() {
    const auto leftover = leftover_of(alpha.look(), beta.name());
    REQUIRE(leftover);
    const auto ended = alpha.run([&](Transaction& tx, const Moment&) {
      return end_conversations(tx, alpha.home(), beta.name(), leftover.value());
    });
    REQUIRE(ended);
    return ended.value();
  }
  [[nodiscard]] Address other() { return beta.person(theirs); }

  Federation world{{"alpha.cpc", "beta.cpc"}};
  Instance& alpha = world.at(0);
  Instance& beta = world.at(1);
  tests::Pair pair;
  std::string mine;
  std::string theirs;
  ConversationId here;
  ConversationId there;
};

TEST_CASE("what was written and not delivered before the name was bound anew is never delivered") {
  for (const bool alpha_is_hub : {true, false}) {
    Rebinding world{alpha_is_hub};
    REQUIRE(world.alpha.send(world.mine, world.here, "for the old one only"));
    world.alpha.sign_drafts();
    REQUIRE_FALSE(Federation::owed(world.alpha, world.beta).is_empty());
    CHECK(world.rebind().conversations > 0);
    CHECK(Federation::owed(world.alpha, world.beta).is_empty());
    world.world.settle();
    const auto seen = world.beta.texts(world.theirs, world.there);
    CHECK(std::ranges::find(seen, "for the old one only") == seen.end());
  }
}

TEST_CASE("nobody under the name can go on with a conversation that ended") {
  for (const bool alpha_is_hub : {true, false}) {
    Rebinding world{alpha_is_hub};
    const auto before = world.alpha.texts(world.mine, world.here);
    REQUIRE_FALSE(before.empty());
    const auto log = world.alpha.log(world.here).size();
    world.rebind();
    REQUIRE(world.beta.send(world.theirs, world.there, "still here"));
    world.world.settle();
    CHECK(world.alpha.texts(world.mine, world.here) == before);
    CHECK(world.alpha.log(world.here).size() == log);
  }
}

TEST_CASE("the new instance is not told how far the old one's logs went") {
  Rebinding world{false};
  CHECK(heads_at(world.alpha.look(), world.beta.name(), {}, {}).value().heads.size() == 1);
  world.rebind();
  CHECK(heads_at(world.alpha.look(), world.beta.name(), {}, {}).value().heads.empty());
}

TEST_CASE(
    "a conversation that ended can be read, not written, and its members stay who they were") {
  for (const bool alpha_is_hub : {true, false}) {
    Rebinding world{alpha_is_hub};
    world.rebind();
    CHECK_FALSE(world.alpha.texts(world.mine, world.here).empty());
    CHECK(code_of(world.alpha.send(world.mine, world.here, "to whom?")) ==
          codes::conversation_ended);
    const auto member = world.alpha.look().find(MemberKey{world.here, world.other()});
    REQUIRE(member);
    REQUIRE(member.value());
    CHECK(member.value()->iid == world.beta.home().iid);
  }
}

TEST_CASE("who writes to the address again writes to a stranger, and waits for his consent") {
  for (const bool alpha_is_hub : {true, false}) {
    Rebinding world{alpha_is_hub};
    world.rebind();
    CHECK_FALSE(world.alpha.consent(world.mine, world.other()));
    const auto fresh = world.alpha.open(world.mine, world.other());
    CHECK(fresh != world.here);
    const auto sent = world.alpha.send(world.mine, fresh, "who are you now?");
    REQUIRE(sent);
    CHECK(world.alpha.state_of(sent.value()) == "WAITING_CONSENT");
    CHECK(Federation::owed(world.alpha, world.beta).frames);
  }
}

TEST_CASE("a refusal stays: it was meant for whoever has the address") {
  Rebinding world{true};
  REQUIRE(world.alpha.revoke(world.mine, world.other(), true));
  world.rebind();
  const auto kept = world.alpha.consent(world.mine, world.other());
  REQUIRE(kept);
  CHECK(kept->state == ConsentState::blocked);
}

TEST_CASE("what the old instance proved just before does nothing after the name was bound anew") {
  const auto bind = [](Rebinding& world) {
    auto row = world.alpha.look().find(PeerKey{world.beta.name()}).value();
    REQUIRE(row);
    row->iid = tests::id_of<Iid>("another instance");
    REQUIRE(world.alpha.store.transact([&](Transaction& tx) -> Result<> {
      tx.put(*row);
      return success();
    }));
  };
  SECTION("a transaction that was verified already") {
    Rebinding world{true};
    REQUIRE(world.beta.send(world.theirs, world.there, "of the old one"));
    world.beta.sign_drafts();
    const Bytes bytes = Federation::encoded(world.beta, Federation::owed(world.beta, world.alpha));
    bind(world);
    const auto answer = world.world.receive(world.alpha, world.beta, bytes);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::conflict);
  }
  SECTION("a request that waits to be applied") {
    Rebinding world{true};
    world.beta.add_person("stranger");
    world.alpha.add_person("asked");
    REQUIRE(world.beta.write("stranger", world.alpha.person("asked"), "may I?"));
    static_cast<void>(
        world.world.deliver(world.alpha, world.beta, Federation::owed(world.beta, world.alpha)));
    bind(world);
    REQUIRE(world.alpha.apply_inbox());
    CHECK(world.alpha.look().inbox_frames(10).value().empty());
    const ContactRequestKey key{"asked", world.beta.person("stranger")};
    CHECK_FALSE(world.alpha.look().find(key).value());
  }
}

TEST_CASE("requests that the old instance never took are not sent to the new one") {
  Rebinding world{true};
  world.alpha.add_person("anna");
  REQUIRE(world.alpha.write("anna", world.beta.person("nobody"), "a first word"));
  REQUIRE(Federation::owed(world.alpha, world.beta).frames);
  CHECK(world.rebind().frames == 1);
  CHECK_FALSE(Federation::owed(world.alpha, world.beta).frames);
}

}  // namespace
}  // namespace cpc::core
