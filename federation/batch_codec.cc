// The batch of a transaction, both ways: encode_batch and decode_batch of transaction_codec.h.

#include "federation/envelope_codec.h"
#include "federation/frame_codec.h"
#include "federation/strict_json.h"
#include "federation/transaction_codec.h"

namespace cpc::federation {
namespace {

using core::VerifiedEnvelope;
using nlohmann::json;

constexpr std::size_t lanes_max = 1000;

// What is left of the items that one transaction may hold.
class Allowance {
 public:
  explicit Allowance(std::size_t entries_max) : left_(entries_max) {}
  [[nodiscard]] Result<> take(std::size_t count) {
    if (count > left_) return fail(ErrorCode::too_large, "too many items in one transaction");
    left_ -= count;
    return success();
  }

 private:
  std::size_t left_;
};

// Why an item was not taken, as the code that its lane is told.
std::string refusal_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::too_large:
      return "TOO_LARGE";
    case ErrorCode::denied:
      return "BAD_SIGNATURE";
    default:
      return "MALFORMED";
  }
}

json log_json(const core::LogPart<core::Envelope>& part) {
  json items = json::array();
  for (const auto& item : part.items) {
    json entry{{"epoch", item.placement.position.hub_epoch},
               {"seq", item.placement.position.seq},
               {"hub_time", to_milliseconds(item.placement.hub_time)},
               {"link", to_text(item.placement.link)},
               {"author", to_text(item.author)},
               {"id", to_text(item.id)}};
    if (item.envelope) entry["envelope"] = to_json(*item.envelope);
    items.push_back(std::move(entry));
  }
  return json{{"conversation", to_text(part.wire_id)}, {"items", std::move(items)}};
}

json submission_json(const core::SubmissionPart<core::Envelope>& part) {
  json items = json::array();
  for (const auto& envelope : part.items) items.push_back(to_json(envelope));
  return json{
      {"conversation", to_text(part.wire_id)}, {"first", part.first}, {"items", std::move(items)}};
}

Result<core::LogItem<VerifiedEnvelope>> log_item(const json& value, const PeerIdentity& origin,
                                                 const core::WireId& wire_id, TimePoint seen_at) {
  CPC_TRY(const JsonObject object, JsonObject::of(value, "log entry"));
  CPC_TRY(object.only({"epoch", "seq", "hub_time", "link", "author", "id", "envelope"}));
  core::LogItem<VerifiedEnvelope> item;
  auto& placement = item.placement;
  CPC_TRY(placement.position.hub_epoch, object.integer("epoch", 1, json_integer_max));
  CPC_TRY(placement.position.seq, object.integer("seq", 1, json_integer_max));
  CPC_TRY(placement.hub_time, object.time("hub_time"));
  CPC_TRY(placement.link, object.id<Digest>("link"));
  CPC_TRY(item.author, object.id<core::Iid>("author"));
  CPC_TRY(item.id, object.id<core::EventId>("id"));
  if (!object.has("envelope")) return item;

  CPC_TRY(const json* envelope_json, object.value("envelope"));
  CPC_TRY(auto envelope, envelope_from_json(*envelope_json));
  // Its key may have been followed or revoked since: what counts is when the hub first saw it.
  auto verified = EnvelopeCodec::verify(envelope, origin, seen_at);
  if (!verified && placement.hub_time < seen_at) {
    verified = EnvelopeCodec::verify(std::move(envelope), origin, placement.hub_time);
  }
  CPC_TRY(item.envelope, std::move(verified));
  const core::EventHeader& header = item.envelope->header();
  if (header.author != item.author || header.id != item.id || header.conversation != wire_id) {
    return fail(ErrorCode::denied, "an entry around another event");
  }
  return item;
}

Result<core::LogPart<VerifiedEnvelope>> log_part(const json& value, const PeerIdentity& origin,
                                                 TimePoint seen_at, Allowance& allowance) {
  CPC_TRY(const JsonObject object, JsonObject::of(value, "log lane"));
  CPC_TRY(object.only({"conversation", "items"}));
  core::LogPart<VerifiedEnvelope> part;
  CPC_TRY(part.wire_id, object.id<core::WireId>("conversation"));
  CPC_TRY(const auto items, object.array("items", 5000));
  CPC_TRY(allowance.take(items.size()));
  for (const json& entry : items) {
    auto item = log_item(entry, origin, part.wire_id, seen_at);
    if (!item) {
      part.refused = refusal_of(item.error());
      break;
    }
    part.items.push_back(std::move(item).value());
  }
  return part;
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
                                                               Allowance& allowance) {
  CPC_TRY(const JsonObject object, JsonObject::of(value, "submission lane"));
  CPC_TRY(object.only({"conversation", "first", "items"}));
  core::SubmissionPart<VerifiedEnvelope> part;
  CPC_TRY(part.wire_id, object.id<core::WireId>("conversation"));
  CPC_TRY(part.first, object.integer("first", 1, json_integer_max));
  CPC_TRY(const auto items, object.array("items", 5000));
  CPC_TRY(allowance.take(items.size()));
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
                                   TimePoint seen_at, Allowance& allowance) {
  CPC_TRY(object.only({"first", "items"}));
  core::FramePart part;
  CPC_TRY(part.first, object.integer("first", 1, json_integer_max));
  CPC_TRY(const auto items, object.strings("items", 5000, frame_bytes_max));
  CPC_TRY(allowance.take(items.size()));
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
  json value{{"v", 1}, {"store_epoch", to_text(mark.epoch)}, {"boot", mark.boot_counter}};
  if (batch.frames) {
    json items = json::array();
    for (const auto& item : batch.frames->items) items.push_back(item.jws);
    value["frames"] = {{"first", batch.frames->first}, {"items", std::move(items)}};
  }
  json logs = json::array();
  for (const auto& part : batch.logs) logs.push_back(log_json(part));
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
  CPC_TRY(object.integer("v", 1, 1));
  ReceivedBatch received;
  CPC_TRY(received.mark.epoch, object.id<core::StoreEpoch>("store_epoch"));
  CPC_TRY(received.mark.boot_counter, object.integer("boot", 0, json_integer_max));

  Allowance allowance{entries_max};
  if (object.has("frames")) {
    CPC_TRY(const JsonObject frames, object.object("frames"));
    CPC_TRY(received.batch.frames, frame_part(frames, origin, seen_at, allowance));
  }
  CPC_TRY(const auto logs, object.array("logs", lanes_max));
  for (const json& entry : logs) {
    CPC_TRY(auto part, log_part(entry, origin, seen_at, allowance));
    received.batch.logs.push_back(std::move(part));
  }
  CPC_TRY(const auto submissions, object.array("submissions", lanes_max));
  for (const json& entry : submissions) {
    CPC_TRY(auto part, submission_part(entry, origin, seen_at, allowance));
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
