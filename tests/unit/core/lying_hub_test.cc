// A hub that orders what it may not: its copy takes nothing of it, or shows nothing of it.

#include <algorithm>

#include "core/conversation_log.h"
#include "federation/envelope_codec.h"
#include "tests/support/two_instances.h"

namespace cpc::core {
namespace {

using tests::Federation;
using tests::id_of;
using tests::Instance;
using tests::make_pair;
using tests::Pair;

using Texts = std::vector<std::string>;

struct Scene {
  Federation world{{"alpha.cpc", "beta.cpc"}};
  Pair pair = make_pair(world, world.at(0), world.at(1), world.at(1));
  Instance& hub = pair.hub;
  Instance& copy = pair.copy;

  // The log entry of `text`, as it travels.
  LogPart<Envelope> say(const std::string& text) {
    REQUIRE(hub.send(pair.at_hub, pair.hub_id, text));
    hub.sign_drafts();
    const Batch batch = Federation::owed(hub, copy);
    LogPart<Envelope> part = batch.logs.front();
    part.items.erase(part.items.begin(), part.items.end() - 1);
    world.settle();
    return part;
  }
  // The same event once more, at the next place of the copy's log, properly chained.
  LaneAnswer place_again(LogPart<Envelope> part, Milliseconds later = {}) {
    const Head head = copy.conversation(pair.copy_id).head;
    auto& item = part.items.front();
    const Position next{head.position.hub_epoch, head.position.seq + 1};
    const Head made =
        next_head(head, part.wire_id, next, head.hub_time + later, envelope_hash(*item.envelope));
    item.placement = {made.position, made.hub_time, made.link};
    Batch batch;
    batch.logs.push_back(std::move(part));
    return world.deliver(copy, hub, batch).lanes.front();
  }
  // An event of the hub's person that the copy does not know.
  LogPart<Envelope> forged(const std::string& type, const Bytes& body) {
    const auto member = hub.store.row<Member>({pair.hub_id, pair.hub_person()}).value();
    const WireId wire = *hub.conversation(pair.hub_id).wire_id;
    const EventHeader header{
        wire, type, hub.home().iid, *member.member_id, id_of<EventId>(type), world.now, {}};
    const auto envelope = hub.sign_event(header, body).envelope();
    return {wire, {}, {{{}, hub.home().iid, header.id, envelope}}, {}};
  }
  Texts seen() { return copy.texts(pair.at_copy, pair.copy_id); }
  Incarnation incarnation() { return hub.store.row<Account>({pair.at_hub})->incarnation; }
};

}  // namespace

TEST_CASE("an event that has a place is given no second one: that is a fork") {
  Scene s;
  const auto first = s.say("first");
  s.say("second");
  const auto log = s.copy.log(s.pair.copy_id);
  const LaneAnswer answer = s.place_again(first);
  CHECK(answer.verdict == LaneVerdict::fork);
  CHECK(answer.code == "FORK");
  CHECK(s.seen() == Texts{"hello", "first", "second"});
  CHECK(s.copy.log(s.pair.copy_id).size() == log.size());
}

TEST_CASE("what was swallowed while its author was blocked is not shown by placing it again") {
  Scene s;
  REQUIRE(s.copy.revoke(s.pair.at_copy, s.pair.hub_person(), true));
  const auto swallowed = s.say("swallowed");
  REQUIRE(s.copy.grant(s.pair.at_copy, s.pair.hub_person()));
  s.world.settle();
  CHECK(s.place_again(swallowed).verdict == LaneVerdict::fork);
  CHECK(s.seen() == Texts{"hello"});
}

TEST_CASE("a hub time that falls is a fork, one that stands still is not") {
  Scene s;
  s.say("joined");
  const Bytes body = federation::message_body("late");
  CHECK(s.place_again(s.forged("message.post", body), Milliseconds{-1}).verdict ==
        LaneVerdict::fork);
  CHECK(s.seen() == Texts{"hello", "joined"});
  CHECK(s.place_again(s.forged("message.post", body)).verdict == LaneVerdict::ok);
  CHECK(s.seen() == Texts{"hello", "joined", "late"});
}

TEST_CASE("a join that names another person is chained, and what its author says stays hidden") {
  const std::string names = GENERATE("themselves", "another", "another life", "nobody", "nothing");
  Scene s;
  const auto body = [&] {
    const Address eve = tests::address("eve@alpha.cpc");
    if (names == "another") return federation::join_body(eve, s.incarnation());
    if (names == "another life") return federation::join_body(s.pair.hub_person(), {});
    if (names == "nobody") return Bytes{"{}"};
    return federation::join_body(s.pair.hub_person(), s.incarnation());
  };
  INFO(names);
  auto join = s.forged("member.join", body());
  if (names == "nothing") join.items.front().envelope->body.reset();
  CHECK(s.place_again(join).verdict == LaneVerdict::ok);
  const auto said = s.forged("message.post", federation::message_body("words"));
  CHECK(s.place_again(said).verdict == LaneVerdict::ok);
  const bool is_joined = names == "themselves" || names == "nothing";
  CHECK(s.seen() == (is_joined ? Texts{"hello", "words"} : Texts{"hello"}));
}

TEST_CASE("a hub does not order a join that names another person") {
  Scene s;
  Instance& author = s.copy;
  const Address who = s.pair.copy_person();
  const auto member = author.store.row<Member>({s.pair.copy_id, who}).value();
  const WireId wire = *s.hub.conversation(s.pair.hub_id).wire_id;
  const EventHeader header{wire,
                           "member.join",
                           author.home().iid,
                           *member.member_id,
                           id_of<EventId>("join"),
                           s.world.now,
                           {}};
  const auto lane =
      s.hub.store.row<InLane>({author.name(), LaneKind::submission, s.pair.hub_id}).value();
  const auto submit = [&](const Bytes& body) {
    Batch batch;
    const auto envelope = author.sign_event(header, body).envelope();
    batch.submissions.push_back({wire, {}, lane.accepted + 1, {envelope}, {}, {}});
    return s.world.deliver(s.hub, author, batch).lanes.front().rejects;
  };
  const auto refused = submit(federation::join_body(s.pair.hub_person(), *member.incarnation));
  REQUIRE(refused.size() == 1);
  CHECK(refused.front().code == "EVENT_NOT_ALLOWED");
}

TEST_CASE("a join that was given up is made again before its person's next message") {
  Scene s;
  REQUIRE(s.hub.send(s.pair.at_hub, s.pair.hub_id, "lost"));
  const auto drafts = s.hub.look().signable_drafts(10).value();
  REQUIRE(drafts.size() == 2);
  REQUIRE(drafts.front().type == "member.join");
  for (const Event& draft : drafts) {
    REQUIRE(s.hub.run(
        [&](auto& tx, auto) { return fail_draft(tx, s.hub.home(), draft.key(), "NOT_SIGNED"); }));
  }
  REQUIRE(s.hub.send(s.pair.at_hub, s.pair.hub_id, "arrives"));
  s.world.settle();
  CHECK(s.seen() == Texts{"hello", "arrives"});
}

}  // namespace cpc::core
