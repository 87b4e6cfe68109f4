// The way from a stranger's first words to a conversation.

#include "core/contact.h"
#include "tests/support/two_instances.h"

namespace cpc::core {
namespace {

using tests::address;
using tests::code_of;
using tests::Federation;
using tests::Instance;
using tests::why;

using Texts = std::vector<std::string>;

struct Strangers {
  Federation world{{"alpha.cpc", "beta.cpc"}};
  Instance& alpha = world.at(0);
  Instance& beta = world.at(1);
  Address anna = alpha.person("anna");
  Address ben = beta.person("ben");
  Strangers() {
    alpha.add_person("anna");
    beta.add_person("ben");
  }
};

}  // namespace

TEST_CASE("a first message waits for consent, its words travel once, and it arrives on the grant") {
  Strangers s;
  const auto sent = s.alpha.write("anna", s.ben, "hello ben");
  REQUIRE(sent.has_value());
  CHECK(s.alpha.state_of(sent.value()) == "WAITING_CONSENT");
  s.world.settle();
  CHECK(s.beta.texts_with("ben", s.anna).empty());
  const auto request = s.beta.store.row<ContactRequest>({"ben", s.anna});
  REQUIRE(request.has_value());
  CHECK(request->is_open);
  CHECK(open_intro(s.beta.home(), *request).value() == "hello ben");
  CHECK(s.beta.consent("ben", s.anna)->state == ConsentState::requested);

  REQUIRE(s.beta.grant("ben", s.anna));
  CHECK_FALSE(s.beta.store.row<ContactRequest>({"ben", s.anna})->is_open);
  s.world.settle();
  CHECK(s.beta.texts_with("ben", s.anna) == Texts{"hello ben"});
  CHECK(s.alpha.texts_with("anna", s.ben) == Texts{"hello ben"});
  CHECK(s.alpha.state_of(sent.value()) == "DELIVERED");
  CHECK(s.alpha.store.row<Event>(sent.value())->state == EventState::ordered);
  CHECK(s.alpha.store.rows<SentRequest>().empty());
  CHECK(s.alpha.store.rows<Frame>().empty());
  CHECK(s.beta.store.rows<InboxFrame>().empty());
}

TEST_CASE("before consent no log, no wire id and no hub exist at the other side") {
  Strangers s;
  REQUIRE(s.alpha.write("anna", s.ben, "hello"));
  s.world.settle();
  for (Instance* one : {&s.alpha, &s.beta}) {
    CHECK(one->store.rows<ConversationByWire>().empty());
    for (const auto& [key, lane] : one->store.rows<Lane>()) CHECK(lane.kind == LaneKind::consent);
    for (const auto& [key, event] : one->store.rows<Event>()) CHECK(event.position.seq == 0);
  }
}

TEST_CASE("a second first message is refused until the first is answered") {
  Strangers s;
  REQUIRE(s.alpha.write("anna", s.ben, "one"));
  CHECK(code_of(s.alpha.write("anna", s.ben, "two")) == codes::request_pending);
  REQUIRE(s.beta.apply_inbox() == false);
  s.world.settle();
  CHECK(code_of(s.alpha.write("anna", s.ben, "two")) == codes::request_pending);
  REQUIRE(s.beta.grant("ben", s.anna));
  s.world.settle();
  REQUIRE(s.alpha.write("anna", s.ben, "two"));
  s.world.settle();
  CHECK(s.beta.texts_with("ben", s.anna) == Texts{"one", "two"});
}

TEST_CASE("a first message has at most 280 characters, counted as people count") {
  Strangers s;
  std::string umlauts;
  for (int i = 0; i < 280; ++i) umlauts += "\xC3\xA4";
  CHECK(code_points(umlauts) == 280);
  CHECK(code_of(s.alpha.write("anna", s.ben, umlauts + "x")) == codes::first_message_too_long);
  CHECK(s.alpha.store.rows<Event>().empty());
  CHECK(s.alpha.store.rows<Frame>().empty());
  REQUIRE(s.alpha.write("anna", s.ben, umlauts));
  s.world.settle();
  REQUIRE(s.beta.grant("ben", s.anna));
  s.world.settle();
  REQUIRE(s.alpha.write("anna", s.ben, umlauts + umlauts));
}

TEST_CASE("writing to another instance needs the person's own opt-in") {
  Strangers s;
  s.alpha.add_person("carla", false);
  CHECK(code_of(s.alpha.write("carla", s.ben, "hello")) == codes::federation_opt_in_required);
  CHECK(s.alpha.store.rows<Frame>().empty());
  REQUIRE(s.alpha.run([&](auto& tx, auto at) {
    return set_federation_opt_in(tx, s.alpha.home(), at, "carla", s.ben.instance, true);
  }));
  CHECK(s.alpha.write("carla", s.ben, "hello").has_value());
}

TEST_CASE("a person begins so many contacts in a day and no more, and again the day after") {
  Strangers s;
  for (int i = 0; i < requests_per_day_max; ++i) {
    REQUIRE(s.alpha.write("anna", address("x" + std::to_string(i) + "@beta.cpc"), "hello"));
  }
  CHECK(code_of(s.alpha.write("anna", s.ben, "hello")) == codes::request_limit);
  s.world.now += std::chrono::hours{24} - Milliseconds{1};
  CHECK(code_of(s.alpha.write("anna", s.ben, "hello")) == codes::request_limit);
  s.world.now += Milliseconds{1};
  CHECK(s.alpha.write("anna", s.ben, "hello").has_value());
  CHECK(s.alpha.store.row<Account>({"anna"})->requests_sent == 1);
}

TEST_CASE("answering a request by writing is a grant, and both first messages arrive") {
  Strangers s;
  REQUIRE(s.alpha.write("anna", s.ben, "question"));
  s.world.settle();
  const auto answered = s.beta.write("ben", s.anna, std::string(1000, 'a'));
  REQUIRE(answered.has_value());
  CHECK(s.beta.store.row<Account>({"ben"})->requests_sent == 0);
  CHECK_FALSE(s.beta.store.row<ContactRequest>({"ben", s.anna})->is_open);
  s.world.settle();
  for (const Texts& seen : {s.alpha.texts_with("anna", s.ben), s.beta.texts_with("ben", s.anna)}) {
    CHECK(seen.size() == 2);
  }
  CHECK(s.alpha.texts_with("anna", s.ben) == s.beta.texts_with("ben", s.anna));
}

TEST_CASE("when both ask at once both are open, in one conversation, and all messages arrive") {
  for (const bool alpha_first : {true, false}) {
    Strangers s;
    REQUIRE(s.alpha.write("anna", s.ben, "from anna"));
    REQUIRE(s.beta.write("ben", s.anna, "from ben"));
    if (alpha_first) {
      s.world.exchange(s.alpha, s.beta);
    } else {
      s.world.exchange(s.beta, s.alpha);
    }
    s.world.settle();
    const auto here = s.alpha.conversation(*s.alpha.conversation_with("anna", s.ben));
    const auto there = s.beta.conversation(*s.beta.conversation_with("ben", s.anna));
    REQUIRE(here.wire_id.has_value());
    CHECK(here.wire_id == there.wire_id);
    CHECK(here.hub == there.hub);
    const Texts seen = s.alpha.texts_with("anna", s.ben);
    CHECK(seen.size() == 2);
    CHECK(seen == s.beta.texts_with("ben", s.anna));
    CHECK_FALSE(s.alpha.store.row<ContactRequest>({"anna", s.ben}).has_value());
    REQUIRE(s.alpha.write("anna", s.ben, "more"));
    REQUIRE(s.beta.write("ben", s.anna, "more too"));
    s.world.settle();
    CHECK(s.alpha.texts_with("anna", s.ben).size() == 4);
    CHECK(s.alpha.texts_with("anna", s.ben) == s.beta.texts_with("ben", s.anna));
  }
}

TEST_CASE("an answer that outruns the inbox loop at the other side is not lost") {
  // Both asked; alpha has met ben and submits or orders while beta has stored, not applied.
  for (const std::string seed : {"a", "b", "c", "d", "e", "f"}) {
    Federation world{{"alpha.cpc", "beta.cpc"}, seed};
    Instance& alpha = world.at(0);
    Instance& beta = world.at(1);
    alpha.add_person("anna");
    beta.add_person("ben");
    REQUIRE(alpha.write("anna", beta.person("ben"), "one"));
    REQUIRE(beta.write("ben", alpha.person("anna"), "two"));
    world.exchange(beta, alpha);
    alpha.apply_inbox();
    alpha.sign_drafts();
    world.exchange(alpha, beta);
    world.settle();
    INFO("seed " << seed);
    CHECK(alpha.texts_with("anna", beta.person("ben")).size() == 2);
    CHECK(beta.texts_with("ben", alpha.person("anna")).size() == 2);
  }
}

TEST_CASE("people of one instance go the same way without a network") {
  Federation world{{"alpha.cpc"}};
  Instance& alpha = world.at(0);
  alpha.add_person("anna", false);
  alpha.add_person("ben", false);
  const auto sent = alpha.write("anna", alpha.person("ben"), "hello");
  REQUIRE(sent.has_value());
  CHECK(alpha.state_of(sent.value()) == "WAITING_CONSENT");
  CHECK(alpha.texts_with("ben", alpha.person("anna")).empty());
  CHECK(code_of(alpha.write("anna", alpha.person("ben"), "two")) == codes::request_pending);

  SECTION("granted") {
    REQUIRE(alpha.grant("ben", alpha.person("anna")));
  }
  SECTION("answered by writing") {
    REQUIRE(alpha.write("ben", alpha.person("anna"), "hello back"));
  }
  world.settle();
  const Texts seen = alpha.texts_with("ben", alpha.person("anna"));
  CHECK_FALSE(seen.empty());
  CHECK(seen == alpha.texts_with("anna", alpha.person("ben")));
  CHECK(alpha.state_of(sent.value()) == "DELIVERED");
  const auto id = *alpha.conversation_with("anna", alpha.person("ben"));
  const auto log = alpha.log(id);
  REQUIRE(log.size() >= 3);
  CHECK(log[0].type == "conversation.create");
  CHECK(log.size() == seen.size() + (seen.size() == 2 ? 3 : 2));
  REQUIRE(alpha.write("ben", alpha.person("anna"), "later"));
  world.settle();
  CHECK(alpha.texts_with("anna", alpha.person("ben")).back() == "later");
  CHECK(alpha.conversation(id).drafts == 0);
}

TEST_CASE("nobody writes to themselves, and to nobody's conversation") {
  Strangers s;
  const auto self = s.alpha.run(
      [&](auto& tx, auto at) { return open_direct(tx, s.alpha.home(), at, s.anna, s.anna); });
  CHECK(code_of(self) == codes::self_not_possible);
  s.alpha.add_person("mallory");
  const auto theirs = s.alpha.open("anna", s.ben);
  CHECK(code_of(s.alpha.send("mallory", theirs, "x")) == codes::not_found);
  CHECK(code_of(s.alpha.send("anna", ConversationId{}, "x")) == codes::not_found);
}

TEST_CASE("a request that nobody answers expires, and another may follow") {
  Strangers s;
  const auto sent = s.alpha.write("anna", s.ben, "hello").value();
  const auto expire = [&] {
    REQUIRE(s.alpha.run(
        [&](auto& tx, auto at) { return expire_draft(tx, s.alpha.home(), sent, at.now); }));
    return s.alpha.state_of(sent);
  };
  s.world.now += request_age_max - Milliseconds{1};
  CHECK(expire() == "WAITING_CONSENT");
  s.world.now += Milliseconds{1};
  CHECK(expire() == "EXPIRED");
  CHECK(s.alpha.store.row<Event>(sent)->reason == codes::request_expired);
  CHECK(expire() == "EXPIRED");
  REQUIRE(s.alpha.write("anna", s.ben, "again"));
  s.world.settle();
  REQUIRE(s.beta.grant("ben", s.anna));
  s.world.settle();
  CHECK(s.beta.texts_with("ben", s.anna) == Texts{"again"});
  CHECK(expire() == "EXPIRED");
}

TEST_CASE("a grant for a person we do not have leaves no row") {
  Strangers s;
  ConsentFrame frame;
  frame.id = s.beta.moment().chance.uuid<FrameId>(s.world.now);
  frame.kind = FrameKind::granted;
  frame.from = {s.ben, s.beta.home().iid, s.beta.store.row<Account>({"ben"})->incarnation,
                tests::id_of<MemberId>("ben")};
  frame.time = s.world.now;
  frame.version = 1;
  frame.epoch = s.beta.home().epoch;
  const auto apply = [&](const Address& to) {
    frame.to = to;
    const auto signed_frame = s.beta.sign(frame);
    REQUIRE(s.alpha.run([&](auto& tx, auto at) {
      return store_frame(tx, s.beta.name(), frame.id, signed_frame.jws, at.now);
    }));
    REQUIRE(s.alpha.apply_inbox());
  };
  apply(s.alpha.person("nobody"));
  CHECK(s.alpha.store.rows<Projection>().empty());
  CHECK(s.alpha.store.rows<Conversation>().empty());
  SECTION("and one that nobody asked for is listed nowhere, and does not stand in the way") {
    apply(s.anna);
    CHECK(s.alpha.look().conversations_of(s.anna, 0, 10).value().empty());
    CHECK(s.alpha.store.rows<ConversationByWire>().empty());
    REQUIRE(s.alpha.write("anna", s.ben, "hello"));
    s.world.settle();
    REQUIRE(s.beta.grant("ben", s.anna));
    s.world.settle();
    CHECK(s.beta.texts_with("ben", s.anna) == Texts{"hello"});
  }
}

TEST_CASE("who took over a name inherits nothing that was granted to the name before") {
  Strangers s;
  REQUIRE(s.alpha.write("anna", s.ben, "hello"));
  s.world.settle();
  REQUIRE(s.beta.grant("ben", s.anna));
  s.world.settle();
  const auto before = *s.beta.conversation_with("ben", s.anna);
  REQUIRE(s.alpha.store.transact([](Transaction& tx) -> Result<> {
    tx.erase(AccountKey{"anna"});
    return success();
  }));
  s.alpha.add_person("anna");
  s.world.now += successor_age_min;
  const auto sent = s.alpha.write("anna", s.ben, "I am new");
  INFO(why(sent));
  REQUIRE(sent.has_value());
  s.world.settle();
  const auto after = *s.beta.conversation_with("ben", s.anna);
  CHECK(after != before);
  CHECK(s.beta.texts("ben", after).empty());
  CHECK(s.beta.store.row<ContactRequest>({"ben", s.anna})->is_open);
  CHECK_FALSE(s.beta.conversation(after).wire_id.has_value());
  CHECK(s.beta.texts("ben", before) == Texts{"hello"});
  REQUIRE(s.beta.grant("ben", s.anna));
  s.world.settle();
  CHECK(s.beta.texts("ben", after) == Texts{"I am new"});
}

}  // namespace cpc::core
