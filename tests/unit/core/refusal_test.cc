// The two ways to say no, and that a stranger learns nothing from either before it is told.

#include <algorithm>

#include "core/contact.h"
#include "tests/support/two_instances.h"

namespace cpc::core {
namespace {

using tests::address;
using tests::code_of;
using tests::Federation;
using tests::Instance;
using tests::make_pair;
using tests::Pair;

using Texts = std::vector<std::string>;

// Both sides have been hub: `refuser` is where the person who refuses lives.
struct Scene {
  Federation world{{"alpha.cpc", "beta.cpc"}};
  Pair pair;
  Instance& sender;
  Instance& refuser;
  std::string from;
  std::string to;
  ConversationId at_sender;
  ConversationId at_refuser;
  Address sending;
  Address refusing;

  explicit Scene(bool refuser_is_hub)
      : pair(make_pair(world, world.at(refuser_is_hub ? 1 : 0), world.at(refuser_is_hub ? 0 : 1),
                       world.at(0))),
        sender(refuser_is_hub ? pair.copy : pair.hub),
        refuser(refuser_is_hub ? pair.hub : pair.copy),
        from(refuser_is_hub ? pair.at_copy : pair.at_hub),
        to(refuser_is_hub ? pair.at_hub : pair.at_copy),
        at_sender(refuser_is_hub ? pair.copy_id : pair.hub_id),
        at_refuser(refuser_is_hub ? pair.hub_id : pair.copy_id),
        sending(sender.person(from)),
        refusing(refuser.person(to)) {}
};

// An answer as its bytes, with the two fields that time and chance give taken out.
Bytes comparable(const Federation& world, Instance& to, const Instance& from, const Batch& batch) {
  const auto bytes = world.receive(to, from, Federation::encoded(from, batch));
  REQUIRE(bytes.has_value());
  return bytes.value();
}

}  // namespace

TEST_CASE("quietly refused: ordered, chained and acknowledged alike, shown and kept nowhere") {
  for (const bool refuser_is_hub : {true, false}) {
    Scene s{refuser_is_hub};
    const auto seen_before = s.sender.send(s.from, s.at_sender, "seen").value();
    s.world.settle();
    REQUIRE(s.refuser.revoke(s.to, s.sending, true));
    const auto hidden = s.sender.send(s.from, s.at_sender, "hidden").value();
    s.world.settle();

    INFO("refuser is hub: " << refuser_is_hub);
    CHECK(s.sender.state_of(seen_before) == "DELIVERED");
    CHECK(s.sender.state_of(hidden) == "DELIVERED");
    CHECK(s.sender.texts(s.from, s.at_sender) == Texts{"hello", "seen", "hidden"});
    CHECK(s.refuser.texts(s.to, s.at_refuser) == Texts{"hello", "seen"});
    const auto ours = s.refuser.log(s.at_refuser);
    const auto theirs = s.sender.log(s.at_sender);
    REQUIRE(ours.size() == theirs.size());
    CHECK(ours.back().link == theirs.back().link);
    CHECK(ours.back().is_hidden);
    CHECK(ours.back().sealed_body.empty());
    CHECK(ours.back().salt.empty());
    for (const auto& [key, event] : s.refuser.store.rows<Event>()) {
      CHECK((!event.is_hidden || event.sealed_body.empty()));
    }

    REQUIRE(s.refuser.grant(s.to, s.sending));
    REQUIRE(s.sender.send(s.from, s.at_sender, "welcome again"));
    s.world.settle();
    CHECK(s.refuser.texts(s.to, s.at_refuser) == Texts{"hello", "seen", "welcome again"});
  }
}

TEST_CASE("what a sender is answered is the same before and after a quiet refusal, byte for byte") {
  for (const bool refuser_is_hub : {true, false}) {
    Bytes answers[2];
    std::size_t lanes[2];
    std::size_t frames[2];
    for (const bool is_refused : {false, true}) {
      Scene s{refuser_is_hub};
      if (is_refused) REQUIRE(s.refuser.revoke(s.to, s.sending, true));
      REQUIRE(s.sender.send(s.from, s.at_sender, "a message"));
      const Batch batch = Federation::owed(s.sender, s.refuser);
      REQUIRE_FALSE(batch.is_empty());
      answers[is_refused] = comparable(s.world, s.refuser, s.sender, batch);
      s.world.settle();
      lanes[is_refused] = s.sender.store.rows<InLane>().size();
      frames[is_refused] = s.refuser.store.rows<Frame>().size();
    }
    CHECK(answers[0] == answers[1]);
    CHECK(lanes[0] == lanes[1]);
    CHECK(frames[0] == frames[1]);
  }
}

TEST_CASE("unknown, ignoring, blocking and disabled people are answered alike, byte for byte") {
  const auto run = [](const std::string& target) {
    Federation world{{"alpha.cpc", "beta.cpc"}};
    Instance& alpha = world.at(0);
    Instance& beta = world.at(1);
    alpha.add_person("anna");
    for (const char* local : {"ignoring", "blocking", "disabled", "unopted"}) {
      beta.add_person(local, std::string{local} != "unopted");
    }
    REQUIRE(beta.revoke("blocking", alpha.person("anna"), true));
    REQUIRE(beta.run([](auto& tx, auto) { return disable_account(tx, "disabled"); }));
    REQUIRE(alpha.write("anna", beta.person(target), "hello"));

    std::vector<Bytes> answers;
    answers.push_back(comparable(world, beta, alpha, Federation::owed(alpha, beta)));
    world.settle();
    // A hostile instance guesses at conversations, people and members.
    Batch probe;
    const auto wire = tests::id_of<WireId>("a guess");
    const auto envelope = alpha
                              .sign_event({wire,
                                           "message.post",
                                           alpha.home().iid,
                                           tests::id_of<MemberId>("m"),
                                           tests::id_of<EventId>("e"),
                                           world.now,
                                           {}},
                                          "x")
                              .envelope();
    probe.submissions.push_back({wire, {}, 1, {envelope}, {}, {}});
    probe.logs.push_back(
        {wire,
         {},
         {{{{1, 1}, world.now, {}}, alpha.home().iid, tests::id_of<EventId>("e"), envelope}},
         {}});
    probe.receipts.push_back({wire, {}, tests::id_of<MemberId>("m"), {1, 1}});
    answers.push_back(comparable(world, beta, alpha, probe));
    CHECK(beta.store.rows<Frame>().empty());
    CHECK(alpha.store.rows<InboxFrame>().empty());
    return answers;
  };
  const auto unknown = run("unknown");
  CHECK(unknown == run("ignoring"));
  CHECK(unknown == run("blocking"));
  CHECK(unknown == run("disabled"));
  CHECK(unknown == run("unopted"));
}

TEST_CASE("who wrote first and then refused quietly is answered for like anybody who wrote first") {
  // Ben asked anna; then, before her own request arrives, he blocks her or his account ends.
  for (const std::string seed : {"a", "b", "c", "d"}) {
    const auto run = [&](const std::string& what) {
      Federation world{{"alpha.cpc", "beta.cpc"}, seed};
      Instance& alpha = world.at(0);
      Instance& beta = world.at(1);
      alpha.add_person("anna");
      beta.add_person("ben");
      REQUIRE(alpha.write("anna", beta.person("ben"), "from anna"));
      REQUIRE(beta.write("ben", alpha.person("anna"), "from ben"));
      if (what == "blocked") REQUIRE(beta.revoke("ben", alpha.person("anna"), true));
      if (what == "disabled") {
        REQUIRE(beta.run([](auto& tx, auto) { return disable_account(tx, "ben"); }));
      }
      world.settle();
      const auto id = *alpha.conversation_with("anna", beta.person("ben"));
      std::vector<std::string> trace;
      for (const auto& [key, event] : alpha.store.rows<Event>()) {
        if (event.type == "message.post" && event.sender == alpha.person("anna")) {
          trace.push_back(alpha.state_of(key));
        }
      }
      for (const auto& [key, lane] : alpha.store.rows<Lane>()) {
        trace.push_back(lane.blocked);
        trace.push_back(lane.head == lane.acked ? "acked" : "owing");
      }
      trace.push_back(std::to_string(alpha.log(id).size()));
      if (what != "open") {
        for (const auto& text : beta.texts_with("ben", alpha.person("anna"))) {
          CHECK(text != "from anna");
        }
      }
      return trace;
    };
    INFO("seed " << seed);
    const auto open = run("open");
    CHECK(open == run("blocked"));
    CHECK(open == run("disabled"));
  }
}

TEST_CASE("openly taken back: the sender is told, asks anew, and a grant releases the message") {
  const bool refuser_is_hub = GENERATE(true, false);
  const bool by_reply = GENERATE(true, false);
  Scene s{refuser_is_hub};
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
    Scene s{refuser_is_hub};
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
  Scene s{GENERATE(true, false)};
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
  Scene s{true};
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

}  // namespace cpc::core
