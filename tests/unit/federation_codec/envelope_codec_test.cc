// An event's bytes are what its author signed, with the body that was signed, or nothing.

#include "federation/envelope_codec.h"

#include <catch2/catch.hpp>

#include "crypto/digest.h"
#include "federation/jws.h"
#include "federation/strict_json.h"

namespace cpc::federation {
namespace {

crypto::SigningKey key_of(const std::string& label) {
  return crypto::SigningKey::from_seed(
      crypto::Seed::from_bytes(crypto::sha256(label).view()).value());
}
template <class AnyId>
AnyId id_of(const std::string& label) {
  return AnyId::from_bytes(crypto::sha256(label).view().substr(0, AnyId::size)).value();
}

const TimePoint now = from_milliseconds(1'800'000'000'000);
constexpr std::int64_t last_ms = 253'402'300'799'999;  // 9999-12-31T23:59:59.999Z

PeerIdentity author_of(const crypto::SigningKey& key) {
  PeerIdentity identity;
  identity.name = core::InstanceName::parse("alpha.cpc").value();
  identity.iid = id_of<core::Iid>("alpha");
  identity.keys.push_back({key.public_key(), now - Milliseconds{10}, now + Milliseconds{10}});
  return identity;
}
core::EventHeader header() {
  return {id_of<core::WireId>("log"),
          "message.post",
          id_of<core::Iid>("alpha"),
          id_of<core::MemberId>("anna"),
          id_of<core::EventId>("event"),
          now,
          {}};
}
core::VerifiedEnvelope signed_envelope() {
  return EnvelopeCodec::sign(header(), message_body("hello"), Bytes(16, 's'), key_of("a")).value();
}
ErrorCode refusal(const core::Envelope& envelope, TimePoint seen_at = now) {
  const auto verified = EnvelopeCodec::verify(envelope, author_of(key_of("a")), seen_at);
  REQUIRE_FALSE(verified.has_value());
  return verified.error().code;
}
// Soundly signed, with any payload at all.
core::Envelope with_payload(const nlohmann::json& payload, std::string_view typ = "cpc-env") {
  const Jws jws = sign_jws(typ, payload.dump(), key_of("a"));
  return {jws.protected_, jws.payload, jws.signature, {}, {}};
}
nlohmann::json payload_of(const core::Envelope& envelope) {
  return nlohmann::json::parse(from_base64url(envelope.payload).value());
}

}  // namespace

TEST_CASE("an envelope reads back as the event that was signed, with and without its body") {
  const auto made = signed_envelope();
  const auto read = EnvelopeCodec::verify(made.envelope(), author_of(key_of("a")), now);
  REQUIRE(read.has_value());
  CHECK(read.value().hash() == made.hash());
  CHECK(made.hash() == core::envelope_hash(made.envelope()));
  CHECK(read.value().header().type == "message.post");
  CHECK(read.value().header().member == header().member);
  CHECK(read.value().header().time == now);
  CHECK(text_of_message(*read.value().envelope().body).value() == "hello");

  core::Envelope pruned = made.envelope();
  pruned.body.reset();
  const auto bare = EnvelopeCodec::verify(pruned, author_of(key_of("a")), now);
  REQUIRE(bare.has_value());
  CHECK(bare.value().hash() == made.hash());
  CHECK(bare.value().envelope().salt.empty());
}

TEST_CASE("the header's bytes are canonical: sorted names, no white space, no member when none") {
  const auto made = signed_envelope();
  const std::string text = from_base64url(made.envelope().payload).value();
  CHECK(text == compact_json(nlohmann::json::parse(text)));
  CHECK(text.starts_with(R"({"author":")"));
  core::EventHeader instance_event = header();
  instance_event.member = {};
  const auto bare =
      EnvelopeCodec::sign(instance_event, create_body(), Bytes(16, 's'), key_of("a")).value();
  CHECK_FALSE(payload_of(bare.envelope()).contains("member"));
  CHECK(signed_envelope().envelope().signature == made.envelope().signature);
}

TEST_CASE("what was altered, or signed by nobody who may, is denied") {
  core::Envelope envelope = signed_envelope().envelope();
  SECTION("body") {
    envelope.body = message_body("hullo");
  }
  SECTION("salt") {
    envelope.salt[0] = 'x';
  }
  SECTION("salt of another length") {
    envelope.salt.push_back('s');
  }
  SECTION("header") {
    envelope.payload = base64url(R"({"v":1})");
  }
  SECTION("signature") {
    envelope.signature = to_text(key_of("a").sign("something else"));
  }
  SECTION("key") {
    envelope = EnvelopeCodec::sign(header(), "x", Bytes(16, 's'), key_of("b")).value().envelope();
  }
  SECTION("author") {
    core::EventHeader other = header();
    other.author = id_of<core::Iid>("beta");
    envelope = EnvelopeCodec::sign(other, "x", Bytes(16, 's'), key_of("a")).value().envelope();
  }
  CHECK(refusal(envelope) == ErrorCode::denied);
}

TEST_CASE("a key counts from its first moment up to its last") {
  const core::Envelope envelope = signed_envelope().envelope();
  CHECK(refusal(envelope, now - Milliseconds{11}) == ErrorCode::denied);
  CHECK(refusal(envelope, now + Milliseconds{10}) == ErrorCode::denied);
  CHECK(EnvelopeCodec::verify(envelope, author_of(key_of("a")), now - Milliseconds{10}));
}

TEST_CASE("a header that is not exactly ours is invalid") {
  const nlohmann::json good = payload_of(signed_envelope().envelope());
  CHECK(EnvelopeCodec::verify(with_payload(good), author_of(key_of("a")), now).has_value());
  const auto changed = [&](const auto& change) {
    nlohmann::json value = good;
    change(value);
    return refusal(with_payload(value));
  };
  CHECK(changed([](auto& v) { v["extra"] = 1; }) == ErrorCode::invalid);
  CHECK(changed([](auto& v) { v["v"] = 2; }) == ErrorCode::invalid);
  CHECK(changed([](auto& v) { v["time"] = 1.5; }) == ErrorCode::invalid);
  CHECK(changed([](auto& v) { v["time"] = -1; }) == ErrorCode::invalid);
  CHECK(changed([](auto& v) { v["time"] = "1"; }) == ErrorCode::invalid);
  CHECK(changed([](auto& v) { v["time"] = last_ms + 1; }) == ErrorCode::invalid);
  CHECK(changed([](auto& v) { v["time"] = json_integer_max; }) == ErrorCode::invalid);
  CHECK(changed([](auto& v) { v["id"] = "AAAA"; }) == ErrorCode::invalid);
  CHECK(changed([](auto& v) { v["type"] = std::string(65, 'x'); }) == ErrorCode::invalid);
  CHECK(changed([](auto& v) { v["member"] = nullptr; }) == ErrorCode::invalid);
  for (const char* name : {"author", "body_hash", "conversation", "id", "time", "type", "v"}) {
    CHECK(changed([&](auto& v) { v.erase(name); }) == ErrorCode::invalid);
  }
  CHECK(refusal(with_payload(good, "cpc-frame")) == ErrorCode::invalid);
  std::string twice = good.dump();
  twice.insert(1, R"("v":1,)");
  const Jws jws = sign_jws("cpc-env", twice, key_of("a"));
  CHECK(refusal({jws.protected_, jws.payload, jws.signature, {}, {}}) == ErrorCode::invalid);
}

TEST_CASE("an event may be written up to the last moment of the year 9999") {
  nlohmann::json payload = payload_of(signed_envelope().envelope());
  payload["time"] = last_ms;
  const auto read = EnvelopeCodec::verify(with_payload(payload), author_of(key_of("a")), now);
  REQUIRE(read.has_value());
  CHECK(to_milliseconds(read.value().header().time) == last_ms);
}

TEST_CASE("a join says whom it names, signed and read; what names nobody says nothing") {
  const auto anna = core::Address::parse("anna@alpha.cpc").value();
  const auto life = id_of<core::Incarnation>("anna");
  const auto claim_in = [&](const std::string& type, const Bytes& body) {
    core::EventHeader join = header();
    join.type = type;
    const auto made = EnvelopeCodec::sign(join, body, Bytes(16, 's'), key_of("a")).value();
    const auto read = EnvelopeCodec::verify(made.envelope(), author_of(key_of("a")), now);
    REQUIRE(read.has_value());
    CHECK(read.value().join().has_value() == made.join().has_value());
    return read.value().join();
  };
  const auto claim = claim_in("member.join", join_body(anna, life));
  REQUIRE(claim.has_value());
  CHECK(claim->address == anna);
  CHECK(claim->incarnation == life);
  CHECK_FALSE(claim_in("message.post", join_body(anna, life)));
  for (const char* bad : {"", "{}", "[]", R"({"address":"anna@alpha.cpc"})",
                          R"({"address":"Anna","incarnation":"AAAAAAAAAAAAAAAAAAAAAA"})"}) {
    CHECK_FALSE(claim_in("member.join", bad));
  }
}

TEST_CASE("header and body together have at most 64 KiB") {
  const Bytes body(core::envelope_bytes_max, 'x');
  const auto made = EnvelopeCodec::sign(header(), body, Bytes(16, 's'), key_of("a"));
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().code == ErrorCode::too_large);
  core::Envelope envelope = signed_envelope().envelope();
  envelope.body = body;
  CHECK(refusal(envelope) == ErrorCode::too_large);
  CHECK(EnvelopeCodec::sign(header(), body.substr(1024), Bytes(16, 's'), key_of("a")).has_value());
}

TEST_CASE("an envelope travels as exactly five members, the last two together") {
  const core::Envelope envelope = signed_envelope().envelope();
  const nlohmann::json value = to_json(envelope);
  const auto read = envelope_from_json(value);
  REQUIRE(read.has_value());
  CHECK(read.value().payload == envelope.payload);
  CHECK(read.value().body == envelope.body);
  CHECK(read.value().salt == envelope.salt);
  core::Envelope pruned = envelope;
  pruned.body.reset();
  CHECK(to_json(pruned).size() == 3);
  CHECK_FALSE(envelope_from_json(to_json(pruned)).value().body.has_value());
  for (const char* name : {"protected", "payload", "signature", "salt", "body"}) {
    nlohmann::json without = value;
    without.erase(name);
    CHECK_FALSE(envelope_from_json(without).has_value());
  }
  nlohmann::json more = value;
  more["header"] = nlohmann::json::object();
  CHECK_FALSE(envelope_from_json(more).has_value());
  CHECK_FALSE(envelope_from_json(nlohmann::json::array()).has_value());
}

TEST_CASE("the bodies of our own events read back, and a body of another kind is invalid") {
  CHECK(message_body("a \"b\" \n\xF0\x9F\x90\x9D") ==
        "{\"text\":\"a \\\"b\\\" \\n\xF0\x9F\x90\x9D\"}");
  CHECK(text_of_message(message_body("a \"b\"")).value() == "a \"b\"");
  const auto anna = core::Address::parse("anna@alpha.cpc").value();
  CHECK(join_body(anna, core::Incarnation{}) ==
        R"({"address":"anna@alpha.cpc","incarnation":"AAAAAAAAAAAAAAAAAAAAAA"})");
  CHECK(create_body() == R"({"kind":"direct"})");
  for (const char* bad : {"", "hello", "[]", "{}", R"({"text":1})", R"({"text":"a","text":"b"})"}) {
    CHECK_FALSE(text_of_message(bad).has_value());
  }
}

}  // namespace cpc::federation
