// A copy acknowledges a log by its link: another link at the same place is another history.
#include "tests/support/two_instances.h"

namespace cpc::core {
namespace {

using tests::Federation;

struct Acknowledged {
  Federation world{{"alpha.cpc", "beta.cpc"}};
  tests::Pair pair = tests::make_pair(world, world.at(0), world.at(1), world.at(0));
  Batch sent;
  Answer answer;

  Acknowledged() {
    world.settle();
    REQUIRE(pair.hub.send(pair.at_hub, pair.hub_id, "one more"));
    while (pair.hub.sign_drafts()) {
    }
    sent = Federation::owed(pair.hub, pair.copy);
    REQUIRE(sent.logs.size() == 1);
    answer = world.deliver(pair.copy, pair.hub, sent);
    REQUIRE(log().verdict == LaneVerdict::ok);
    REQUIRE(log().link.has_value());
    answer.proof = "signed";
  }
  LaneAnswer& log() {
    for (LaneAnswer& lane : answer.lanes) {
      if (lane.kind == LaneKind::log) return lane;
    }
    throw std::logic_error("no log was answered");
  }
  DeliveryOutcome conclude() {
    const auto outcome =
        Federation::conclude(pair.hub, pair.copy, sent, federation::encode_answer(answer));
    REQUIRE(outcome.has_value());
    return outcome.value();
  }
  std::string code() { return evidence_of(pair.copy.name(), sent, answer, world.now).value().code; }
  Lane lane() {
    return pair.hub.store.row<Lane>({pair.copy.name(), LaneKind::log, pair.hub_id}).value();
  }
};

TEST_CASE("an acknowledgement with another link at the same place is a fork, though it says ok") {
  for (const LaneVerdict verdict : {LaneVerdict::ok, LaneVerdict::gap, LaneVerdict::defer}) {
    Acknowledged s;
    s.log().verdict = verdict;
    s.log().link = tests::id_of<Digest>("another history");
    const Position acked = s.lane().acked;
    CHECK(s.code() == "FORK");
    CHECK(s.conclude().blocked.size() == 1);
    CHECK(s.lane().blocked == "FORK");
    CHECK(s.lane().acked == acked);
  }
}

TEST_CASE("our own link, or none, is no fork") {
  for (const bool has_link : {true, false}) {
    Acknowledged s;
    if (!has_link) s.log().link.reset();
    CHECK(s.code().empty());
    CHECK(s.conclude().blocked.empty());
    CHECK(s.lane().acked == s.lane().head);
  }
}

}  // namespace
}  // namespace cpc::core
