// A consent frame speaks for a person of its signer, and for nobody else.

#include "federation/frame_codec.h"

#include <catch2/catch.hpp>

#include "core/send_message.h"
#include "crypto/digest.h"
#include "federation/jws.h"
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

PeerIdentity alpha() {
  PeerIdentity identity;
  identity.name = core::InstanceName::parse("alpha.cpc").value();
  identity.iid = id_of<core::Iid>("alpha");
  identity.keys.push_back({key_of("a").public_key(), now, now + Milliseconds{1}});
  return identity;
}
core::ConsentFrame frame(core::FrameKind kind = core::FrameKind::request) {
  core::ConsentFrame made;
  made.id = id_of<core::FrameId>("frame");
  made.kind = kind;
  made.from = {core::Address::parse("anna@alpha.cpc").value(), id_of<core::Iid>("alpha"),
               id_of<core::Incarnation>("anna"), id_of<core::MemberId>("member")};
  made.to = core::Address::parse("ben@beta.cpc").value();
  made.to_iid = id_of<core::Iid>("beta");
  made.time = now;
  made.version = 7;
  made.epoch = id_of<core::StoreEpoch>("epoch");
  if (kind == core::FrameKind::request) made.intro = "hello \"ben\"";
  return made;
}
ErrorCode refusal(std::string_view jws, const PeerIdentity& author = alpha(),
                  TimePoint seen_at = now) {
  const auto verified = verify_frame(jws, author, seen_at);
  REQUIRE_FALSE(verified.has_value());
  return verified.error().code;
}
json payload_of(const core::ConsentFrame& made) {
  const Jws jws = jws_from_compact(sign_frame(made, key_of("a")).jws).value();
  return json::parse(from_base64url(jws.payload).value());
}
std::string signed_payload(const json& payload) {
  return sign_compact("cpc-frame", payload.dump(), key_of("a"));
}

}  // namespace

TEST_CASE("every kind of frame reads back as itself, verified and from the store") {
  for (const auto kind :
       {core::FrameKind::request, core::FrameKind::granted, core::FrameKind::withdrawn}) {
    const auto made = sign_frame(frame(kind), key_of("a"));
    for (const auto& read : {verify_frame(made.jws, alpha(), now), read_stored_frame(made.jws)}) {
      REQUIRE(read.has_value());
      const core::ConsentFrame& back = read.value();
      CHECK(back.id == made.frame.id);
      CHECK(back.kind == kind);
      CHECK(back.from.address == made.frame.from.address);
      CHECK(back.from.iid == made.frame.from.iid);
      CHECK(back.from.incarnation == made.frame.from.incarnation);
      CHECK(back.from.member_id == made.frame.from.member_id);
      CHECK(back.to == made.frame.to);
      CHECK(back.to_iid == made.frame.to_iid);
      CHECK(back.time == now);
      CHECK(back.version == 7);
      CHECK(back.epoch == made.frame.epoch);
      CHECK(back.intro == made.frame.intro);
    }
  }
  core::ConsentFrame open = frame();
  open.to_iid.reset();
  CHECK_FALSE(verify_frame(sign_frame(open, key_of("a")).jws, alpha(), now).value().to_iid);
}

TEST_CASE("a frame's bytes are canonical, and an intro stands in a request alone") {
  const std::string text = payload_of(frame()).dump();
  CHECK(text == compact_json(json::parse(text)));
  CHECK(payload_of(frame(core::FrameKind::granted)).at("body").contains("intro") == false);
  CHECK(sign_frame(frame(), key_of("a")).jws == sign_frame(frame(), key_of("a")).jws);
}

TEST_CASE("a frame of another key, another instance or another time is denied") {
  CHECK(refusal(sign_frame(frame(), key_of("b")).jws) == ErrorCode::denied);
  const std::string good = sign_frame(frame(), key_of("a")).jws;
  CHECK(refusal(good, alpha(), now - Milliseconds{1}) == ErrorCode::denied);
  CHECK(refusal(good, alpha(), now + Milliseconds{1}) == ErrorCode::denied);
  core::ConsentFrame theirs = frame();
  theirs.from.address = core::Address::parse("eve@gamma.cpc").value();
  CHECK(refusal(sign_frame(theirs, key_of("a")).jws) == ErrorCode::denied);
  theirs = frame();
  theirs.from.iid = id_of<core::Iid>("gamma");
  CHECK(refusal(sign_frame(theirs, key_of("a")).jws) == ErrorCode::denied);
}

TEST_CASE("a frame that is not exactly ours is invalid") {
  const json good = payload_of(frame());
  REQUIRE(verify_frame(signed_payload(good), alpha(), now).has_value());
  const auto changed = [&](const auto& change) {
    json value = good;
    change(value);
    return refusal(signed_payload(value));
  };
  CHECK(changed([](auto& v) { v["extra"] = 1; }) == ErrorCode::invalid);
  CHECK(changed([](auto& v) { v["v"] = 2; }) == ErrorCode::invalid);
  CHECK(changed([](auto& v) { v["kind"] = "consent.maybe"; }) == ErrorCode::invalid);
  CHECK(changed([](auto& v) { v["time"] = 1.0; }) == ErrorCode::invalid);
  CHECK(changed([](auto& v) { v["time"] = to_milliseconds(json_time_max) + 1; }) ==
        ErrorCode::invalid);
  CHECK(changed([](auto& v) { v["from"]["extra"] = 1; }) == ErrorCode::invalid);
  CHECK(changed([](auto& v) { v["to"]["extra"] = 1; }) == ErrorCode::invalid);
  CHECK(changed([](auto& v) { v["body"]["extra"] = 1; }) == ErrorCode::invalid);
  CHECK(changed([](auto& v) { v["kind"] = "consent.granted"; }) == ErrorCode::invalid);
  CHECK(changed([](auto& v) { v["body"]["version"] = 0; }) == ErrorCode::invalid);
  CHECK(changed([](auto& v) { v["body"].erase("intro"); }) == ErrorCode::invalid);
  CHECK(changed([](auto& v) { v["from"]["address"] = "Anna@alpha.cpc"; }) == ErrorCode::invalid);
  CHECK(changed([](auto& v) { v["to"]["address"] = "ben"; }) == ErrorCode::invalid);
  CHECK(changed([](auto& v) { v["to"]["iid"] = "short"; }) == ErrorCode::invalid);
  for (const char* name : {"v", "id", "kind", "time", "from", "to", "body"}) {
    CHECK(changed([&](auto& v) { v.erase(name); }) == ErrorCode::invalid);
  }
  for (const char* text : {"", "a.b", "a.b.c.d", "!.!.!"}) {
    CHECK(refusal(text) == ErrorCode::invalid);
  }
  CHECK(refusal(sign_compact("cpc-env", good.dump(), key_of("a"))) == ErrorCode::invalid);
  std::string twice = good.dump();
  twice.insert(1, R"("v":1,)");
  CHECK(refusal(sign_compact("cpc-frame", twice, key_of("a"))) == ErrorCode::invalid);
}

TEST_CASE("an intro has at most 280 characters, and a frame at most 8 KiB") {
  core::ConsentFrame made = frame();
  made.intro.clear();
  for (std::size_t i = 0; i < core::intro_code_points_max; ++i) made.intro += "\xF0\x9F\x90\x9D";
  CHECK(verify_frame(sign_frame(made, key_of("a")).jws, alpha(), now).has_value());
  made.intro = std::string(core::intro_code_points_max + 1, 'x');
  CHECK(refusal(sign_frame(made, key_of("a")).jws) == ErrorCode::too_large);
  CHECK(refusal(std::string(frame_bytes_max + 1, 'x')) == ErrorCode::too_large);
}

}  // namespace cpc::federation
