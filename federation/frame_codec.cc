#include "federation/frame_codec.h"

#include <array>

#include "core/send_message.h"
#include "federation/jws.h"
#include "federation/strict_json.h"

namespace cpc::federation {
namespace {

using core::FrameKind;
using nlohmann::json;

constexpr std::string_view frame_typ = "cpc-frame";
constexpr std::array<std::pair<FrameKind, std::string_view>, 3> kinds{{
    {FrameKind::request, "consent.request"},
    {FrameKind::granted, "consent.granted"},
    {FrameKind::withdrawn, "consent.withdrawn"},
}};

json to_json(const core::ConsentFrame& frame) {
  std::string_view kind;
  for (const auto& [known, name] : kinds) {
    if (known == frame.kind) kind = name;
  }
  json to{{"address", frame.to.text()}};
  if (frame.to_iid) to["iid"] = to_text(*frame.to_iid);
  json body{{"member", to_text(frame.from.member_id)},
            {"epoch", to_text(frame.epoch)},
            {"version", frame.version}};
  if (frame.kind == FrameKind::request) body["intro"] = frame.intro;
  return json{{"v", 1},
              {"id", to_text(frame.id)},
              {"kind", kind},
              {"time", to_milliseconds(frame.time)},
              {"from",
               {{"address", frame.from.address.text()},
                {"iid", to_text(frame.from.iid)},
                {"incarnation", to_text(frame.from.incarnation)}}},
              {"to", std::move(to)},
              {"body", std::move(body)}};
}

Result<FrameKind> kind_of(std::string_view name) {
  for (const auto& [kind, known] : kinds) {
    if (known == name) return kind;
  }
  return fail(ErrorCode::invalid, "a frame of unknown kind");
}

Result<> read_sender(const JsonObject& from, core::Introduction& sender) {
  CPC_TRY(from.only({"address", "iid", "incarnation"}));
  CPC_TRY(const std::string_view address, from.string("address", 255));
  CPC_TRY(sender.address, core::Address::parse(address));
  CPC_TRY(sender.iid, from.id<core::Iid>("iid"));
  CPC_TRY(sender.incarnation, from.id<core::Incarnation>("incarnation"));
  return success();
}

Result<> read_body(const JsonObject& body, core::ConsentFrame& frame) {
  CPC_TRY(frame.from.member_id, body.id<core::MemberId>("member"));
  CPC_TRY(frame.epoch, body.id<core::StoreEpoch>("epoch"));
  CPC_TRY(frame.version, body.integer("version", 1, json_integer_max));
  if (frame.kind != FrameKind::request) return body.only({"member", "epoch", "version"});
  CPC_TRY(body.only({"member", "epoch", "version", "intro"}));
  CPC_TRY(const std::string_view intro, body.string("intro", core::intro_code_points_max * 4));
  frame.intro = intro;
  return success();
}

Result<core::ConsentFrame> read_frame(std::string_view payload) {
  CPC_TRY(const json value, parse_strict_json(payload));
  CPC_TRY(const JsonObject object, JsonObject::of(value, "frame"));
  CPC_TRY(object.only({"v", "id", "kind", "time", "from", "to", "body"}));
  CPC_TRY(object.integer("v", 1, 1));
  core::ConsentFrame frame;
  CPC_TRY(frame.id, object.id<core::FrameId>("id"));
  CPC_TRY(const std::string_view kind, object.string("kind", 32));
  CPC_TRY(frame.kind, kind_of(kind));
  CPC_TRY(frame.time, object.time("time"));
  CPC_TRY(const JsonObject from, object.object("from"));
  CPC_TRY(read_sender(from, frame.from));
  CPC_TRY(const JsonObject to, object.object("to"));
  CPC_TRY(to.only({"address", "iid"}));
  CPC_TRY(const std::string_view to_address, to.string("address", 255));
  CPC_TRY(frame.to, core::Address::parse(to_address));
  if (to.has("iid")) {
    CPC_TRY(frame.to_iid, to.id<core::Iid>("iid"));
  }
  CPC_TRY(const JsonObject body, object.object("body"));
  CPC_TRY(read_body(body, frame));
  return frame;
}

}  // namespace

core::SignedFrame sign_frame(core::ConsentFrame frame, const crypto::SigningKey& key) {
  Bytes jws = sign_compact(frame_typ, compact_json(to_json(frame)), key);
  return {std::move(frame), std::move(jws)};
}

Result<core::ConsentFrame> verify_frame(std::string_view jws, const PeerIdentity& author,
                                        TimePoint seen_at) {
  if (jws.size() > frame_bytes_max) return fail(ErrorCode::too_large, "a frame over 8 KiB");
  CPC_TRY(const Jws parts, jws_from_compact(jws));
  CPC_TRY(const JwsHeader signer, federation::read_header(parts));
  const crypto::PublicKey* key = author.key(signer.kid, seen_at);
  if (key == nullptr) return fail(ErrorCode::denied, "signed by no valid key of its author");
  CPC_TRY(const Bytes payload, verify_jws(parts, frame_typ, *key));
  CPC_TRY(core::ConsentFrame frame, read_frame(payload));
  if (frame.from.iid != author.iid || frame.from.address.instance != author.name) {
    return fail(ErrorCode::denied, "a frame for a person of another instance");
  }
  if (core::code_points(frame.intro) > core::intro_code_points_max) {
    return fail(ErrorCode::too_large, "an intro over 280 characters");
  }
  return frame;
}

Result<core::ConsentFrame> read_stored_frame(std::string_view jws) {
  CPC_TRY(const Jws parts, jws_from_compact(jws));
  CPC_TRY(const Bytes payload, read_unverified_payload(parts));
  return read_frame(payload);
}

}  // namespace cpc::federation
