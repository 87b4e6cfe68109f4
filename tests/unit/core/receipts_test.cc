// Who is told how far somebody has read, and who is not.

#include "core/receipts.h"

#include "core/contact.h"
#include "tests/unit/core/refusal.h"

namespace cpc::core {
namespace {

using tests::Federation;
using tests::Instance;

// The sender's message lies at the refuser's, unread.
struct Unread : Refusal {
  EventKey sent;
  std::int64_t place = 0;
  explicit Unread(bool refuser_is_hub) : Refusal(refuser_is_hub) {
    sent = sender.send(from, at_sender, "read me").value();
    world.settle();
    place = refuser.conversation(at_refuser).head.position.seq;
  }
  void read() { REQUIRE(refuser.read(to, at_refuser, place)); }
  // How far the reader has read, in their own eyes.
  std::int64_t own() {
    const auto member = refuser.store.row<Member>({at_refuser, refusing}).value();
    return read_by(refuser.look(), member).value();
  }
};

// Two people of one instance who agreed, and a message from anna to ben.
struct Housemates {
  Federation world{{"alpha.cpc"}};
  Instance& alpha = world.at(0);
  Address anna = alpha.person("anna");
  Address ben = alpha.person("ben");
  EventKey sent;
  ConversationId id;
  Housemates() {
    alpha.add_person("anna");
    alpha.add_person("ben");
    REQUIRE(alpha.write("anna", ben, "hello"));
    REQUIRE(alpha.grant("ben", anna));
    world.settle();
    sent = alpha.write("anna", ben, "read me").value();
    world.settle();
    id = sent.conversation;
  }
  void read() { REQUIRE(alpha.read("ben", id, 1000)); }
  Member row() { return alpha.store.row<Member>({id, ben}).value(); }
  std::int64_t own() { return read_by(alpha.look(), row()).value(); }
};

}  // namespace

TEST_CASE("what is read after a block stays the reader's own, on one instance as on two") {
  Housemates s;
  REQUIRE(s.alpha.revoke("ben", s.anna, true));
  const auto n = s.alpha.store.last_n();
  s.read();
  CHECK(s.alpha.state_of(s.sent) == "DELIVERED");
  CHECK(s.row().read_seq == 0);
  CHECK(s.own() == s.alpha.conversation(s.id).head.position.seq);
  CHECK(s.alpha.store.last_n() == n);  // Not even that something changed.
  SECTION("and is told when it is read again after a new grant") {
    REQUIRE(s.alpha.grant("ben", s.anna));
    CHECK(s.alpha.state_of(s.sent) == "DELIVERED");
    s.read();
    CHECK(s.alpha.state_of(s.sent) == "READ");
    CHECK(s.row().read_seq == s.own());
  }
}

TEST_CASE("a receipt that waited for the other instance does not travel after a block") {
  const bool refuser_is_hub = GENERATE(true, false);
  const std::string refusal = GENERATE("quiet", "open", "denied", "opted out");
  Unread s{refuser_is_hub};
  s.read();
  const auto before = s.own();
  if (refusal == "denied") {
    REQUIRE(s.refuser.deny(s.to, s.sending));
  } else if (refusal == "opted out") {
    REQUIRE(s.refuser.run([&](auto& tx, auto at) {
      return set_federation_opt_in(tx, s.refuser.home(), at, s.to, s.sending.instance, false);
    }));
  } else {
    REQUIRE(s.refuser.revoke(s.to, s.sending, refusal == "quiet"));
  }
  INFO(refusal << ", refuser is hub: " << refuser_is_hub);
  CHECK(Federation::owed(s.refuser, s.sender).receipts.empty());
  s.world.settle();
  CHECK(s.sender.state_of(s.sent) == "DELIVERED");
  CHECK(s.own() == before);

  REQUIRE(s.refuser.grant(s.to, s.sending));
  if (refusal == "opted out") {
    REQUIRE(s.refuser.run([&](auto& tx, auto at) {
      return set_federation_opt_in(tx, s.refuser.home(), at, s.to, s.sending.instance, true);
    }));
  }
  s.read();
  s.world.settle();
  CHECK(s.sender.state_of(s.sent) == "READ");
}

TEST_CASE("a receipt on its way while its reader blocks leaves no lane behind its answer") {
  Unread s{GENERATE(true, false)};
  s.read();
  const Batch batch = Federation::owed(s.refuser, s.sender);
  REQUIRE(batch.receipts.size() == 1);
  const auto answer = s.world.receive(s.sender, s.refuser, Federation::encoded(s.refuser, batch));
  REQUIRE(s.refuser.revoke(s.to, s.sending, true));
  REQUIRE(Federation::conclude(s.refuser, s.sender, batch, answer.value()));
  const auto lane =
      s.refuser.store.row<Lane>({s.sender.name(), LaneKind::receipts, s.at_refuser}).value();
  CHECK(lane.acked == lane.head);
  CHECK(lane.acked.seq == s.place);
}

TEST_CASE("a receipt for a place of no epoch of this log has no effect") {
  Unread s{GENERATE(true, false)};
  const auto reader = s.refuser.store.row<Member>({s.at_refuser, s.refusing}).value();
  const WireId wire = *s.refuser.conversation(s.at_refuser).wire_id;
  const auto send = [&](Position read) {
    VerifiedBatch batch;
    batch.receipts.push_back({wire, {}, *reader.member_id, read});
    const Origin origin{s.refuser.name(), s.refuser.home().iid, s.refuser.home().epoch};
    const auto answer = s.sender.run([&](auto& tx, auto at) {
      return apply_batch(tx, s.sender.home(), at, origin, batch, s.sender.limits);
    });
    REQUIRE(answer.has_value());
    return answer.value().lanes.front();
  };
  const std::int64_t most = (std::int64_t{1} << 53) - 1;
  const auto seen = [&] { return s.sender.store.row<Member>({s.at_sender, s.refusing})->read_seq; };
  CHECK(send({0, most}).verdict == LaneVerdict::ok);
  CHECK(seen() == 0);
  CHECK(send({2, 1}).verdict == LaneVerdict::defer);
  CHECK(send({2, most}).verdict == LaneVerdict::defer);
  CHECK(seen() == 0);
  CHECK(send({1, most}).verdict == LaneVerdict::defer);
  CHECK(seen() == s.place);
}

}  // namespace cpc::core
