// A transaction reads back as what was sent; what does not fit stops its own lane alone.

#include "federation/transaction_codec.h"

#include <catch2/catch.hpp>
#include <functional>

#include "crypto/digest.h"
#include "federation/envelope_codec.h"
#include "federation/frame_codec.h"
#include "federation/strict_json.h"

namespace cpc::federation {
namespace {

using nlohmann::json;

crypto::SigningKey key_of(const std::string& label) {
  return crypto::SigningKey::from_seed(
      crypto::Seed::from_bytes(crypto::sha256(label).view()).value());
}
template <class AnyId>
AnyId id_of(const std::string& label) {
  return AnyId::from_bytes(crypto::sha256(label).view().substr(0, AnyId::size)).value();
}

const TimePoint now = from_milliseconds(1'800'000'000'000);
const StoreMark mark{id_of<core::StoreEpoch>("epoch"), 4};

PeerIdentity alpha() {
  PeerIdentity identity;
  identity.name = core::InstanceName::parse("alpha.cpc").value();
  identity.iid = id_of<core::Iid>("alpha");
  identity.keys.push_back({key_of("a").public_key(), now, now + Milliseconds{1}});
  return identity;
}
core::Envelope envelope(const std::string& log, const std::string& label) {
  const core::EventHeader header{id_of<core::WireId>(log),
                                 "message.post",
                                 id_of<core::Iid>("alpha"),
                                 id_of<core::MemberId>("anna"),
                                 id_of<core::EventId>(label),
                                 now,
                                 {}};
  return EnvelopeCodec::sign(header, message_body(label), Bytes(16, 's'), key_of("a"))
      .value()
      .envelope();
}
Bytes frame(const std::string& label) {
  core::ConsentFrame made;
  made.id = id_of<core::FrameId>(label);
  made.from = {core::Address::parse("anna@alpha.cpc").value(), id_of<core::Iid>("alpha"),
               id_of<core::Incarnation>("anna"), id_of<core::MemberId>("anna")};
  made.to = core::Address::parse("ben@beta.cpc").value();
  made.time = now;
  made.version = 1;
  made.epoch = mark.epoch;
  made.intro = label;
  return sign_frame(made, key_of("a")).jws;
}
core::Batch batch() {
  core::Batch made;
  made.frames = core::FramePart{7, {{{}, frame("f1")}, {{}, frame("f2")}}, {}};
  const core::Placement first{{1, 4}, now, crypto::sha256("link 4")};
  const core::Placement second{{1, 5}, now, crypto::sha256("link 5")};
  made.logs.push_back(
      {id_of<core::WireId>("log"),
       {},
       {{first, id_of<core::Iid>("alpha"), id_of<core::EventId>("e1"), envelope("log", "e1")},
        {second, id_of<core::Iid>("beta"), id_of<core::EventId>("e2"), {}}},
       {}});
  made.submissions.push_back({id_of<core::WireId>("other"),
                              {},
                              3,
                              {envelope("other", "s1"), envelope("other", "s2")},
                              {},
                              {}});
  made.receipts.push_back({id_of<core::WireId>("log"), {}, id_of<core::MemberId>("anna"), {1, 4}});
  return made;
}
Result<ReceivedBatch> decode(std::string_view body, std::size_t entries_max = 500) {
  return decode_batch(body, alpha(), now, entries_max);
}
core::VerifiedBatch changed(const std::function<void(json&)>& change) {
  json value = json::parse(encode_batch(batch(), mark));
  change(value);
  const auto read = decode(value.dump());
  REQUIRE(read.has_value());
  return read.value().batch;
}
ErrorCode refusal(const std::function<void(json&)>& change) {
  json value = json::parse(encode_batch(batch(), mark));
  change(value);
  const auto read = decode(value.dump());
  REQUIRE_FALSE(read.has_value());
  return read.error().code;
}

}  // namespace

TEST_CASE("a batch reads back as what was sent, verified") {
  const auto read = decode(encode_batch(batch(), mark));
  REQUIRE(read.has_value());
  CHECK(read.value().mark.epoch == mark.epoch);
  CHECK(read.value().mark.boot_counter == 4);
  const core::VerifiedBatch& back = read.value().batch;
  REQUIRE(back.frames.has_value());
  CHECK(back.frames->first == 7);
  REQUIRE(back.frames->items.size() == 2);
  CHECK(back.frames->items[1].id == id_of<core::FrameId>("f2"));
  CHECK(back.frames->items[1].jws == frame("f2"));
  REQUIRE(back.logs.size() == 1);
  REQUIRE(back.logs[0].items.size() == 2);
  CHECK(back.logs[0].items[0].placement.link == crypto::sha256("link 4"));
  CHECK(back.logs[0].items[0].envelope->header().id == id_of<core::EventId>("e1"));
  CHECK(back.logs[0].items[1].placement.position == core::Position{1, 5});
  CHECK_FALSE(back.logs[0].items[1].envelope.has_value());
  REQUIRE(back.submissions.size() == 1);
  CHECK(back.submissions[0].first == 3);
  CHECK(back.submissions[0].items.size() == 2);
  REQUIRE(back.receipts.size() == 1);
  CHECK(back.receipts[0].read == core::Position{1, 4});
  for (const auto& part : back.logs) CHECK(part.refused.empty());
}

TEST_CASE("the bytes of a batch are canonical, and an empty one is small") {
  const Bytes body = encode_batch(batch(), mark);
  CHECK(body == compact_json(json::parse(body)));
  const auto empty = decode(encode_batch({}, mark));
  REQUIRE(empty.has_value());
  CHECK(empty.value().batch.is_empty());
}

TEST_CASE("a bad item stops its lane there, says why, and harms no other lane") {
  const auto bad_log =
      changed([](json& v) { v["logs"][0]["items"][0]["envelope"]["body"] = "altered"; });
  CHECK(bad_log.logs[0].refused == "BAD_SIGNATURE");
  CHECK(bad_log.logs[0].items.empty());
  CHECK(bad_log.submissions[0].items.size() == 2);
  CHECK(bad_log.frames->items.size() == 2);

  const auto bad_submission = changed([](json& v) {
    v["submissions"][0]["items"][1] = json::parse(to_json(envelope("log", "e9")).dump());
  });
  CHECK(bad_submission.submissions[0].refused == "BAD_SIGNATURE");
  CHECK(bad_submission.submissions[0].items.size() == 1);
  CHECK(bad_submission.logs[0].items.size() == 2);

  const auto bad_frame = changed([](json& v) { v["frames"]["items"][0] = "a.b.c"; });
  CHECK(bad_frame.frames->refused == "MALFORMED");
  CHECK(bad_frame.frames->items.empty());
  CHECK(bad_frame.logs[0].items.size() == 2);
}

TEST_CASE("an entry names the event it carries, and belongs to the log it lies in") {
  const auto verdict = [](const std::function<void(json&)>& change) {
    return changed([&](json& v) { change(v["logs"][0]["items"][0]); }).logs[0].refused;
  };
  CHECK(verdict([](json&) {}) == "");
  CHECK(verdict([](json& v) { v["id"] = to_text(id_of<core::EventId>("x")); }) == "BAD_SIGNATURE");
  CHECK(verdict([](json& v) { v["author"] = to_text(id_of<core::Iid>("x")); }) == "BAD_SIGNATURE");
  CHECK(verdict([](json& v) { v["envelope"] = to_json(envelope("elsewhere", "e1")); }) ==
        "BAD_SIGNATURE");
  CHECK(verdict([](json& v) { v["seq"] = 0; }) == "MALFORMED");
  CHECK(verdict([](json& v) { v["epoch"] = 0; }) == "MALFORMED");
  CHECK(verdict([](json& v) { v["hub_time"] = "1"; }) == "MALFORMED");
  CHECK(verdict([](json& v) { v["hub_time"] = to_milliseconds(json_time_max); }) == "");
  CHECK(verdict([](json& v) { v["hub_time"] = to_milliseconds(json_time_max) + 1; }) ==
        "MALFORMED");
  CHECK(verdict([](json& v) { v["extra"] = 1; }) == "MALFORMED");
  CHECK(verdict([](json& v) { v["envelope"]["extra"] = 1; }) == "MALFORMED");
  CHECK(verdict([](json& v) { v["envelope"] = nullptr; }) == "MALFORMED");
  CHECK(verdict([](json& v) { v.erase("link"); }) == "MALFORMED");
}

TEST_CASE("a transaction that is malformed as a whole is refused as a whole") {
  CHECK(refusal([](json& v) { v["extra"] = 1; }) == ErrorCode::invalid);
  CHECK(refusal([](json& v) { v["v"] = 2; }) == ErrorCode::invalid);
  CHECK(refusal([](json& v) { v["boot"] = 0.5; }) == ErrorCode::invalid);
  CHECK(refusal([](json& v) { v["store_epoch"] = "x"; }) == ErrorCode::invalid);
  CHECK(refusal([](json& v) { v["submissions"][0]["first"] = 0; }) == ErrorCode::invalid);
  CHECK(refusal([](json& v) { v["frames"]["first"] = 0; }) == ErrorCode::invalid);
  CHECK(refusal([](json& v) { v["receipts"][0]["epoch"] = 0; }) == ErrorCode::invalid);
  CHECK(refusal([](json& v) { v["frames"]["extra"] = 1; }) == ErrorCode::invalid);
  for (const char* part : {"logs", "submissions", "receipts"}) {
    CHECK(refusal([&](json& v) { v[part][0]["extra"] = 1; }) == ErrorCode::invalid);
  }
  CHECK(refusal([](json& v) { v["frames"]["items"][0] = 1; }) == ErrorCode::invalid);
  for (const char* name : {"v", "boot", "store_epoch", "logs", "submissions", "receipts"}) {
    CHECK(refusal([&](json& v) { v.erase(name); }) == ErrorCode::invalid);
  }
  std::string twice = encode_batch(batch(), mark);
  twice.insert(1, R"("v":1,)");
  CHECK(decode(twice).error().code == ErrorCode::invalid);
  CHECK(decode(encode_batch(batch(), mark).substr(1)).error().code == ErrorCode::invalid);
}

TEST_CASE("more items than allowed are too many, over all lanes together") {
  const Bytes body = encode_batch(batch(), mark);
  CHECK(decode(body, 6).has_value());
  CHECK(decode(body, 5).error().code == ErrorCode::too_large);
}

TEST_CASE("an answer reads back, and a verdict of a later version only waits") {
  core::Answer answer;
  answer.epoch = mark.epoch;
  answer.boot_counter = 9;
  answer.now = now;
  core::LaneAnswer log;
  log.wire_id = id_of<core::WireId>("log");
  log.verdict = core::LaneVerdict::gap;
  log.position = {1, 4};
  log.link = crypto::sha256("link");
  core::LaneAnswer consent;
  consent.kind = core::LaneKind::consent;
  consent.verdict = core::LaneVerdict::reject;
  consent.code = "BAD_SIGNATURE";
  core::LaneAnswer submission;
  submission.kind = core::LaneKind::submission;
  submission.wire_id = log.wire_id;
  submission.rejects = {{3, "CONSENT_REQUIRED"}, {4, "EVENT_NOT_ALLOWED"}};
  answer.lanes = {log, consent, submission};

  const Bytes body = encode_answer(answer);
  CHECK(body == compact_json(json::parse(body)));
  const auto read = decode_answer(body);
  REQUIRE(read.has_value());
  CHECK(read.value().epoch == mark.epoch);
  CHECK(read.value().boot_counter == 9);
  CHECK(read.value().now == now);
  REQUIRE(read.value().lanes.size() == 3);
  CHECK(read.value().lanes[0].verdict == core::LaneVerdict::gap);
  CHECK(read.value().lanes[0].position == core::Position{1, 4});
  CHECK(read.value().lanes[0].link == log.link);
  CHECK(read.value().lanes[1].kind == core::LaneKind::consent);
  CHECK(read.value().lanes[1].code == "BAD_SIGNATURE");
  CHECK_FALSE(read.value().lanes[1].link.has_value());
  REQUIRE(read.value().lanes[2].rejects.size() == 2);
  CHECK(read.value().lanes[2].rejects[1].position == 4);
  CHECK(read.value().lanes[2].rejects[1].code == "EVENT_NOT_ALLOWED");

  json later = json::parse(body);
  later["lanes"][0]["verdict"] = "perhaps";
  CHECK(decode_answer(later.dump()).value().lanes[0].verdict == core::LaneVerdict::defer);
  for (const char* name : {"kind", "verdict", "epoch", "seq"}) {
    json without = json::parse(body);
    without["lanes"][0].erase(name);
    CHECK_FALSE(decode_answer(without.dump()).has_value());
  }
  json unknown = json::parse(body);
  unknown["lanes"][0]["kind"] = "gossip";
  CHECK_FALSE(decode_answer(unknown.dump()).has_value());
  json nowhere = json::parse(body);
  nowhere["lanes"][0]["epoch"] = 0;
  CHECK_FALSE(decode_answer(nowhere.dump()).has_value());
  nowhere["lanes"][0]["seq"] = 0;
  CHECK(decode_answer(nowhere.dump()).has_value());
  json absurd = json::parse(body);
  absurd["now"] = json_integer_max;
  CHECK_FALSE(decode_answer(absurd.dump()).has_value());
  json fraction = json::parse(body);
  fraction["lanes"][0]["seq"] = 4.0;
  CHECK_FALSE(decode_answer(fraction.dump()).has_value());
}

TEST_CASE("hello reads back, and needs a version in common") {
  const Bytes body = encode_hello({mark, now, 3, 5});
  const auto read = decode_hello(body);
  REQUIRE(read.has_value());
  CHECK(read.value().mark.epoch == mark.epoch);
  CHECK(read.value().mark.boot_counter == 4);
  CHECK(read.value().now == now);
  CHECK(read.value().delegation_serial == 3);
  CHECK(read.value().operational_serial == 5);
  json other = json::parse(body);
  other["versions"] = {2, 3};
  CHECK(decode_hello(other.dump()).error().code == ErrorCode::denied);
  other["versions"] = {2, 1};
  CHECK(decode_hello(other.dump()).has_value());
  other.erase("now");
  CHECK(decode_hello(other.dump()).error().code == ErrorCode::invalid);
}

}  // namespace cpc::federation
