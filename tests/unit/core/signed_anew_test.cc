// Keys follow each other while events wait for their hub: an event is signed anew, and has its
// place under whichever signature the hub saw first.

#include "core/delivery.h"
#include "federation/jws.h"
#include "tests/support/two_instances.h"

namespace cpc::core {
namespace {

using tests::Federation;
using tests::Instance;
using tests::make_pair;
using tests::Pair;

struct Scene {
  Federation world{{"alpha.cpc", "beta.cpc"}};
  Pair pair = make_pair(world, world.at(0), world.at(1), world.at(0));
  Instance& hub = pair.hub;
  Instance& copy = pair.copy;
  int keys = 0;

  EventKey submit(const std::string& text) {
    const auto sent = copy.send(pair.at_copy, pair.copy_id, text);
    copy.sign_drafts();
    return sent.value();
  }
  Event row(const EventKey& key) { return copy.store.row<Event>(key).value(); }
  /// As the resigning loop does, under one more key.
  void sign_anew(const EventKey& key, const std::string& replaced) {
    const auto other = crypto::SigningKey::from_seed(
        tests::id_of<crypto::Seed>("later key " + std::to_string(++keys)));
    copy.add_signing_key(other);
    const Event event = row(key);
    const auto renewed =
        federation::sign_again({event.protected_header, event.payload, event.signature}, other)
            .value();
    REQUIRE(copy.run([&](Transaction& tx, const Moment&) {
      return core::sign_anew(tx, key, replaced, renewed.protected_, renewed.signature);
    }));
  }
  void sign_anew(const EventKey& key) { sign_anew(key, row(key).signature); }
  bool is_alike() {
    const auto one = hub.log(pair.hub_id), other = copy.log(pair.copy_id);
    return std::ranges::equal(one, other, [](const Event& a, const Event& b) {
      return a.link == b.link && a.hash == b.hash && a.signature == b.signature &&
             a.protected_header == b.protected_header;
    });
  }
};

}  // namespace

TEST_CASE("an event that is signed anew before its hub saw it has its place under the new key") {
  Scene s;
  const EventKey key = s.submit("late");
  const std::string before = s.row(key).signature;
  s.sign_anew(key);
  CHECK(s.row(key).signature != before);
  CHECK(s.row(key).superseded.ends_with(before));
  const std::string renewed = s.row(key).signature;
  s.world.settle();
  CHECK(s.row(key).state == EventState::ordered);
  CHECK(s.row(key).signature == renewed);
  CHECK(s.row(key).superseded.empty());
  CHECK(s.is_alike());
  CHECK(s.hub.texts(s.pair.at_hub, s.pair.hub_id).back() == "late");
}

TEST_CASE("an event that its hub placed already goes back to the signature it was placed under") {
  Scene s;
  const EventKey key = s.submit("placed");
  const std::string first = s.row(key).signature;
  // It arrives, and the answer is lost; twice the key changes meanwhile.
  static_cast<void>(s.world.deliver(s.hub, s.copy, Federation::owed(s.copy, s.hub)));
  s.sign_anew(key);
  s.sign_anew(key);
  s.world.settle();
  CHECK(s.row(key).state == EventState::ordered);
  CHECK(s.row(key).signature == first);
  CHECK(s.row(key).superseded.empty());
  CHECK(s.is_alike());
  CHECK(s.copy.store.row<Lane>({s.hub.name(), LaneKind::submission, s.pair.copy_id})
            ->blocked.empty());
}

TEST_CASE("what came back in the log before its hub's answer is not sent again") {
  Scene s;
  const EventKey key = s.submit("placed");
  static_cast<void>(s.world.deliver(s.hub, s.copy, Federation::owed(s.copy, s.hub)));
  s.sign_anew(key);
  REQUIRE(s.world.exchange(s.hub, s.copy));
  REQUIRE(s.row(key).state == EventState::ordered);

  // Its signature is the one before, so nobody can sign it anew, and it would hold up the others.
  const EventKey next = s.submit("next");
  const Batch batch = Federation::owed(s.copy, s.hub);
  REQUIRE(batch.submissions.size() == 1);
  CHECK(batch.submissions.front().skipped == 2);  // What it says, and the join before it.
  CHECK(batch.submissions.front().keys == std::vector{next});
  s.world.settle();
  CHECK(s.row(next).state == EventState::ordered);
  CHECK(s.is_alike());
  const auto lane = s.copy.store.row<Lane>({s.hub.name(), LaneKind::submission, s.pair.copy_id});
  CHECK(lane->acked == lane->head);
  CHECK(s.hub.texts(s.pair.at_hub, s.pair.hub_id).back() == "next");
}

TEST_CASE("what has its place, or was signed anew meanwhile, stays as it is") {
  Scene s;
  const EventKey key = s.submit("placed");
  const std::string first = s.row(key).signature;
  s.sign_anew(key, "another signature");
  CHECK(s.row(key).signature == first);
  s.world.settle();
  s.sign_anew(key, first);
  CHECK(s.row(key).signature == first);
  CHECK(s.is_alike());
}

}  // namespace cpc::core
