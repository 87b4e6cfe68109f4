// The batch of a transaction, both ways: encode_batch and decode_batch of transaction_codec.h.

#include "federation/envelope_codec.h"
#include "federation/frame_codec.h"
#include "federation/log_codec.h"
#include "federation/transaction_codec.h"

namespace cpc::federation {
namespace {

using core::VerifiedEnvelope;
using nlohmann::json;

constexpr std::size_t lanes_max = 1000;

// What is left of the items that one transaction may hold.
Result<> take(std::size_t& entries_left, std::size_t count) {
  if (count > entries_left) return fail(ErrorCode::too_large, "too many items in one transaction");
  entries_left -= count;
  return success();
}

// Positions that hold nothing any more stand before the first that does.
template <class Part>
void put_stretch(json& value, const Part& part, json items) {
  value["first"] = part.first;
  value["items"] = std::move(items);
  if (part.skipped > 0) value["skip"] = {{"from", core::begin_of(part)}, {"to", part.first - 1}};
}

template <class Part>
Result<> read_skip(const JsonObject& object, Part& part) {
  if (!object.has("skip")) return success();
  CPC_TRY(const JsonObject skip, object.object("skip"));
  CPC_TRY(skip.only({"from", "to"}));
  CPC_TRY(const std::int64_t from, skip.integer("from", 1, json_integer_max));
  CPC_TRY(const std::int64_t to, skip.integer("to", from, json_integer_max));
  if (to != part.first - 1) return skip.wrong("to", "does not end before the first item");
  part.skipped = part.first - from;
  return success();
}

json submission_json(const core::SubmissionPart<core::Envelope>& part) {
  json items = json::array();
  for (const auto& envelope : part.items) items.push_back(to_json(envelope));
  json value{{"conversation", to_text(part.wire_id)}};
  put_stretch(value, part, std::move(items));
  return value;
}

Result<VerifiedEnvelope> submission_item(const json& value, const PeerIdentity& origin,
                                         const core::WireId& wire_id, TimePoint seen_at) {
  CPC_TRY(auto envelope, envelope_from_json(value));
  CPC_TRY(VerifiedEnvelope verified, EnvelopeCodec::verify(std::move(envelope), origin, seen_at));
  if (verified.header().conversation != wire_id) {
    return fail(ErrorCode::denied, "an event of another conversation");
  }
  return verified;
}

Result<core::SubmissionPart<VerifiedEnvelope>> submission_part(const json& value,
                                                               const PeerIdentity& origin,
                                                               TimePoint seen_at,
                                                               std::size_t& entries_left) {
  CPC_TRY(const JsonObject object, JsonObject::of(value, "submission lane"));
  CPC_TRY(object.only({"conversation", "first", "items", "skip"}));
  core::SubmissionPart<VerifiedEnvelope> part;
  CPC_TRY(part.wire_id, object.id<core::WireId>("conversation"));
  CPC_TRY(part.first, object.integer("first", 1, json_integer_max));
  CPC_TRY(read_skip(object, part));
  CPC_TRY(const auto items, object.array("items", 5000));
  CPC_TRY(take(entries_left, items.size()));
  for (const json& entry : items) {
    auto item = submission_item(entry, origin, part.wire_id, seen_at);
    if (!item) {
      part.refused = refusal_of(item.error());
      break;
    }
    part.items.push_back(std::move(item).value());
  }
  return part;
}

Result<core::FramePart> frame_part(const JsonObject& object, const PeerIdentity& origin,
                                   TimePoint seen_at, std::size_t& entries_left) {
  CPC_TRY(object.only({"first", "items", "skip"}));
  core::FramePart part;
  CPC_TRY(part.first, object.integer("first", 1, json_integer_max));
  CPC_TRY(read_skip(object, part));
  CPC_TRY(const auto items, object.strings("items", 5000, frame_bytes_max));
  CPC_TRY(take(entries_left, items.size()));
  for (const std::string& jws : items) {
    const auto frame = verify_frame(jws, origin, seen_at);
    if (!frame) {
      part.refused = refusal_of(frame.error());
      break;
    }
    part.items.push_back({frame.value().id, jws});
  }
  return part;
}

Result<core::ReceiptPart> receipt_part(const json& value) {
  CPC_TRY(const JsonObject object, JsonObject::of(value, "receipt"));
  CPC_TRY(object.only({"conversation", "member", "epoch", "seq"}));
  core::ReceiptPart part;
  CPC_TRY(part.wire_id, object.id<core::WireId>("conversation"));
  CPC_TRY(part.member, object.id<core::MemberId>("member"));
  CPC_TRY(part.read.hub_epoch, object.integer("epoch", 1, json_integer_max));
  CPC_TRY(part.read.seq, object.integer("seq", 0, json_integer_max));
  return part;
}

}  // namespace

Bytes encode_batch(const core::Batch& batch, const StoreMark& mark) {
  json value = to_json(mark);
  if (batch.frames) {
    json items = json::array();
    for (const auto& item : batch.frames->items) items.push_back(item.jws);
    json frames = json::object();
    put_stretch(frames, *batch.frames, std::move(items));
    value["frames"] = std::move(frames);
  }
  json logs = json::array();
  for (const auto& part : batch.logs) logs.push_back(to_json(part));
  json submissions = json::array();
  for (const auto& part : batch.submissions) submissions.push_back(submission_json(part));
  json receipts = json::array();
  for (const auto& part : batch.receipts) {
    receipts.push_back({{"conversation", to_text(part.wire_id)},
                        {"member", to_text(part.member)},
                        {"epoch", part.read.hub_epoch},
                        {"seq", part.read.seq}});
  }
  value["logs"] = std::move(logs);
  value["submissions"] = std::move(submissions);
  value["receipts"] = std::move(receipts);
  return compact_json(value);
}

Result<ReceivedBatch> decode_batch(std::string_view body, const PeerIdentity& origin,
                                   TimePoint seen_at, std::size_t entries_max) {
  JsonLimits limits;
  limits.bytes_max = body.size();  // The server bounds it before it is read.
  CPC_TRY(const json value, parse_strict_json(body, limits));
  CPC_TRY(const JsonObject object, JsonObject::of(value, "transaction"));
  CPC_TRY(object.only({"v", "store_epoch", "boot", "frames", "logs", "submissions", "receipts"}));
  ReceivedBatch received;
  CPC_TRY(received.mark, store_mark_of(object));

  if (object.has("frames")) {
    CPC_TRY(const JsonObject frames, object.object("frames"));
    CPC_TRY(received.batch.frames, frame_part(frames, origin, seen_at, entries_max));
  }
  CPC_TRY(const auto logs, object.array("logs", lanes_max));
  for (const json& entry : logs) {
    CPC_TRY(auto part, log_part_from_json(entry, {origin}, seen_at, entries_max));
    received.batch.logs.push_back(std::move(part));
  }
  CPC_TRY(const auto submissions, object.array("submissions", lanes_max));
  for (const json& entry : submissions) {
    CPC_TRY(auto part, submission_part(entry, origin, seen_at, entries_max));
    received.batch.submissions.push_back(std::move(part));
  }
  CPC_TRY(const auto receipts, object.array("receipts", lanes_max));
  for (const json& entry : receipts) {
    CPC_TRY(const auto part, receipt_part(entry));
    received.batch.receipts.push_back(part);
  }
  return received;
}

}  // namespace cpc::federation
