#include "federation/heads_codec.h"

#include <charconv>

#include "federation/strict_json.h"

namespace cpc::federation {
namespace {

using nlohmann::json;

constexpr std::string_view epoch_key = "epoch=";
constexpr std::string_view seq_key = "&seq=";

// A place in a log, or none: then both numbers are 0.
Result<core::Position> position_of(const JsonObject& object) {
  core::Position position;
  CPC_TRY(position.hub_epoch, object.integer("epoch", 0, json_integer_max));
  CPC_TRY(position.seq, object.integer("seq", 0, json_integer_max));
  if ((position.hub_epoch == 0) != (position.seq == 0)) {
    return object.wrong("epoch", "does not fit seq");
  }
  return position;
}

void put(json& value, core::Position position) {
  value["epoch"] = position.hub_epoch;
  value["seq"] = position.seq;
}

// Decimal, without a sign or a leading zero.
Result<std::int64_t> number_of(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_plain = error == std::errc{} && end == text.data() + text.size() &&
                        text == std::to_string(number) && number >= 0 && number <= json_integer_max;
  if (!is_plain) return fail(ErrorCode::invalid, "a query that asks for no place in a log");
  return number;
}

}  // namespace

Bytes encode_heads(const HeadsAsked& asked) {
  json value = to_json(asked.mark);
  json rows = json::array();
  for (const core::LogHead& head : asked.heads) {
    json row{{"conversation", to_text(head.wire_id)}};
    put(row, head.position);
    if (head.position.seq > 0) row["link"] = to_text(head.link);
    rows.push_back(std::move(row));
  }
  value["heads"] = std::move(rows);
  return compact_json(value);
}

Result<HeadsAsked> decode_heads(std::string_view body) {
  CPC_TRY(const json value, parse_strict_json(body));
  CPC_TRY(const JsonObject object, JsonObject::of(value, "heads"));
  CPC_TRY(object.only({"v", "store_epoch", "boot", "heads"}));
  HeadsAsked asked;
  CPC_TRY(asked.mark, store_mark_of(object));
  CPC_TRY(const auto rows, object.array("heads", core::heads_max));
  for (const json& entry : rows) {
    CPC_TRY(const JsonObject row, JsonObject::of(entry, "head"));
    CPC_TRY(row.only({"conversation", "epoch", "seq", "link"}));
    core::LogHead head;
    CPC_TRY(head.wire_id, row.id<core::WireId>("conversation"));
    CPC_TRY(head.position, position_of(row));
    if (row.has("link") != (head.position.seq > 0)) return row.wrong("link", "does not fit seq");
    if (head.position.seq > 0) {
      CPC_TRY(head.link, row.id<Digest>("link"));
    }
    asked.heads.push_back(head);
  }
  return asked;
}

Bytes encode_heads_answer(const HeadsTold& told) {
  json value = to_json(told.mark);
  json rows = json::array();
  for (const core::HeadAnswer& answer : told.answers) {
    json row{{"conversation", to_text(answer.wire_id)}};
    put(row, answer.position);
    if (answer.link) row["link"] = to_text(*answer.link);
    json acked;
    put(acked, answer.acked);
    row["acked"] = std::move(acked);
    rows.push_back(std::move(row));
  }
  value["heads"] = std::move(rows);
  return compact_json(value);
}

Result<HeadsTold> decode_heads_answer(std::string_view body) {
  CPC_TRY(const json value, parse_strict_json(body));
  CPC_TRY(const JsonObject object, JsonObject::of(value, "heads"));
  HeadsTold told;
  CPC_TRY(told.mark, store_mark_of(object));
  CPC_TRY(const auto rows, object.array("heads", core::heads_max));
  for (const json& entry : rows) {
    CPC_TRY(const JsonObject row, JsonObject::of(entry, "head"));
    core::HeadAnswer answer;
    CPC_TRY(answer.wire_id, row.id<core::WireId>("conversation"));
    CPC_TRY(answer.position, position_of(row));
    if (row.has("link")) {
      CPC_TRY(answer.link, row.id<Digest>("link"));
    }
    CPC_TRY(const JsonObject acked, row.object("acked"));
    CPC_TRY(answer.acked, position_of(acked));
    told.answers.push_back(answer);
  }
  return told;
}

Bytes encode_stretch(const core::LogStretch& stretch, const StoreMark& mark) {
  json value = to_json(mark);
  value["log"] = to_json(stretch.part);
  value["has_more"] = stretch.has_more;
  return compact_json(value);
}

Result<PulledStretch> decode_stretch(std::string_view body, const Authors& authors,
                                     TimePoint seen_at, std::size_t entries_max) {
  JsonLimits limits;
  limits.bytes_max = body.size();  // The link bounds it before it is read.
  CPC_TRY(const json value, parse_strict_json(body, limits));
  CPC_TRY(const JsonObject object, JsonObject::of(value, "log"));
  PulledStretch pulled;
  CPC_TRY(pulled.mark, store_mark_of(object));
  CPC_TRY(const json* log, object.value("log"));
  CPC_TRY(pulled.part, log_part_from_json(*log, authors, seen_at, entries_max));
  CPC_TRY(pulled.has_more, object.boolean("has_more"));
  return pulled;
}

std::string pull_query(core::Position after) {
  return std::string{epoch_key} + std::to_string(after.hub_epoch) + std::string{seq_key} +
         std::to_string(after.seq);
}

Result<core::Position> parse_pull_query(std::string_view query) {
  const std::size_t second = query.find(seq_key);
  if (!query.starts_with(epoch_key) || second == std::string_view::npos) {
    return fail(ErrorCode::invalid, "a query that asks for no place in a log");
  }
  core::Position after;
  CPC_TRY(after.hub_epoch, number_of(query.substr(epoch_key.size(), second - epoch_key.size())));
  CPC_TRY(after.seq, number_of(query.substr(second + seq_key.size())));
  return after;
}

}  // namespace cpc::federation
