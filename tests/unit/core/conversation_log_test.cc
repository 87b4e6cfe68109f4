// One order for everyone, proved entry by entry; whatever does not fit changes nothing.

#include "core/conversation_log.h"

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

  EventKey say(const std::string& text) {
    const auto sent = hub.send(pair.at_hub, pair.hub_id, text);
    REQUIRE(sent.has_value());
    hub.sign_drafts();
    return sent.value();
  }
  Batch batch() { return Federation::owed(hub, copy); }
  LaneAnswer deliver(const Batch& sent) {
    const Answer answer = world.deliver(copy, hub, sent);
    REQUIRE(answer.lanes.size() == 1);
    return answer.lanes.front();
  }
  Texts seen() { return copy.texts(pair.at_copy, pair.copy_id); }
  // What the copy holds of the log, to compare.
  std::vector<std::pair<EventKey, Digest>> held() {
    std::vector<std::pair<EventKey, Digest>> entries;
    for (const Event& event : copy.log(pair.copy_id)) entries.emplace_back(event.key(), event.link);
    return entries;
  }
  EventHeader header(const std::string& type, const std::string& label) {
    const auto member = hub.store.row<Member>({pair.hub_id, pair.hub_person()}).value();
    return {*hub.conversation(pair.hub_id).wire_id,
            type,
            hub.home().iid,
            *member.member_id,
            id_of<EventId>(label),
            world.now,
            {}};
  }
  // A hub that orders what it likes.
  void force(const EventHeader& event_header, const Bytes& body) {
    const auto envelope = hub.sign_event(event_header, body);
    REQUIRE(hub.run([&](auto& tx, Moment at) -> Result<> {
      CPC_TRY(auto conversation, tx.find(ConversationKey{pair.hub_id}));
      return order(tx, hub.home(), at, *conversation, event_row(pair.hub_id, envelope), body);
    }));
  }
};

TEST_CASE("a draft that is given up is FAILED for its author and out of the way of the others") {
  Scene s;
  const auto sent = s.say("ordered");
  auto draft = s.hub.store.row<Event>(sent).value();
  draft.id = id_of<EventId>("a draft");
  draft.position = {};
  REQUIRE(s.hub.run([&](auto& tx, Moment) -> Result<> {
    CPC_TRY(auto conversation, tx.find(ConversationKey{s.pair.hub_id}));
    add_draft(tx, *conversation, draft);
    tx.put(*conversation);
    return success();
  }));
  CHECK(s.hub.conversation(s.pair.hub_id).drafts == 1);
  for (int times = 0; times < 2; ++times) {
    REQUIRE(s.hub.run([&](auto& tx, Moment) -> Result<> {
      return fail_draft(tx, s.hub.home(), draft.key(), "NOT_SIGNED");
    }));
  }
  const auto failed = s.hub.store.row<Event>(draft.key()).value();
  CHECK(failed.state == EventState::failed);
  CHECK(failed.reason == "NOT_SIGNED");
  CHECK(s.hub.conversation(s.pair.hub_id).drafts == 0);
  const auto next = s.say("goes on");
  CHECK(s.hub.store.row<Event>(next).value().state == EventState::ordered);
}

}  // namespace

TEST_CASE("a log is gapless, never goes back in time, and has the same links on both sides") {
  Scene s;
  for (int i = 0; i < 6; ++i) {
    s.world.now += Milliseconds{i % 2 == 0 ? 5 : -20};
    s.say("hub " + std::to_string(i));
    REQUIRE(s.copy.send(s.pair.at_copy, s.pair.copy_id, "copy " + std::to_string(i)));
    s.world.settle();
  }
  const auto ours = s.hub.log(s.pair.hub_id);
  const auto theirs = s.copy.log(s.pair.copy_id);
  REQUIRE(ours.size() == theirs.size());
  REQUIRE(ours.size() == 16);
  const WireId wire = *s.hub.conversation(s.pair.hub_id).wire_id;
  Head head;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    CHECK(ours[i].position == Position{1, static_cast<std::int64_t>(i) + 1});
    CHECK(ours[i].hub_time >= head.hub_time);
    head = next_head(head, wire, ours[i].position, ours[i].hub_time, ours[i].hash);
    CHECK(head.link == ours[i].link);
    CHECK(theirs[i].link == ours[i].link);
    CHECK(theirs[i].id == ours[i].id);
    CHECK(theirs[i].hub_time == ours[i].hub_time);
  }
  CHECK(ours[0].type == "conversation.create");
  CHECK(s.hub.conversation(s.pair.hub_id).head == head);
  CHECK(s.copy.conversation(s.pair.copy_id).head == head);
}

TEST_CASE("repeated, reordered and overlapping transactions change nothing") {
  Scene s;
  std::vector<Batch> batches;  // Each holds all that came before, too.
  for (int i = 0; i < 4; ++i) {
    s.say("m" + std::to_string(i));
    batches.push_back(s.batch());
  }
  CHECK(s.deliver(batches[1]).verdict == LaneVerdict::ok);
  CHECK(s.seen() == Texts{"hello", "m0", "m1"});
  CHECK(s.deliver(batches[3]).verdict == LaneVerdict::ok);
  const auto held = s.held();
  const auto n = s.copy.store.last_n();
  for (const std::size_t i : {0U, 3U, 2U, 0U, 1U}) {
    const LaneAnswer answer = s.deliver(batches[i]);
    CHECK(answer.verdict == LaneVerdict::ok);
    CHECK(answer.position == s.hub.conversation(s.pair.hub_id).head.position);
    CHECK(answer.link == s.hub.conversation(s.pair.hub_id).head.link);
  }
  CHECK(s.held() == held);
  CHECK(s.copy.store.last_n() == n);
  CHECK(s.seen() == Texts{"hello", "m0", "m1", "m2", "m3"});
}

TEST_CASE("what does not follow what we hold is a gap, and the answer says where we are") {
  Scene s;
  const Position before = s.copy.conversation(s.pair.copy_id).head.position;
  s.say("one");
  s.say("two");
  Batch batch = s.batch();
  auto& items = batch.logs.front().items;
  REQUIRE(items.size() > 1);
  items.erase(items.begin());
  const LaneAnswer answer = s.deliver(batch);
  CHECK(answer.verdict == LaneVerdict::gap);
  CHECK(answer.position == before);
  CHECK(s.seen() == Texts{"hello"});
  s.world.settle();
  CHECK(s.seen() == Texts{"hello", "one", "two"});
}

TEST_CASE("another entry at a place that we hold is a fork: the lane stops and nothing is healed") {
  Scene s;
  const auto backup = s.hub.store.tables();
  s.say("the truth");
  s.world.settle();
  const auto held = s.held();
  s.hub.store.restore(backup);
  s.say("another truth");
  const Batch batch = s.batch();
  const LaneAnswer answer = s.deliver(batch);
  CHECK(answer.verdict == LaneVerdict::fork);
  CHECK(s.held() == held);
  s.world.exchange(s.hub, s.copy);
  const auto lane = s.hub.store.row<Lane>({s.copy.name(), LaneKind::log, s.pair.hub_id}).value();
  CHECK(lane.blocked == "FORK");
  CHECK(Federation::owed(s.hub, s.copy).is_empty());
  CHECK(s.seen() == Texts{"hello", "the truth"});
}

TEST_CASE("what was altered on its way is refused with its code and stores nothing") {
  Scene s;
  s.say("joined");
  s.world.settle();
  s.say("genuine");
  const Batch genuine = s.batch();
  const auto held = s.held();
  const auto rows = s.copy.store.tables().rows();
  Batch batch = genuine;
  auto& item = batch.logs.front().items.front();
  Envelope& envelope = *item.envelope;
  std::string code = "BAD_SIGNATURE";
  SECTION("body") {
    envelope.body->replace(envelope.body->find("genuine"), 7, "altered");
  }
  SECTION("salt") {
    envelope.salt[0] = static_cast<char>(envelope.salt[0] ^ 1);
  }
  SECTION("header") {
    const auto at = envelope.payload.size() / 2;
    envelope.payload[at] = envelope.payload[at] == 'A' ? 'B' : 'A';
  }
  SECTION("signature of another key") {
    const auto member = s.hub.store.row<Member>({s.pair.hub_id, s.pair.hub_person()}).value();
    EventHeader header = s.header("message.post", "forged");
    item.envelope = s.copy.sign_event(header, *envelope.body).envelope();
  }
  SECTION("an entry around another event") {
    item.id = id_of<EventId>("another");
  }
  SECTION("an entry of another author") {
    item.author = id_of<Iid>("another");
  }
  SECTION("an event of another conversation") {
    EventHeader header = s.header("message.post", "elsewhere");
    header.conversation = id_of<WireId>("another");
    item.id = header.id;
    item.envelope = s.hub.sign_event(header, *envelope.body).envelope();
  }
  SECTION("no envelope at all, of an event that is not ours") {
    item.envelope.reset();
    code = "FORK";
  }
  SECTION("another hub time") {
    item.placement.hub_time += Milliseconds{1};
    code = "FORK";
  }
  SECTION("another link") {
    item.placement.link.octets[0] ^= 1;
    code = "FORK";
  }
  SECTION("nothing that can be read") {
    envelope.payload = "!";
    code = "MALFORMED";
  }
  const LaneAnswer answer = s.deliver(batch);
  CHECK(answer.verdict == (code == "FORK" ? LaneVerdict::fork : LaneVerdict::reject));
  CHECK(answer.code == code);
  CHECK(s.held() == held);
  CHECK(s.copy.store.tables().rows() == rows);
  CHECK(s.deliver(genuine).verdict == LaneVerdict::ok);
  CHECK(s.seen() == Texts{"hello", "joined", "genuine"});
}

TEST_CASE("one bad lane does not harm the others of its transaction, nor what stood before it") {
  Federation world{{"alpha.cpc", "beta.cpc"}};
  const Pair one = make_pair(world, world.at(0), world.at(1), world.at(0));
  const Pair two = make_pair(world, world.at(0), world.at(1), world.at(1));
  for (const Pair* pair : {&one, &two}) {
    REQUIRE(pair->hub.send(pair->at_hub, pair->hub_id, "first"));
    REQUIRE(pair->hub.send(pair->at_hub, pair->hub_id, "second"));
    pair->hub.sign_drafts();
  }
  Batch batch = Federation::owed(one.hub, one.copy);
  REQUIRE(batch.logs.size() == 2);
  batch.logs[0].items.back().envelope->body->append(" ");
  const Answer answer = world.deliver(one.copy, one.hub, batch);
  REQUIRE(answer.lanes.size() == 2);
  CHECK(answer.lanes[0].verdict == LaneVerdict::reject);
  CHECK(answer.lanes[1].verdict == LaneVerdict::ok);
  const auto texts = [&](const Pair& pair) { return pair.copy.texts(pair.at_copy, pair.copy_id); };
  const bool is_one = batch.logs[0].conversation == one.hub_id;
  CHECK(texts(is_one ? one : two) == Texts{"hello", "first"});
  CHECK(texts(is_one ? two : one) == Texts{"hello", "first", "second"});
}

TEST_CASE("only the hub orders: from anybody else a log is not_hub") {
  Scene s;
  const Batch said = (s.say("x"), s.batch());
  Batch turned;
  turned.logs.push_back(said.logs.front());
  const auto envelope = s.copy.sign_event({*s.hub.conversation(s.pair.hub_id).wire_id,
                                           "message.post",
                                           s.copy.home().iid,
                                           id_of<MemberId>("m"),
                                           id_of<EventId>("e"),
                                           s.world.now,
                                           {}},
                                          "x");
  auto& item = turned.logs.front().items.front();
  item.envelope = envelope.envelope();
  item.author = s.copy.home().iid;
  item.id = envelope.header().id;
  const Answer answer = s.world.deliver(s.hub, s.copy, turned);
  CHECK(answer.lanes.front().verdict == LaneVerdict::not_hub);
  Batch submitted;
  submitted.submissions.push_back(
      {said.logs.front().wire_id, {}, 1, {*said.logs.front().items.front().envelope}, {}, {}});
  CHECK(s.world.deliver(s.copy, s.hub, submitted).lanes.front().verdict == LaneVerdict::not_hub);
}

TEST_CASE("an event of a later version is chained, kept closed and shown to nobody") {
  Scene s;
  s.force(s.header("poll.create", "poll"), "what nobody here understands");
  s.say("after it");
  s.world.settle();
  for (const auto& [at, id] : {std::pair{&s.hub, s.pair.hub_id}, {&s.copy, s.pair.copy_id}}) {
    const auto log = at->log(id);
    const auto found = std::ranges::find(log, std::string{"poll.create"}, &Event::type);
    REQUIRE(found != log.end());
    CHECK(found->is_hidden);
    CHECK(at->texts(at == &s.hub ? s.pair.at_hub : s.pair.at_copy, id) ==
          Texts{"hello", "after it"});
  }
  CHECK(s.hub.conversation(s.pair.hub_id).head == s.copy.conversation(s.pair.copy_id).head);
}

TEST_CASE("a message of nobody we know is chained as the hub ordered it, and never shown") {
  Scene s;
  REQUIRE(s.copy.revoke(s.pair.at_copy, s.pair.hub_person(), true));
  EventHeader header = s.header("message.post", "nobody");
  header.member = id_of<MemberId>("nobody");
  s.force(header, R"({"text":"past the block"})");
  s.world.settle();
  CHECK(s.copy.conversation(s.pair.copy_id).head == s.hub.conversation(s.pair.hub_id).head);
  CHECK(s.seen() == Texts{"hello"});
  CHECK(s.copy.log(s.pair.copy_id).back().is_hidden);
  CHECK(s.copy.log(s.pair.copy_id).back().sealed_body.empty());
}

TEST_CASE("an author's own entries come back without envelope and complete the pending row") {
  Scene s;
  const auto sent = s.copy.send(s.pair.at_copy, s.pair.copy_id, "mine").value();
  const Event pending = s.copy.store.row<Event>(sent).value();
  CHECK(pending.state == EventState::pending);
  CHECK(s.copy.state_of(sent) == "PENDING");
  CHECK(s.copy.state_of(sent, true) == "DELAYED");
  CHECK(s.seen() == Texts{"hello", "mine"});
  s.world.exchange(s.copy, s.hub);
  const Batch back = s.batch();
  REQUIRE(back.logs.size() == 1);
  REQUIRE(back.logs[0].items.size() == 1);
  CHECK_FALSE(back.logs[0].items[0].envelope.has_value());
  CHECK(back.logs[0].items[0].id == sent.id);
  s.world.settle();
  const Event ordered = s.copy.store.row<Event>(sent).value();
  CHECK(ordered.state == EventState::ordered);
  CHECK(ordered.hash == pending.hash);
  CHECK(ordered.n > pending.n);
  CHECK(s.copy.text_of(ordered) == "mine");
  CHECK(s.seen() == Texts{"hello", "mine"});
  CHECK(s.copy.state_of(sent) == "DELIVERED");
}

TEST_CASE("a hub takes only what its author may put into this log") {
  Scene s;
  const auto member = s.copy.store.row<Member>({s.pair.copy_id, s.pair.copy_person()}).value();
  EventHeader header = s.header("message.post", "mine");
  header.author = s.copy.home().iid;
  header.member = *member.member_id;
  std::string code = "EVENT_NOT_ALLOWED";
  SECTION("a member of somebody else") {
    header.member = id_of<MemberId>("nobody");
  }
  SECTION("a second beginning") {
    header.type = "conversation.create";
    header.member = {};
  }
  SECTION("a type that the hub does not know") {
    header.type = "poll.create";
    code = "TYPE_UNKNOWN";
  }
  const auto log = s.hub.log(s.pair.hub_id).size();
  const auto lane =
      s.hub.store.row<InLane>({s.copy.name(), LaneKind::submission, s.pair.hub_id}).value();
  Batch batch;
  batch.submissions.push_back({header.conversation,
                               {},
                               lane.accepted + 1,
                               {s.copy.sign_event(header, R"({"text":"x"})").envelope()},
                               {},
                               {}});
  const Answer answer = s.world.deliver(s.hub, s.copy, batch);
  REQUIRE(answer.lanes.front().rejects.size() == 1);
  CHECK(answer.lanes.front().rejects.front().code == code);
  CHECK(answer.lanes.front().position.seq == lane.accepted + 1);
  CHECK(s.hub.log(s.pair.hub_id).size() == log);
  CHECK(s.world.deliver(s.hub, s.copy, batch).lanes.front().rejects.size() == 1);
}

TEST_CASE(
    "placing an own event twice is placing it once; a moved conversation asks to sign again") {
  Scene s;
  s.say("joined");
  const auto envelope = s.hub.sign_event(s.header("message.post", "mine"), R"({"text":"x"})");
  const auto place = [&](const ConversationId& id) {
    return s.hub.run(
        [&](auto& tx, Moment at) { return place_own_event(tx, s.hub.home(), at, id, envelope); });
  };
  REQUIRE(place(s.pair.hub_id));
  const auto head = s.hub.conversation(s.pair.hub_id).head;
  REQUIRE(place(s.pair.hub_id));
  CHECK(s.hub.conversation(s.pair.hub_id).head == head);
  s.hub.add_person("third");
  const auto other = s.hub.open("third", s.pair.copy_person());
  CHECK(place(other).error().code == ErrorCode::conflict);
}

TEST_CASE("a body lies encrypted at rest and opens only where it was put") {
  Scene s;
  const auto sent = s.say("a secret");
  Event event = s.hub.store.row<Event>(sent).value();
  CHECK(event.sealed_body.find("secret") == Bytes::npos);
  CHECK(open_body(s.hub.home(), event).has_value());
  event.id = id_of<EventId>("another row");
  CHECK_FALSE(open_body(s.hub.home(), event).has_value());
}

}  // namespace cpc::core
