// Two instances compare what they hold of a log: what was lost comes back, what differs stops.
#include "core/heads.h"

#include <algorithm>

#include "federation/heads_codec.h"
#include "tests/support/two_instances.h"

namespace cpc::core {
namespace {

using tests::Federation;
using tests::Instance;

using Texts = std::vector<std::string>;
using Verdicts = std::vector<HeadVerdict>;

struct Scene {
  Federation world{{"alpha.cpc", "beta.cpc", "gamma.cpc"}};
  tests::Pair pair = tests::make_pair(world, world.at(0), world.at(1), world.at(1));
  Instance& hub = pair.hub;
  Instance& copy = pair.copy;

  // As they travel, and read again.
  std::vector<LogHead> heads() const {
    const auto page = heads_at(copy.look(), hub.name(), {}, {}).value();
    const Bytes sent = federation::encode_heads({copy.mark(), page.heads});
    return federation::decode_heads(sent).value().heads;
  }
  HubView asked_by(const Instance& who, const std::vector<LogHead>& heads) const {
    return answer_heads(hub.look(), hub.home(), who.name(), who.home().iid, heads).value();
  }
  struct Compared {
    Verdicts at_copy;
    Verdicts at_hub;
  };
  /// One exchange; both sides do what it says, but for pulling.
  Compared compare() {
    const auto told = heads();
    HubView view = asked_by(copy, told);
    const Bytes sent = federation::encode_heads_answer({hub.mark(), view.answers});
    const auto answers = federation::decode_heads_answer(sent).value().answers;
    REQUIRE(answers == view.answers);
    const auto findings = judge_answers(copy.look(), hub.name(), told, answers).value();
    note(copy, hub, LaneKind::submission, findings);
    note(hub, copy, LaneKind::log, view.findings);
    return {verdicts(findings), verdicts(view.findings)};
  }
  static Verdicts verdicts(const std::vector<HeadFinding>& findings) {
    Verdicts all;
    for (const auto& finding : findings) all.push_back(finding.verdict);
    return all;
  }
  static void note(Instance& at, const Instance& peer, LaneKind kind,
                   const std::vector<HeadFinding>& findings) {
    for (const auto& finding : findings) {
      REQUIRE(at.run([&](Transaction& tx, const Moment&) {
        return note_finding(tx, peer.name(), kind, finding);
      }));
    }
  }
  std::optional<LogStretch> stretch(const Instance& who, Position after, DeliveryLimits limits) {
    return stretch_of(hub.look(), hub.home(), who.name(), who.home().iid, wire_id(), after, limits)
        .value();
  }
  /// Until the hub has no more. How many rounds it took.
  int pull(std::size_t entries_max = 500) {
    DeliveryLimits limits;
    limits.entries_max = entries_max;
    for (int rounds = 1;; ++rounds) {
      const auto given = stretch(copy, head_at(copy, pair.copy_id), limits);
      REQUIRE(given);
      const Bytes sent = federation::encode_stretch(*given, hub.mark());
      auto read = federation::decode_stretch(sent, {hub.identity(), &copy.identity()}, world.now,
                                             entries_max);
      REQUIRE(read);
      CHECK(read.value().part.refused.empty());
      VerifiedBatch batch;
      batch.logs.push_back(std::move(read.value().part));
      const Origin origin{hub.name(), hub.home().iid, hub.home().epoch};
      const auto answer = copy.run([&](Transaction& tx, const Moment& moment) {
        return apply_batch(tx, copy.home(), moment, origin, batch, {});
      });
      REQUIRE(answer);
      REQUIRE(answer.value().lanes.front().verdict == LaneVerdict::ok);
      if (!read.value().has_more) return rounds;
    }
  }
  WireId wire_id() const { return *hub.conversation(pair.hub_id).wire_id; }
  static Position head_at(const Instance& at, const ConversationId& id) {
    return at.conversation(id).head.position;
  }
  void say_at_hub(const std::string& text) {
    REQUIRE(hub.send(pair.at_hub, pair.hub_id, text));
    world.settle();
  }
  void say_at_copy(const std::string& text) {
    REQUIRE(copy.send(pair.at_copy, pair.copy_id, text));
    world.settle();
  }
  Texts seen_at_copy() const { return copy.texts(pair.at_copy, pair.copy_id); }
  Texts seen_at_hub() const { return hub.texts(pair.at_hub, pair.hub_id); }
  /// The store of the copy as it was before `key`, which waits to be submitted, was signed.
  void unsign(const EventKey& key) {
    const auto rule = [&](Transaction& tx, const Moment&) -> Result<> {
      Event event = tx.find(key).value().value();
      REQUIRE(event.state == EventState::pending);
      event.state = EventState::draft;
      event.hash = {};
      event.protected_header = event.payload = event.signature = event.salt = {};
      event.draft_order = 1;
      Conversation row = tx.find(ConversationKey{pair.copy_id}).value().value();
      row.submitted = event.submission - 1;
      row.drafts = row.drafts_made = 1;
      event.submission = 0;
      Lane lane = tx.find(LaneKey{hub.name(), LaneKind::submission, pair.copy_id}).value().value();
      lane.head.seq = row.submitted;
      tx.put(event);
      tx.put(row);
      tx.put(lane);
      return success();
    };
    REQUIRE(copy.run(rule));
  }
  std::string blocked_at_copy() const {
    const auto lane = copy.store.row<Lane>({hub.name(), LaneKind::submission, pair.copy_id});
    return lane ? lane->blocked : std::string{};
  }
  std::string blocked_at_hub() const {
    const auto lane = hub.store.row<Lane>({copy.name(), LaneKind::log, pair.hub_id});
    return lane ? lane->blocked : std::string{};
  }
};

TEST_CASE("two that hold the same find nothing to do") {
  Scene s;
  s.say_at_hub("one");
  const auto found = s.compare();
  CHECK(found.at_copy.empty());
  CHECK(found.at_hub.empty());
}

TEST_CASE("a hub that is ahead by what is on its way is nothing to pull") {
  Scene s;
  REQUIRE(s.hub.send(s.pair.at_hub, s.pair.hub_id, "not delivered yet"));
  while (s.hub.sign_drafts()) {
  }
  const auto found = s.compare();
  CHECK(found.at_copy.empty());
  CHECK(found.at_hub.empty());
}

TEST_CASE("a restored copy gets back from its hub what it lost, also what its own people wrote") {
  for (const std::size_t entries_max : {500U, 2U}) {
    Scene s;
    const tests::Tables backup = s.copy.store.tables();
    s.say_at_hub("from the hub");
    s.say_at_copy("from the copy");
    s.say_at_hub("again");
    const Texts before = s.seen_at_copy();
    s.copy.store.restore(backup);
    s.copy.renew_epoch();
    CHECK(s.compare().at_copy == Verdicts{HeadVerdict::lacking});
    CHECK(s.pull(entries_max) == (entries_max == 2 ? 2 : 1));
    CHECK(s.seen_at_copy() == before);
    CHECK(s.compare().at_copy.empty());

    s.say_at_copy("and on");
    CHECK(s.seen_at_hub().back() == "and on");
    CHECK(s.seen_at_copy().back() == "and on");
  }
}

TEST_CASE("an own entry that is lost here is no fork: it is asked for with its envelope") {
  Scene s;
  const tests::Tables backup = s.copy.store.tables();
  s.say_at_copy("lost");
  s.copy.store.restore(backup);
  s.copy.renew_epoch();
  REQUIRE(s.hub.send(s.pair.at_hub, s.pair.hub_id, "later"));
  while (s.hub.sign_drafts()) {
  }
  // The first try finds the gap, the second begins with the entry of the copy's own.
  for (int turn = 0; turn < 2; ++turn) {
    const Batch sent = Federation::owed(s.hub, s.copy);
    const Answer answer = s.world.deliver(s.copy, s.hub, sent);
    const LaneAnswer& lane = answer.lanes.front();
    CHECK(lane.verdict == (turn == 0 ? LaneVerdict::gap : LaneVerdict::defer));
    CHECK(lane.code == (turn == 0 ? "" : envelope_needed));
    const auto outcome =
        Federation::conclude(s.hub, s.copy, sent, federation::encode_answer(answer));
    REQUIRE(outcome);
    CHECK(outcome.value().blocked.empty());
  }
  s.pull();
  s.world.settle();
  CHECK(s.seen_at_copy() == Texts{"hello", "lost", "later"});
  CHECK(s.blocked_at_hub().empty());
}

TEST_CASE("a message that a restored store holds unsigned, and its hub has, is shown once") {
  Scene s;
  const auto sent = s.copy.send(s.pair.at_copy, s.pair.copy_id, "twice signed");
  REQUIRE(sent);
  const tests::Tables backup = s.copy.store.tables();
  s.world.settle();
  s.copy.store.restore(backup);
  s.copy.renew_epoch();
  s.unsign(sent.value());
  REQUIRE(s.copy.sign_drafts());
  CHECK(s.compare().at_copy == Verdicts{HeadVerdict::lacking});
  s.pull();
  s.world.settle();
  CHECK(s.seen_at_copy() == Texts{"hello", "twice signed"});
  CHECK(s.seen_at_hub() == Texts{"hello", "twice signed"});
  s.say_at_copy("next");
  CHECK(s.seen_at_hub().back() == "next");
  CHECK(s.copy.conversation(s.pair.copy_id).drafts == 0);
}

TEST_CASE("a draft that comes back from the hub is a draft no more") {
  Scene s;
  const auto sent = s.copy.send(s.pair.at_copy, s.pair.copy_id, "drafted");
  REQUIRE(sent);
  const tests::Tables backup = s.copy.store.tables();
  s.world.settle();
  s.copy.store.restore(backup);
  s.copy.renew_epoch();
  s.unsign(sent.value());
  s.pull();
  CHECK(s.copy.conversation(s.pair.copy_id).drafts == 0);
  CHECK_FALSE(s.copy.sign_drafts());
  CHECK(s.seen_at_copy() == Texts{"hello", "drafted"});
}

TEST_CASE("a hub that lost entries is told on both sides, and nothing more of the log is sent") {
  Scene s;
  const tests::Tables backup = s.hub.store.tables();
  s.say_at_hub("lost by the hub");
  const tests::Tables whole = s.hub.store.tables();
  s.hub.store.restore(backup);
  const auto found = s.compare();
  CHECK(found.at_copy == Verdicts{HeadVerdict::lost});
  CHECK(found.at_hub == Verdicts{HeadVerdict::lost});
  CHECK(s.blocked_at_copy() == "LOST");
  CHECK(s.blocked_at_hub() == "LOST");
  REQUIRE(s.copy.send(s.pair.at_copy, s.pair.copy_id, "waits"));
  s.world.settle();
  CHECK(s.seen_at_hub() == Texts{"hello"});

  SECTION("told once") {
    const HeadFinding again{s.pair.copy_id, s.wire_id(), HeadVerdict::lost};
    const auto is_news = s.copy.run([&](Transaction& tx, const Moment&) {
      return note_finding(tx, s.hub.name(), LaneKind::submission, again);
    });
    CHECK_FALSE(is_news.value());
  }
  SECTION("until the copy holds nothing that could differ") {
    LogHead nothing;
    nothing.wire_id = s.wire_id();
    const HubView view = s.asked_by(s.copy, {nothing});
    CHECK(Scene::verdicts(view.findings) == Verdicts{HeadVerdict::agreed});
    Scene::note(s.hub, s.copy, LaneKind::log, view.findings);
    CHECK(s.blocked_at_hub().empty());
  }
  SECTION("until a newer copy of its store agrees again") {
    s.hub.store.restore(whole);
    CHECK(s.compare().at_copy == Verdicts{HeadVerdict::agreed});
    CHECK(s.blocked_at_copy().empty());
    s.world.settle();
    CHECK(s.seen_at_hub() == Texts{"hello", "lost by the hub", "waits"});
    CHECK(s.seen_at_copy() == s.seen_at_hub());
  }
}

TEST_CASE("a log that the hub knows no more counts as lost") {
  Scene s;
  const auto told = s.heads();
  REQUIRE(told.size() == 1);
  const auto findings = judge_answers(s.copy.look(), s.hub.name(), told, {}).value();
  CHECK(Scene::verdicts(findings) == Verdicts{HeadVerdict::lost});
}

TEST_CASE("two histories at one place are a fork on both sides, whoever is ahead") {
  for (const bool is_hub_longer : {true, false}) {
    Scene s;
    const tests::Tables backup = s.hub.store.tables();
    s.say_at_hub("one history");
    if (!is_hub_longer) s.say_at_hub("and more of it");
    s.hub.store.restore(backup);
    REQUIRE(s.hub.send(s.pair.at_hub, s.pair.hub_id, "another"));
    while (s.hub.sign_drafts()) {
    }
    if (is_hub_longer) {
      REQUIRE(s.hub.send(s.pair.at_hub, s.pair.hub_id, "and longer"));
      while (s.hub.sign_drafts()) {
      }
    }
    const auto found = s.compare();
    // A copy that is ahead of the hub's head cannot see yet that it is another history.
    const HeadVerdict expected = is_hub_longer ? HeadVerdict::fork : HeadVerdict::lost;
    CHECK(found.at_copy == Verdicts{expected});
    CHECK(found.at_hub == Verdicts{expected});
    CHECK_FALSE(s.blocked_at_copy().empty());
    CHECK(s.blocked_at_copy() == s.blocked_at_hub());
  }
}

TEST_CASE("only who takes part is answered, and the others learn nothing") {
  Scene s;
  const auto told = s.heads();
  CHECK(s.asked_by(s.copy, told).answers.size() == 1);
  CHECK(s.asked_by(s.world.at(2), told).answers.empty());
  CHECK_FALSE(s.stretch(s.world.at(2), {}, {}).has_value());
  // The same name, but another instance, as after its name was bound anew.
  const Iid other = s.world.at(2).home().iid;
  CHECK(
      answer_heads(s.hub.look(), s.hub.home(), s.copy.name(), other, told).value().answers.empty());
  const auto given =
      stretch_of(s.hub.look(), s.hub.home(), s.copy.name(), other, s.wire_id(), {}, {});
  CHECK_FALSE(given.value().has_value());
  // Nor does a copy answer for a log that it does not order.
  const auto at_copy =
      answer_heads(s.copy.look(), s.copy.home(), s.hub.name(), s.hub.home().iid, told);
  CHECK(at_copy.value().answers.empty());
}

TEST_CASE("who asks for what moved lately is not given the rest") {
  Scene s;
  const auto page = heads_at(s.copy.look(), s.hub.name(), {}, s.world.now + Milliseconds{1});
  CHECK(page.value().heads.empty());
  CHECK(heads_at(s.copy.look(), s.hub.name(), {}, {}).value().heads.size() == 1);
  CHECK(heads_at(s.copy.look(), tests::instance_name("gamma.cpc"), {}, {}).value().heads.empty());
}

}  // namespace
}  // namespace cpc::core
