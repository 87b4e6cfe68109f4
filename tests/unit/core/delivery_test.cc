// What a peer lacks, what its answer changes, and that nothing is lost or taken twice between.

#include "core/delivery.h"

#include "federation/envelope_codec.h"
#include "tests/support/two_instances.h"

namespace cpc::core {
namespace {

using tests::address;
using tests::Federation;
using tests::id_of;
using tests::Instance;
using tests::make_pair;
using tests::Pair;

using Texts = std::vector<std::string>;

struct Scene {
  Federation world{{"alpha.cpc", "beta.cpc"}};
  Pair pair = make_pair(world, world.at(0), world.at(1), world.at(0));
  Instance& hub = pair.hub;
  Instance& copy = pair.copy;
  EventKey say(const std::string& text) {
    const auto sent = hub.send(pair.at_hub, pair.hub_id, text);
    hub.sign_drafts();
    return sent.value();
  }
  EventKey submit(const std::string& text) {
    const auto sent = copy.send(pair.at_copy, pair.copy_id, text);
    copy.sign_drafts();
    return sent.value();
  }
  Texts at_hub() { return hub.texts(pair.at_hub, pair.hub_id); }
  Texts at_copy() { return copy.texts(pair.at_copy, pair.copy_id); }
  Lane log_lane() { return hub.store.row<Lane>({copy.name(), LaneKind::log, pair.hub_id}).value(); }
  Lane submission_lane() {
    return copy.store.row<Lane>({hub.name(), LaneKind::submission, pair.copy_id}).value();
  }
};

std::size_t entries(const Batch& batch) {
  std::size_t count = batch.frames ? batch.frames->items.size() : 0;
  for (const auto& part : batch.logs) count += part.items.size();
  for (const auto& part : batch.submissions) count += part.items.size();
  return count;
}

// Many people of alpha ask many of beta: as many consent frames.
struct Crowd {
  Federation world{{"alpha.cpc", "beta.cpc"}};
  Instance& alpha = world.at(0);
  Instance& beta = world.at(1);
  explicit Crowd(int people) {
    for (int i = 0; i < people; ++i) {
      alpha.add_person("anna" + std::to_string(i));
      beta.add_person("ben" + std::to_string(i));
      REQUIRE(
          alpha.write("anna" + std::to_string(i), beta.person("ben" + std::to_string(i)), "hello"));
    }
  }
};

}  // namespace

TEST_CASE("what is owed keeps to its budgets and is all delivered in the end") {
  Scene s;
  for (int i = 0; i < 10; ++i) s.say(std::string(200, static_cast<char>('a' + i)));
  s.hub.limits.entries_max = 3;
  CHECK(entries(Federation::owed(s.hub, s.copy)) == 3);
  s.hub.limits = {};
  s.hub.limits.bytes_max = 3000;
  const Batch small = Federation::owed(s.hub, s.copy);
  CHECK(entries(small) >= 1);
  CHECK(entries(small) < 10);
  CHECK(Federation::encoded(s.hub, small).size() < 4096);
  s.hub.limits.bytes_max = 1;
  CHECK(entries(Federation::owed(s.hub, s.copy)) == 1);
  s.world.settle();
  CHECK(s.at_copy().size() == 11);
}

TEST_CASE("the byte budget holds for bodies that swell when they are encoded") {
  Scene s;
  for (int i = 0; i < 60; ++i) s.say(std::string(29 * 1024, '"'));
  const Batch batch = Federation::owed(s.hub, s.copy);
  CHECK(entries(batch) > 5);
  CHECK(Federation::encoded(s.hub, batch).size() <= 2 * 1024 * 1024);
}

TEST_CASE("consent frames go first, however many logs wait") {
  Crowd crowd{8};
  crowd.world.settle();
  for (int i = 0; i < 8; ++i) {
    REQUIRE(crowd.beta.grant("ben" + std::to_string(i),
                             crowd.alpha.person("anna" + std::to_string(i))));
  }
  crowd.world.settle();
  for (int i = 0; i < 8; ++i) {
    const std::string n = std::to_string(i);
    REQUIRE(crowd.alpha.write("anna" + n, crowd.beta.person("ben" + n), "more"));
  }
  crowd.alpha.add_person("carla");
  REQUIRE(crowd.alpha.write("carla", crowd.beta.person("ben0"), "me too"));
  crowd.alpha.limits.lanes_max = 2;
  const Batch batch = Federation::owed(crowd.alpha, crowd.beta);
  CHECK(batch.frames.has_value());
}

TEST_CASE("delivered follows from the acknowledgement, read from the receipt") {
  Scene s;
  const auto sent = s.say("hello again");
  CHECK(s.hub.state_of(sent) == "SENT");
  CHECK(s.hub.state_of(sent, true) == "DELAYED");
  const Batch batch = Federation::owed(s.hub, s.copy);
  const auto answer = s.world.receive(s.copy, s.hub, Federation::encoded(s.hub, batch)).value();
  CHECK(s.hub.state_of(sent) == "SENT");
  REQUIRE(Federation::conclude(s.hub, s.copy, batch, answer));
  CHECK(s.hub.state_of(sent) == "DELIVERED");
  const auto seq = s.hub.store.row<Event>(sent)->position.seq;
  REQUIRE(s.copy.read(s.pair.at_copy, s.pair.copy_id, seq));
  s.world.settle();
  CHECK(s.hub.state_of(sent) == "READ");
  SECTION("reading never goes back and never runs ahead of the log") {
    REQUIRE(s.copy.read(s.pair.at_copy, s.pair.copy_id, seq - 1));
    CHECK(s.copy.store.row<Member>({s.pair.copy_id, s.pair.copy_person()})->read_seq == seq);
    REQUIRE(s.copy.read(s.pair.at_copy, s.pair.copy_id, seq + 100));
    s.world.settle();
    CHECK(s.hub.state_of(sent) == "READ");
    const auto next = s.say("unread");
    s.world.settle();
    CHECK(s.hub.state_of(next) == "DELIVERED");
  }
  SECTION("and back from the hub to the copy") {
    const auto reply = s.submit("reply");
    s.world.settle();
    CHECK(s.copy.state_of(reply) == "DELIVERED");
    REQUIRE(s.hub.read(s.pair.at_hub, s.pair.hub_id, 1000));
    s.world.settle();
    CHECK(s.copy.state_of(reply) == "READ");
  }
}

TEST_CASE("what was not acknowledged yet is not delivered") {
  Scene s;
  const auto one = s.say("one");
  const auto two = s.say("two");
  s.hub.limits.entries_max = 1;
  while (s.hub.state_of(one) == "SENT") s.world.exchange(s.hub, s.copy);
  CHECK(s.hub.state_of(one) == "DELIVERED");
  CHECK(s.hub.state_of(two) == "SENT");
}

TEST_CASE("a receipt tells about its sender's own person and about nobody else") {
  Scene s;
  s.say("x");
  s.world.settle();
  const auto theirs = s.copy.store.row<Member>({s.pair.copy_id, s.pair.hub_person()}).value();
  Batch batch;
  batch.receipts.push_back(
      {*s.hub.conversation(s.pair.hub_id).wire_id, {}, *theirs.member_id, {1, 1}});
  static_cast<void>(s.world.deliver(s.hub, s.copy, batch));
  CHECK(s.hub.store.row<Member>({s.pair.hub_id, s.pair.hub_person()})->read_seq == 0);
  CHECK(s.hub.store.row<Member>({s.pair.hub_id, s.pair.copy_person()})->read_seq == 0);
}

TEST_CASE("an answer that was lost is made up for by the next one, also when it was a refusal") {
  Scene s;
  const auto one = s.submit("one");
  REQUIRE(s.hub.revoke(s.pair.at_hub, s.pair.copy_person(), false));
  const Batch batch = Federation::owed(s.copy, s.hub);
  static_cast<void>(s.world.deliver(s.hub, s.copy, batch));  // Nobody hears the answer.
  CHECK(s.copy.state_of(one) == "PENDING");
  s.world.settle();
  CHECK(s.copy.state_of(one) == "FAILED");
  CHECK(s.copy.store.row<Event>(one)->reason == codes::consent_required);
  CHECK(s.at_hub() == Texts{"hello"});
}

TEST_CASE("a refused submission stays refused when its transaction is repeated after a new grant") {
  Scene s;
  const auto one = s.submit("one");
  REQUIRE(s.hub.revoke(s.pair.at_hub, s.pair.copy_person(), false));
  const Batch batch = Federation::owed(s.copy, s.hub);
  s.world.exchange(s.copy, s.hub);
  CHECK(s.copy.state_of(one) == "FAILED");
  REQUIRE(s.hub.grant(s.pair.at_hub, s.pair.copy_person()));
  static_cast<void>(s.world.deliver(s.hub, s.copy, batch));
  s.world.settle();
  CHECK(s.copy.state_of(one) == "FAILED");
  CHECK(s.at_hub() == Texts{"hello"});
  REQUIRE(s.copy.send(s.pair.at_copy, s.pair.copy_id, "two"));
  s.world.settle();
  CHECK(s.at_hub() == Texts{"hello", "two"});
}

TEST_CASE("a hub that fell back gets the submissions again, and orders none twice") {
  Scene s;
  const auto backup = s.hub.store.tables();
  s.submit("one");
  s.submit("two");
  s.world.exchange(s.copy, s.hub);
  CHECK(s.at_hub() == Texts{"hello", "one", "two"});
  s.hub.store.restore(backup);
  s.submit("three");
  s.world.settle();
  CHECK(s.at_hub() == Texts{"hello", "one", "two", "three"});
  CHECK(s.at_copy() == Texts{"hello", "one", "two", "three"});
}

TEST_CASE("a copy that fell back gets the log again") {
  Scene s;
  const auto backup = s.copy.store.tables();
  s.say("one");
  s.say("two");
  s.world.settle();
  s.copy.store.restore(backup);
  s.say("three");
  s.world.settle();
  CHECK(s.at_copy() == Texts{"hello", "one", "two", "three"});
  CHECK(s.log_lane().acked == s.log_lane().head);
}

TEST_CASE("a peer that claims to hold more than it was sent is believed only that far") {
  Scene s;
  s.say("one");
  s.say("two");
  s.hub.limits.entries_max = 1;
  const Batch batch = Federation::owed(s.hub, s.copy);
  Answer answer = s.world.deliver(s.copy, s.hub, batch);
  answer.lanes.front().position = {99, 99};
  REQUIRE(Federation::conclude(s.hub, s.copy, batch, federation::encode_answer(answer)));
  CHECK(s.log_lane().acked < s.log_lane().head);
  s.world.settle();
  CHECK(s.at_copy() == Texts{"hello", "one", "two"});
}

TEST_CASE("a place of a hub epoch that was never sent is no answer, however it is ordered") {
  Scene s;
  s.say("one");
  const std::int64_t most = (std::int64_t{1} << 53) - 1;
  const auto verdict = GENERATE(LaneVerdict::ok, LaneVerdict::gap, LaneVerdict::defer);
  const auto before = s.log_lane().acked;
  const Batch batch = Federation::owed(s.hub, s.copy);
  const auto conclude = [&](Position held) {
    Answer answer;
    LaneAnswer lane;
    lane.wire_id = batch.logs.front().wire_id;
    lane.verdict = verdict;
    lane.position = held;
    answer.lanes.push_back(lane);
    REQUIRE(s.hub.run([&](auto& tx, auto) {
      return apply_answer(tx, s.hub.home(), s.copy.name(), batch, answer);
    }));
    return s.hub.store.row<Member>({s.pair.hub_id, s.pair.copy_person()})->delivered_seq;
  };
  for (const Position absurd : {Position{0, most}, Position{2, 1}, Position{2, most}}) {
    CHECK(conclude(absurd) <= before.seq);
    CHECK(s.log_lane().acked == before);
  }
  CHECK(conclude({1, most}) == s.log_lane().head.seq);
  CHECK(s.log_lane().acked == s.log_lane().head);
}

TEST_CASE("no frame is erased for an answer that cannot be so") {
  Crowd crowd{3};
  const Batch batch = Federation::owed(crowd.alpha, crowd.beta);
  Answer answer = crowd.world.deliver(crowd.beta, crowd.alpha, batch);
  answer.lanes.front().position = {1, 3};
  REQUIRE(Federation::conclude(crowd.alpha, crowd.beta, batch, federation::encode_answer(answer)));
  CHECK(crowd.alpha.store.rows<Frame>().size() == 3);
  crowd.world.settle();
  CHECK(crowd.alpha.store.rows<Frame>().empty());
}

TEST_CASE("a new life of the sender's store begins its lanes anew and nothing arrives twice") {
  Scene s;
  s.submit("one");
  s.submit("two");
  s.world.exchange(s.copy, s.hub);
  const auto lane = s.submission_lane();
  REQUIRE(s.copy.store.transact([&](Transaction& tx) -> Result<> {
    Lane again = lane;
    again.acked = {0, 0};
    tx.put(again);
    return success();
  }));
  s.copy.renew_epoch();
  s.submit("three");
  s.world.settle();
  CHECK(s.at_hub() == Texts{"hello", "one", "two", "three"});
  CHECK(s.at_copy() == Texts{"hello", "one", "two", "three"});
  CHECK(s.hub.store.row<InLane>({s.copy.name(), LaneKind::submission, s.pair.hub_id})->epoch ==
        s.copy.home().epoch);
}

TEST_CASE("frames are erased when acknowledged, and repeated transactions store none twice") {
  Crowd crowd{5};
  const Batch batch = Federation::owed(crowd.alpha, crowd.beta);
  REQUIRE(entries(batch) == 5);
  CHECK(crowd.alpha.store.rows<Frame>().size() == 5);
  static_cast<void>(crowd.world.deliver(crowd.beta, crowd.alpha, batch));
  static_cast<void>(crowd.world.deliver(crowd.beta, crowd.alpha, batch));
  CHECK(crowd.beta.store.rows<InboxFrame>().size() == 5);
  CHECK(crowd.beta.store.row<InLane>({crowd.alpha.name(), LaneKind::consent, {}})->waiting == 5);
  crowd.world.exchange(crowd.alpha, crowd.beta);
  CHECK(crowd.alpha.store.rows<Frame>().empty());
  crowd.beta.apply_inbox();
  CHECK(crowd.beta.store.row<InLane>({crowd.alpha.name(), LaneKind::consent, {}})->waiting == 0);
  static_cast<void>(crowd.world.deliver(crowd.beta, crowd.alpha, batch));
  CHECK(crowd.beta.store.rows<InboxFrame>().empty());
  CHECK(crowd.beta.store.rows<ContactRequest>().size() == 5);
}

TEST_CASE("a full inbox defers, and no frame is lost over it") {
  Crowd crowd{10};
  crowd.beta.limits.inbox_frames_max = 3;
  const Batch batch = Federation::owed(crowd.alpha, crowd.beta);
  const Answer answer = crowd.world.deliver(crowd.beta, crowd.alpha, batch);
  CHECK(answer.lanes.front().verdict == LaneVerdict::defer);
  CHECK(answer.lanes.front().position.seq == 3);
  const auto outcome =
      Federation::conclude(crowd.alpha, crowd.beta, batch, federation::encode_answer(answer))
          .value();
  CHECK(outcome.is_deferred);
  CHECK(crowd.beta.store.rows<InboxFrame>().size() == 3);
  CHECK(crowd.alpha.store.rows<Frame>().size() == 7);
  crowd.world.settle();
  CHECK(crowd.beta.store.rows<ContactRequest>().size() == 10);
  CHECK(crowd.alpha.store.rows<Frame>().empty());
}

TEST_CASE("a frame that fails five times is parked for the operator and its lane goes on") {
  Crowd crowd{2};
  crowd.world.exchange(crowd.alpha, crowd.beta);
  const auto key = crowd.beta.store.rows<InboxFrame>().begin()->first;
  for (int attempt = 1; attempt <= 5; ++attempt) {
    CHECK(crowd.beta.look().inbox_frames(10).value().size() == 2);
    REQUIRE(crowd.beta.run([&](auto& tx, auto) { return frame_failed(tx, key); }));
  }
  CHECK(crowd.beta.store.row<InboxFrame>(key)->is_parked);
  const InLaneKey lane{crowd.alpha.name(), LaneKind::consent, {}};
  CHECK(crowd.beta.store.row<InLane>(lane)->waiting == 1);
  CHECK(crowd.beta.store.row<InLane>(lane)->parked == 1);
  crowd.world.settle();
  CHECK(crowd.beta.store.rows<ContactRequest>().size() == 1);
  CHECK(crowd.beta.store.row<InLane>(lane)->waiting == 0);
  CHECK(crowd.beta
            .run([](auto& tx, auto) {
              return frame_failed(tx, {tests::instance_name("beta.cpc"), {}});
            })
            .has_value());
}

TEST_CASE("parked frames do not fill the inbox, and are bounded themselves") {
  Crowd crowd{2};
  crowd.beta.limits.inbox_frames_max = 1;
  crowd.world.exchange(crowd.alpha, crowd.beta);
  const InLaneKey in{crowd.alpha.name(), LaneKind::consent, {}};
  const auto fail_first = [&] {
    const auto key = crowd.beta.look().inbox_frames(1).value().front().key();
    for (int attempt = 1; attempt <= 5; ++attempt) {
      REQUIRE(crowd.beta.run([&](auto& tx, auto) { return frame_failed(tx, key); }));
    }
    return crowd.beta.store.row<InboxFrame>(key).has_value();
  };
  CHECK(fail_first());
  crowd.world.exchange(crowd.alpha, crowd.beta);  // Is taken: nothing waits any more.
  REQUIRE(crowd.beta.store.row<InLane>(in)->waiting == 1);
  REQUIRE(crowd.beta.store.transact([&](Transaction& tx) -> Result<> {
    CPC_TRY(auto lane, tx.find(in));
    lane->parked = parked_frames_max;
    tx.put(*lane);
    return success();
  }));
  CHECK_FALSE(fail_first());
  CHECK(crowd.beta.store.row<InLane>(in)->waiting == 0);
  CHECK(crowd.beta.store.row<InLane>(in)->parked == parked_frames_max);
}

TEST_CASE("a peer that lost acknowledged frames does not stop the lane") {
  Crowd crowd{3};
  const auto backup = crowd.beta.store.tables();
  crowd.world.settle();
  crowd.beta.store.restore(backup);
  crowd.alpha.add_person("carla");
  crowd.beta.add_person("dora");
  REQUIRE(crowd.alpha.write("carla", crowd.beta.person("dora"), "hello"));
  crowd.world.settle();
  CHECK(crowd.beta.store.row<ContactRequest>({"dora", crowd.alpha.person("carla")}).has_value());
  const auto lane = crowd.alpha.store.row<Lane>({crowd.beta.name(), LaneKind::consent, {}}).value();
  CHECK(lane.acked == lane.head);
  CHECK(crowd.alpha.store.rows<Frame>().empty());
}

TEST_CASE("what is no frame of its sender is left out, what stood before and behind it arrives") {
  Crowd crowd{3};
  Batch batch = Federation::owed(crowd.alpha, crowd.beta);
  SECTION("altered") {
    batch.frames->items[1].jws[60] ^= 1;
  }
  SECTION("of another instance") {
    ConsentFrame frame;
    frame.id = id_of<FrameId>("f");
    frame.from = {address("eve@gamma.cpc"), crowd.alpha.home().iid, id_of<Incarnation>("i"),
                  id_of<MemberId>("m")};
    frame.to = crowd.beta.person("ben0");
    frame.version = 1;
    frame.epoch = crowd.alpha.home().epoch;
    frame.intro = "hello";
    batch.frames->items[1].jws = crowd.alpha.sign(frame).jws;
  }
  const Answer answer = crowd.world.deliver(crowd.beta, crowd.alpha, batch);
  CHECK(answer.lanes.front().verdict == LaneVerdict::reject);
  CHECK_FALSE(answer.lanes.front().code.empty());
  CHECK(answer.lanes.front().position.seq == 1);
  CHECK(crowd.beta.store.rows<InboxFrame>().size() == 1);
  const auto outcome =
      Federation::conclude(crowd.alpha, crowd.beta, batch, federation::encode_answer(answer))
          .value();
  CHECK(outcome.blocked.empty());
  REQUIRE(outcome.left_out.size() == 1);
  CHECK(outcome.left_out.front().position == 2);
  CHECK(outcome.left_out.front().code == answer.lanes.front().code);
  const Batch next = Federation::owed(crowd.alpha, crowd.beta);
  CHECK(begin_of(next.frames.value()) == 2);
  CHECK(next.frames->first == 3);
  crowd.world.settle();
  const auto lane = crowd.alpha.store.row<Lane>({crowd.beta.name(), LaneKind::consent, {}}).value();
  CHECK(lane.blocked.empty());
  CHECK(lane.acked.seq == 3);
}

TEST_CASE("the names of verdicts and states read back as themselves") {
  for (const auto verdict : {LaneVerdict::ok, LaneVerdict::gap, LaneVerdict::fork,
                             LaneVerdict::not_hub, LaneVerdict::defer, LaneVerdict::reject}) {
    CHECK(lane_verdict(wire_name(verdict)) == verdict);
  }
  CHECK_FALSE(lane_verdict("perhaps").has_value());
  CHECK(name_of(MessageState::waiting_consent) == "WAITING_CONSENT");
  CHECK(name_of(MessageState::expired) == "EXPIRED");
  for (const auto type :
       {EventType::conversation_create, EventType::member_join, EventType::message_post}) {
    CHECK(event_type(wire_name(type)) == type);
  }
  CHECK(event_type("poll.create") == EventType::unknown);
}

}  // namespace cpc::core
