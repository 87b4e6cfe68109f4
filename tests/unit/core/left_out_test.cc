// A message that its hub will never take fails for its author, and those behind it arrive.
#include "tests/support/two_instances.h"

namespace cpc::core {
namespace {

using tests::Federation;
using tests::Instance;

using Texts = std::vector<std::string>;

struct Scene {
  Federation world{{"alpha.cpc", "beta.cpc"}};
  tests::Pair pair = tests::make_pair(world, world.at(0), world.at(1), world.at(1));
  Instance& hub = pair.hub;
  Instance& copy = pair.copy;

  EventKey say(const std::string& text) {
    const auto key = copy.send(pair.at_copy, pair.copy_id, text);
    REQUIRE(key);
    while (copy.sign_drafts()) {
    }
    return key.value();
  }
  // What is owed, with the item at `index` altered on its way.
  Result<DeliveryOutcome> deliver_altered(std::size_t index) {
    Batch batch = Federation::owed(copy, hub);
    batch.submissions.front().items.at(index).body->back() ^= 1;
    const Answer answer = world.deliver(hub, copy, batch);
    return Federation::conclude(copy, hub, batch, federation::encode_answer(answer));
  }
  std::string state_of(const EventKey& key) const { return copy.state_of(key); }
  Texts seen_at_hub() const { return hub.texts(pair.at_hub, pair.hub_id); }
  Lane lane() const {
    return copy.store.row<Lane>({hub.name(), LaneKind::submission, pair.copy_id}).value();
  }
};

TEST_CASE("a message that its hub rejects fails, and the others go on") {
  for (const std::size_t index : {0U, 1U, 2U}) {
    Scene s;
    const std::vector<EventKey> sent{s.say("one"), s.say("two"), s.say("three")};
    const auto outcome = s.deliver_altered(index);
    REQUIRE(outcome);
    CHECK(outcome.value().blocked.empty());
    REQUIRE(outcome.value().left_out.size() == 1);
    CHECK(outcome.value().left_out.front().code == "BAD_SIGNATURE");
    s.world.settle();
    Texts expected{"hello", "one", "two", "three"};
    expected.erase(expected.begin() + 1 + static_cast<std::ptrdiff_t>(index));
    CHECK(s.seen_at_hub() == expected);
    for (std::size_t i = 0; i < sent.size(); ++i) {
      CHECK(s.state_of(sent[i]) == (i == index ? "FAILED" : "DELIVERED"));
    }
    CHECK(s.copy.store.row<Event>(sent[index])->reason == "BAD_SIGNATURE");
    CHECK(s.lane().acked == s.lane().head);
    CHECK(s.lane().blocked.empty());
  }
}

TEST_CASE("what was left out is skipped once: the next message needs no word of it") {
  Scene s;
  s.say("lost");
  REQUIRE(s.deliver_altered(0));
  s.world.settle();
  s.say("next");
  const Batch batch = Federation::owed(s.copy, s.hub);
  REQUIRE(batch.submissions.size() == 1);
  CHECK(batch.submissions.front().skipped == 0);
  s.world.settle();
  CHECK(s.seen_at_hub() == Texts{"hello", "next"});
}

TEST_CASE("a skip that comes twice, or late, takes nothing back") {
  Scene s;
  s.say("lost");
  REQUIRE(s.deliver_altered(0));
  s.say("kept");
  const Batch batch = Federation::owed(s.copy, s.hub);
  CHECK(batch.submissions.front().skipped == 1);
  for (int turn = 0; turn < 2; ++turn) {
    const Answer answer = s.world.deliver(s.hub, s.copy, batch);
    CHECK(answer.lanes.front().verdict == LaneVerdict::ok);
    CHECK(answer.lanes.front().position.seq == end_of(batch.submissions.front()));
  }
  CHECK(s.seen_at_hub() == Texts{"hello", "kept"});
}

TEST_CASE("a skip that begins behind what the hub holds is a gap") {
  Scene s;
  s.say("one");
  Batch batch = Federation::owed(s.copy, s.hub);
  auto& part = batch.submissions.front();
  const std::int64_t held = part.first - 1;
  part.skipped = 2;
  part.first += 5;
  const Answer answer = s.world.deliver(s.hub, s.copy, batch);
  CHECK(answer.lanes.front().verdict == LaneVerdict::gap);
  CHECK(answer.lanes.front().position.seq == held);
}

TEST_CASE("a hub that rejects what was not sent stops the lane") {
  Scene s;
  s.say("one");
  const Batch batch = Federation::owed(s.copy, s.hub);
  LaneAnswer lane;
  lane.kind = LaneKind::submission;
  lane.wire_id = batch.submissions.front().wire_id;
  lane.verdict = LaneVerdict::reject;
  lane.code = "MALFORMED";
  lane.position = {0, end_of(batch.submissions.front())};
  const Answer answer{{}, 1, s.world.now, {lane}};
  const auto outcome =
      Federation::conclude(s.copy, s.hub, batch, federation::encode_answer(answer));
  REQUIRE(outcome);
  CHECK(outcome.value().left_out.empty());
  CHECK(outcome.value().blocked.size() == 1);
  CHECK(s.lane().blocked == "MALFORMED");
}

}  // namespace
}  // namespace cpc::core
