// What a link proves: everything that stands before it, and its own entry's place, time and bytes.

#include "core/event.h"

#include "crypto/digest.h"
#include "tests/support/two_instances.h"

namespace cpc::core {
namespace {

using tests::id_of;

const WireId conversation = id_of<WireId>("conversation");
const Digest hash = id_of<Digest>("envelope");
const TimePoint hub_time = from_milliseconds(1'800'000'000'000);

Head after(const Head& previous) {
  return next_head(previous, conversation, {1, 2}, hub_time, hash);
}

}  // namespace

TEST_CASE("a link is the hash that the protocol writes down, field by field") {
  const auto field = [](std::string_view octets) {
    Bytes framed;
    append_big_endian(framed, static_cast<std::uint32_t>(octets.size()));
    return framed.append(octets);
  };
  const auto number = [&](std::uint64_t value) {
    Bytes octets;
    append_big_endian(octets, value);
    return field(octets);
  };
  const Head first{{1, 1}, hub_time, id_of<Digest>("link")};
  const Bytes framed = field("cpc-log-1") + field(first.link.view()) + field(conversation.view()) +
                       number(1) + number(2) + number(1'800'000'000'000) + field(hash.view());
  CHECK(after(first).link == crypto::sha256(framed));
  CHECK(after(first).position == Position{1, 2});
  CHECK(after(first).hub_time == hub_time);
}

TEST_CASE("a link changes with everything it stands for") {
  const Head first{{1, 1}, hub_time, id_of<Digest>("link")};
  const Digest link = after(first).link;
  Head other = first;
  other.link.octets[31] ^= 1;
  CHECK(after(other).link != link);
  CHECK(next_head(first, id_of<WireId>("x"), {1, 2}, hub_time, hash).link != link);
  CHECK(next_head(first, conversation, {2, 2}, hub_time, hash).link != link);
  CHECK(next_head(first, conversation, {1, 3}, hub_time, hash).link != link);
  CHECK(next_head(first, conversation, {1, 2}, hub_time + Milliseconds{1}, hash).link != link);
  CHECK(next_head(first, conversation, {1, 2}, hub_time, id_of<Digest>("x")).link != link);
}

TEST_CASE("nobody speaks in a log before they joined it") {
  tests::Federation world{{"alpha.cpc", "beta.cpc"}};
  const auto pair = tests::make_pair(world, world.at(0), world.at(1), world.at(0));
  const auto member = pair.copy.store.row<Member>({pair.copy_id, pair.copy_person()}).value();
  CHECK_FALSE(member.has_joined);
  const EventHeader header{*pair.copy.conversation(pair.copy_id).wire_id,
                           "message.post",
                           pair.copy.home().iid,
                           *member.member_id,
                           id_of<EventId>("early"),
                           world.now,
                           {}};
  Batch batch;
  batch.submissions.push_back({header.conversation,
                               {},
                               1,
                               {pair.copy.sign_event(header, R"({"text":"x"})").envelope()},
                               {},
                               {}});
  const Answer answer = world.deliver(pair.hub, pair.copy, batch);
  REQUIRE(answer.lanes.front().rejects.size() == 1);
  CHECK(answer.lanes.front().rejects.front().code == "EVENT_NOT_ALLOWED");
}

}  // namespace cpc::core
