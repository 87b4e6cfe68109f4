// No lane waits for ever behind others that do not move.
#include "core/lane_turns.h"

#include "tests/support/two_instances.h"

namespace cpc::core {
namespace {

using tests::Federation;
using tests::Instance;

struct Scene {
  Federation world{{"alpha.cpc", "beta.cpc"}};
  Instance& hub = world.at(0);
  Instance& copy = world.at(1);
  tests::Pair first = tests::make_pair(world, hub, copy, copy);
  tests::Pair second = tests::make_pair(world, hub, copy, copy);
  LaneTurns turns;
  DeliveryLimits limits;

  Scene() {
    for (const auto* pair : {&first, &second}) {
      for (const char* text : {"one", "two"}) {
        REQUIRE(hub.send(pair->at_hub, pair->hub_id, text));
      }
    }
    while (hub.sign_drafts()) {
    }
  }
  [[nodiscard]] Batch owed() {
    return owed_to(hub.look(), hub.home(), copy.name(), limits, &turns).value();
  }
  [[nodiscard]] LaneKey log_of(const tests::Pair& pair) const {
    return {copy.name(), LaneKind::log, pair.hub_id};
  }
  /// The peer asks for time about everything that was sent of these lanes.
  void defer(const Batch& sent, const std::vector<LaneKey>& lanes) {
    DeliveryOutcome outcome;
    outcome.is_deferred = true;
    outcome.deferred = lanes;
    turns.note_outcome(copy.name(), sent, outcome);
  }
};

TEST_CASE("a lane that its peer defers for ever lets the others go first, and stays in turn") {
  Scene s;
  s.limits.entries_max = 1;
  const Batch sent = s.owed();
  REQUIRE(sent.logs.size() == 1);
  const ConversationId stuck = sent.logs[0].conversation;
  s.defer(sent, {{s.copy.name(), LaneKind::log, stuck}});
  const Batch next = s.owed();
  REQUIRE(next.logs.size() == 1);
  CHECK(next.logs[0].conversation != stuck);
  // Behind them it is asked again, an item at a time.
  s.limits.entries_max = 100;
  const Batch all = s.owed();
  REQUIRE(all.logs.size() == 2);
  CHECK(all.logs[0].items.size() > 1);
  CHECK(all.logs[1].conversation == stuck);
  CHECK(all.logs[1].items.size() == 1);
  s.defer(all, {});
  CHECK(s.turns.behind() == 0);
}

TEST_CASE("more lanes are read where some do not move, so that all get their turn") {
  Scene s;
  s.limits.lanes_max = 1;
  const Batch sent = s.owed();
  REQUIRE(sent.logs.size() == 1);
  s.defer(sent, {{s.copy.name(), LaneKind::log, sent.logs[0].conversation}});
  const Batch next = s.owed();
  REQUIRE(next.logs.size() == 1);
  CHECK(next.logs[0].conversation != sent.logs[0].conversation);
}

TEST_CASE("an answer that defers names the lane that did not move") {
  Scene s;
  const Batch sent = s.owed();
  Answer answer = s.world.deliver(s.copy, s.hub, sent);
  for (LaneAnswer& lane : answer.lanes) {
    if (lane.wire_id != sent.logs[0].wire_id) continue;
    lane.verdict = LaneVerdict::defer;
    lane.position = {};
  }
  const auto outcome =
      Federation::conclude(s.hub, s.copy, sent, federation::encode_answer(answer)).value();
  CHECK(outcome.deferred ==
        std::vector{LaneKey{s.copy.name(), LaneKind::log, sent.logs[0].conversation}});
}

TEST_CASE("a lane that has nothing to send is news once, and many of them for no loop") {
  Scene s;
  CHECK(s.turns.note_idle({s.log_of(s.first)}));
  CHECK_FALSE(s.turns.note_idle({s.log_of(s.first)}));
  CHECK(s.turns.is_behind(s.log_of(s.first)));
  CHECK_FALSE(s.turns.is_behind(s.log_of(s.second)));
  std::vector<LaneKey> many;
  for (std::size_t i = 0; i < LaneTurns::behind_max; ++i) {
    many.push_back({s.copy.name(), LaneKind::receipts,
                    tests::id_of<ConversationId>("lane " + std::to_string(i))});
  }
  CHECK_FALSE(s.turns.note_idle(many));
}

}  // namespace
}  // namespace cpc::core
