#include "federation/log_codec.h"

#include "federation/envelope_codec.h"
#include "federation/strict_json.h"

namespace cpc::federation {
namespace {

using core::VerifiedEnvelope;
using nlohmann::json;

Result<core::LogItem<VerifiedEnvelope>> log_item(const json& value, const Authors& authors,
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
  const PeerIdentity& author = authors.of(item.author);
  // Its key may have been followed or revoked since: what counts is when the hub first saw it.
  auto verified = EnvelopeCodec::verify(envelope, author, seen_at);
  if (!verified && placement.hub_time < seen_at) {
    verified = EnvelopeCodec::verify(std::move(envelope), author, placement.hub_time);
  }
  CPC_TRY(item.envelope, std::move(verified));
  const core::EventHeader& header = item.envelope->header();
  if (header.author != item.author || header.id != item.id || header.conversation != wire_id) {
    return fail(ErrorCode::denied, "an entry around another event");
  }
  return item;
}

}  // namespace

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

json to_json(const core::LogPart<core::Envelope>& part) {
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

Result<core::LogPart<VerifiedEnvelope>> log_part_from_json(const json& value,
                                                           const Authors& authors,
                                                           TimePoint seen_at,
                                                           std::size_t& entries_left) {
  CPC_TRY(const JsonObject object, JsonObject::of(value, "log lane"));
  CPC_TRY(object.only({"conversation", "items"}));
  core::LogPart<VerifiedEnvelope> part;
  CPC_TRY(part.wire_id, object.id<core::WireId>("conversation"));
  CPC_TRY(const auto items, object.array("items", 5000));
  if (items.size() > entries_left) return fail(ErrorCode::too_large, "too many items at once");
  entries_left -= items.size();
  for (const json& entry : items) {
    auto item = log_item(entry, authors, part.wire_id, seen_at);
    if (!item) {
      part.refused = refusal_of(item.error());
      break;
    }
    part.items.push_back(std::move(item).value());
  }
  return part;
}

}  // namespace cpc::federation
