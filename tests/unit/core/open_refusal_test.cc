// Taking consent back in the open, and the frames that tell of consent.

#include <algorithm>

#include "core/contact.h"
#include "tests/unit/core/refusal.h"

namespace cpc::core {
namespace {

using tests::address;
using tests::code_of;
using tests::Federation;
using tests::Instance;

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("openly taken back: the sender is told, asks anew, and a grant releases the message") {
  const bool refuser_is_hub = GENERATE(true, false);
  const bool by_reply = GENERATE(true, false);
  Refusal s{refuser_is_hub};
  INFO("refuser is hub: " << refuser_is_hub);
  REQUIRE(s.refuser.revoke(s.to, s.sending, false));
  s.world.settle();
  CHECK_FALSE(may_write(s.sender.look(), s.sending, s.refusing).value());
  const auto asked = s.sender.send(s.from, s.at_sender, "may I?").value();
  CHECK(s.sender.state_of(asked) == "WAITING_CONSENT");
  s.world.settle();
  CHECK(s.refuser.texts(s.to, s.at_refuser) == Texts{"hello"});
  CHECK(s.refuser.store.row<ContactRequest>({s.to, s.sending})->is_open);

  Texts seen{"hello", "may I?"};
  if (by_reply) {
    REQUIRE(s.refuser.send(s.to, s.at_refuser, "you may"));
    seen.push_back("you may");
  } else {
    REQUIRE(s.refuser.grant(s.to, s.sending));
  }
  s.world.settle();
  const Texts shown = s.refuser.texts(s.to, s.at_refuser);
  CHECK(shown == s.sender.texts(s.from, s.at_sender));
  CHECK(std::ranges::is_permutation(shown, seen));
  CHECK(s.sender.state_of(asked) == "DELIVERED");
  REQUIRE(s.sender.send(s.from, s.at_sender, "thanks"));
  s.world.settle();
  CHECK(s.refuser.texts(s.to, s.at_refuser).back() == "thanks");
}

TEST_CASE("a message under way while consent is taken back openly is not shown") {
  for (const bool refuser_is_hub : {true, false}) {
    Refusal s{refuser_is_hub};
    INFO("refuser is hub: " << refuser_is_hub);
    const auto crossed = s.sender.send(s.from, s.at_sender, "crossing").value();
    REQUIRE(s.refuser.revoke(s.to, s.sending, false));
    s.world.settle();
    CHECK(s.refuser.texts(s.to, s.at_refuser) == Texts{"hello"});
    if (refuser_is_hub) {
      CHECK(s.sender.state_of(crossed) == "FAILED");
      CHECK(s.sender.store.row<Event>(crossed)->reason == codes::consent_required);
    }
    REQUIRE(s.sender.send(s.from, s.at_sender, "again?"));
    s.world.settle();
    REQUIRE(s.refuser.grant(s.to, s.sending));
    s.world.settle();
    CHECK(s.refuser.texts(s.to, s.at_refuser) == Texts{"hello", "again?"});
  }
}

TEST_CASE("consent taken back before the first message was ordered does not break what follows") {
  // The join and the first message are refused by the hub; after a new grant both must get in.
  for (const std::string seed : {"a", "b", "c", "d", "e", "f"}) {
    Federation world{{"alpha.cpc", "beta.cpc"}, seed};
    Instance& alpha = world.at(0);
    Instance& beta = world.at(1);
    alpha.add_person("anna");
    beta.add_person("ben");
    REQUIRE(alpha.write("anna", beta.person("ben"), "one"));
    world.exchange(alpha, beta);
    beta.apply_inbox();
    REQUIRE(beta.grant("ben", alpha.person("anna")));
    world.exchange(beta, alpha);
    alpha.apply_inbox();
    alpha.sign_drafts();
    beta.sign_drafts();
    REQUIRE(beta.revoke("ben", alpha.person("anna"), false));
    world.exchange(alpha, beta);
    world.settle();
    REQUIRE(alpha.write("anna", beta.person("ben"), "two"));
    world.settle();
    REQUIRE(beta.grant("ben", alpha.person("anna")));
    world.settle();
    INFO("seed " << seed);
    CHECK(beta.texts_with("ben", alpha.person("anna")) == Texts{"two"});
  }
}

TEST_CASE("a denied stranger is swallowed and told nothing, and may be granted later") {
  Federation world{{"alpha.cpc", "beta.cpc"}};
  Instance& alpha = world.at(0);
  Instance& beta = world.at(1);
  alpha.add_person("anna");
  beta.add_person("ben");
  const auto sent = alpha.write("anna", beta.person("ben"), "hello").value();
  world.settle();
  REQUIRE(beta.deny("ben", alpha.person("anna")));
  world.settle();
  CHECK(beta.store.rows<Frame>().empty());
  CHECK(alpha.store.rows<Projection>().size() == 1);
  CHECK(alpha.state_of(sent) == "WAITING_CONSENT");
  CHECK(code_of(beta.write("ben", alpha.person("anna"), "x")) == codes::blocked_by_you);
  REQUIRE(beta.grant("ben", alpha.person("anna")));
  world.settle();
  CHECK(alpha.state_of(sent) == "DELIVERED");
}

TEST_CASE("whom an instance was refused as a whole is swallowed before anybody is asked") {
  Federation world{{"alpha.cpc", "beta.cpc"}};
  Instance& alpha = world.at(0);
  Instance& beta = world.at(1);
  alpha.add_person("anna");
  beta.add_person("ben");
  REQUIRE(beta.run([&](auto& tx, auto at) {
    return write_consent(
        tx, {"ben", ConsentType::messaging, ConsentScope::instance, alpha.name().text()},
        ConsentState::blocked, "user_action", at.now);
  }));
  REQUIRE(alpha.write("anna", beta.person("ben"), "hello"));
  world.settle();
  CHECK(beta.store.rows<ContactRequest>().empty());
  CHECK(beta.store.rows<Frame>().empty());
  CHECK(beta.store.rows<ConversationByWire>().empty());
}

TEST_CASE("blocked people get no receipts, everybody else does") {
  Refusal s{GENERATE(true, false)};
  const auto sent = s.sender.send(s.from, s.at_sender, "read me").value();
  s.world.settle();
  const auto upto = s.refuser.log(s.at_refuser).size();
  SECTION("read") {
    REQUIRE(s.refuser.read(s.to, s.at_refuser, static_cast<std::int64_t>(upto)));
    s.world.settle();
    CHECK(s.sender.state_of(sent) == "READ");
  }
  SECTION("blocked") {
    REQUIRE(s.refuser.revoke(s.to, s.sending, true));
    REQUIRE(s.refuser.read(s.to, s.at_refuser, static_cast<std::int64_t>(upto)));
    s.world.settle();
    CHECK(s.sender.state_of(sent) == "DELIVERED");
    for (const auto& [key, lane] : s.refuser.store.rows<Lane>()) {
      CHECK(lane.kind != LaneKind::receipts);
    }
  }
}

TEST_CASE("a projection is believed only when it is newer, whatever the order of arrival") {
  Refusal s{true};
  const auto granted_frame = [&](std::int64_t version, FrameKind kind) {
    ConsentFrame frame;
    frame.id = s.refuser.moment().chance.uuid<FrameId>(s.world.now);
    frame.kind = kind;
    const auto member = s.refuser.store.row<Member>({s.at_refuser, s.refusing}).value();
    frame.from = {s.refusing, s.refuser.home().iid, *member.incarnation, *member.member_id};
    frame.to = s.sending;
    frame.time = s.world.now;
    frame.version = version;
    frame.epoch = s.refuser.home().epoch;
    return s.refuser.sign(frame);
  };
  const auto apply = [&](const SignedFrame& frame) {
    REQUIRE(s.sender.run([&](auto& tx, auto at) {
      return store_frame(tx, s.refuser.name(), frame.frame.id, frame.jws, at.now);
    }));
    s.sender.apply_inbox();
    return may_write(s.sender.look(), s.sending, s.refusing).value();
  };
  CHECK_FALSE(apply(granted_frame(12, FrameKind::withdrawn)));
  CHECK_FALSE(apply(granted_frame(11, FrameKind::granted)));
  CHECK_FALSE(apply(granted_frame(12, FrameKind::granted)));
  CHECK(apply(granted_frame(13, FrameKind::granted)));
  CHECK(apply(granted_frame(12, FrameKind::withdrawn)));
  SECTION("and only from the person's own instance, for us") {
    auto frame = granted_frame(20, FrameKind::withdrawn);
    frame.frame.to_iid = s.refuser.home().iid;
    CHECK(apply(s.refuser.sign(frame.frame)));
    frame.frame.to_iid.reset();
    frame.frame.to = address("anna@gamma.cpc");
    CHECK(apply(s.refuser.sign(frame.frame)));
  }
}

TEST_CASE("a request that was swallowed is remembered for a later grant") {
  for (const char* seed : {"a", "b", "c", "d"}) {
    Federation world{{"alpha.cpc", "beta.cpc"}, seed};
    Instance& alpha = world.at(0);
    Instance& beta = world.at(1);
    alpha.add_person("anna");
    beta.add_person("ben");
    REQUIRE(beta.revoke("ben", alpha.person("anna"), true));
    REQUIRE(alpha.write("anna", beta.person("ben"), "hello"));
    world.settle();
    CHECK(beta.store.rows<ContactRequest>().empty());
    CHECK(beta.look().conversations_of(beta.person("ben"), 0, 10).value().empty());
    REQUIRE(beta.grant("ben", alpha.person("anna")));
    world.settle();
    CHECK(beta.texts_with("ben", alpha.person("anna")) == Texts{"hello"});
  }
}

TEST_CASE("a request that its withdrawal overtook still ends in one log on both sides") {
  for (const char* seed : {"a", "b", "c", "d"}) {
    Federation world{{"alpha.cpc", "beta.cpc"}, seed};
    Instance& alpha = world.at(0);
    Instance& beta = world.at(1);
    alpha.add_person("anna");
    beta.add_person("ben");
    REQUIRE(alpha.write("anna", beta.person("ben"), "from anna"));
    REQUIRE(beta.write("ben", alpha.person("anna"), "from ben"));
    REQUIRE(beta.revoke("ben", alpha.person("anna"), false));
    Batch batch = Federation::owed(beta, alpha);
    REQUIRE(batch.frames->items.size() == 2);
    batch.frames->items.erase(batch.frames->items.begin());
    static_cast<void>(world.deliver(alpha, beta, batch));
    alpha.apply_inbox();
    REQUIRE(alpha.run([&](auto& tx, auto) -> Result<> {
      tx.erase(InLaneKey{beta.name(), LaneKind::consent, {}});  // And now the one before it.
      return success();
    }));
    world.settle();
    CHECK_FALSE(may_write(alpha.look(), alpha.person("anna"), beta.person("ben")).value());
    const auto here = alpha.conversation(*alpha.conversation_with("anna", beta.person("ben")));
    const auto there = beta.conversation(*beta.conversation_with("ben", alpha.person("anna")));
    CHECK(here.wire_id.has_value());
    CHECK(here.wire_id == there.wire_id);
    CHECK(here.head == there.head);
  }
}

TEST_CASE("who asked and withdrew before the answer is met by both sides or by none") {
  for (const char* seed : {"a", "b", "c", "d"}) {
    Federation world{{"alpha.cpc", "beta.cpc"}, seed};
    Instance& alpha = world.at(0);
    Instance& beta = world.at(1);
    alpha.add_person("anna");
    beta.add_person("ben");
    REQUIRE(alpha.write("anna", beta.person("ben"), "from anna"));
    REQUIRE(alpha.revoke("anna", beta.person("ben"), false));
    world.settle();
    REQUIRE(beta.write("ben", alpha.person("anna"), "from ben"));
    world.settle();
    const auto here = alpha.conversation(*alpha.conversation_with("anna", beta.person("ben")));
    const auto there = beta.conversation(*beta.conversation_with("ben", alpha.person("anna")));
    CHECK(here.wire_id == there.wire_id);
    CHECK(here.head == there.head);
    for (Instance* one : {&alpha, &beta}) {
      for (const auto& [key, lane] : one->store.rows<Lane>()) CHECK(lane.acked == lane.head);
    }
  }
}

}  // namespace cpc::core
