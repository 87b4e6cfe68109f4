#include "federation/transaction_codec.h"

namespace cpc::federation {
namespace {

using nlohmann::json;

constexpr std::size_t lanes_max = 1000;
constexpr JsonLimits answer_limits{};

json to_json(const core::Position& position) {
  return json{{"epoch", position.hub_epoch}, {"seq", position.seq}};
}

Result<core::Position> position_of(const JsonObject& object) {
  core::Position position;
  CPC_TRY(position.hub_epoch, object.integer("epoch", 0, json_integer_max));
  CPC_TRY(position.seq, object.integer("seq", 0, json_integer_max));
  return position;
}

constexpr std::array<std::pair<core::LaneKind, std::string_view>, 4> lane_names{{
    {core::LaneKind::log, "log"},
    {core::LaneKind::submission, "submission"},
    {core::LaneKind::consent, "consent"},
    {core::LaneKind::receipts, "receipts"},
}};

json to_json(const core::LaneAnswer& lane) {
  json value = to_json(lane.position);
  for (const auto& [kind, name] : lane_names) {
    if (kind == lane.kind) value["kind"] = name;
  }
  value["verdict"] = wire_name(lane.verdict);
  if (!lane.wire_id.is_zero()) value["conversation"] = to_text(lane.wire_id);
  if (!lane.code.empty()) value["code"] = lane.code;
  if (lane.link) value["link"] = to_text(*lane.link);
  if (lane.item) value["item"] = to_text(*lane.item);
  if (!lane.rejects.empty()) {
    json rejects = json::array();
    for (const auto& reject : lane.rejects) {
      rejects.push_back({{"position", reject.position}, {"code", reject.code}});
    }
    value["rejects"] = std::move(rejects);
  }
  return value;
}

Result<core::LaneAnswer> lane_from_json(const json& value) {
  CPC_TRY(const JsonObject object, JsonObject::of(value, "lane"));
  core::LaneAnswer lane;
  CPC_TRY(const std::string_view kind, object.string("kind", 16));
  bool is_known = false;
  for (const auto& [known, name] : lane_names) {
    if (name != kind) continue;
    lane.kind = known;
    is_known = true;
  }
  if (!is_known) return object.wrong("kind", "is unknown");
  CPC_TRY(const std::string_view verdict, object.string("verdict", 16));
  // A verdict of a later version means that the lane does not move.
  lane.verdict = core::lane_verdict(verdict).value_or(core::LaneVerdict::defer);
  CPC_TRY(lane.position, position_of(object));
  const bool is_in_log = lane.kind == core::LaneKind::log || lane.kind == core::LaneKind::receipts;
  if (is_in_log && lane.position.hub_epoch == 0 && lane.position.seq != 0) {
    return object.wrong("epoch", "is missing for a place in a log");
  }
  if (object.has("conversation")) {
    CPC_TRY(lane.wire_id, object.id<core::WireId>("conversation"));
  }
  if (object.has("code")) {
    CPC_TRY(const std::string_view code, object.string("code", 64));
    lane.code = code;
  }
  if (object.has("link")) {
    CPC_TRY(lane.link, object.id<Digest>("link"));
  }
  if (object.has("item")) {
    CPC_TRY(lane.item, object.id<Digest>("item"));
  }
  if (object.has("rejects")) {
    CPC_TRY(const auto rejects, object.array("rejects", 5000));
    for (const json& entry : rejects) {
      CPC_TRY(const JsonObject reject, JsonObject::of(entry, "reject"));
      CPC_TRY(const std::int64_t position, reject.integer("position", 0, json_integer_max));
      CPC_TRY(const std::string_view code, reject.string("code", 64));
      lane.rejects.push_back({position, std::string{code}});
    }
  }
  return lane;
}

}  // namespace

Bytes encode_answer(const core::Answer& answer) {
  json value = to_json(StoreMark{answer.epoch, answer.boot_counter});
  value["now"] = to_milliseconds(answer.now);
  json lanes = json::array();
  for (const auto& lane : answer.lanes) lanes.push_back(to_json(lane));
  value["lanes"] = std::move(lanes);
  if (answer.credit) {
    value["credit"] = {{"entries", answer.credit->entries}, {"bytes", answer.credit->bytes}};
  }
  return compact_json(value);
}

Result<core::Answer> decode_answer(std::string_view body) {
  CPC_TRY(const json value, parse_strict_json(body, answer_limits));
  CPC_TRY(const JsonObject object, JsonObject::of(value, "answer"));
  CPC_TRY(const StoreMark mark, store_mark_of(object));
  core::Answer answer{mark.epoch, mark.boot_counter, {}, {}};
  CPC_TRY(answer.now, object.time("now"));
  CPC_TRY(const auto lanes, object.array("lanes", lanes_max));
  for (const json& entry : lanes) {
    CPC_TRY(auto lane, lane_from_json(entry));
    answer.lanes.push_back(std::move(lane));
  }
  if (object.has("credit")) {
    CPC_TRY(const JsonObject credit, object.object("credit"));
    CPC_TRY(const auto entries, credit.integer("entries", 0, json_integer_max));
    CPC_TRY(const auto bytes, credit.integer("bytes", 0, json_integer_max));
    answer.credit =
        core::Credit{static_cast<std::size_t>(entries), static_cast<std::size_t>(bytes)};
  }
  return answer;
}

Bytes encode_hello(const Hello& hello) {
  json value = to_json(hello.mark);
  value["now"] = to_milliseconds(hello.now);
  value["versions"] = protocol_versions;
  value["features"] = own_features;
  value["delegation_serial"] = hello.delegation_serial;
  value["operational_serial"] = hello.operational_serial;
  return compact_json(value);
}

Result<Hello> decode_hello(std::string_view body) {
  CPC_TRY(const json value, parse_strict_json(body));
  CPC_TRY(const JsonObject object, JsonObject::of(value, "hello"));
  Hello hello;
  CPC_TRY(hello.mark, store_mark_of(object));
  CPC_TRY(hello.now, object.time("now"));
  CPC_TRY(hello.delegation_serial, object.integer("delegation_serial", 0, json_integer_max));
  CPC_TRY(hello.operational_serial, object.integer("operational_serial", 0, json_integer_max));
  CPC_TRY(const auto versions, read_versions(object));
  CPC_TRY(check_versions(versions));
  return hello;
}

}  // namespace cpc::federation
