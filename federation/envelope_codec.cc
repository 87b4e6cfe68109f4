#include "federation/envelope_codec.h"

#include "crypto/digest.h"
#include "federation/jws.h"
#include "federation/strict_json.h"

namespace cpc::federation {
namespace {

constexpr std::string_view envelope_typ = "cpc-env";
constexpr std::size_t type_bytes_max = 64;
using nlohmann::json;

Digest hash_of_body(std::string_view salt, std::string_view body) {
  Bytes salted{salt};
  salted.append(body);
  return crypto::sha256(salted);
}

json to_json(const core::EventHeader& header) {
  json value{{"author", to_text(header.author)},
             {"body_hash", to_text(header.body_hash)},
             {"conversation", to_text(header.conversation)},
             {"id", to_text(header.id)},
             {"time", to_milliseconds(header.time)},
             {"type", header.type},
             {"v", 1}};
  if (!header.member.is_zero()) value["member"] = to_text(header.member);
  return value;
}

Result<core::EventHeader> read_event_header(std::string_view text) {
  CPC_TRY(const json value, parse_strict_json(text));
  CPC_TRY(const JsonObject object, JsonObject::of(value, "event"));
  CPC_TRY(
      object.only({"author", "body_hash", "conversation", "id", "member", "time", "type", "v"}));
  CPC_TRY(object.integer("v", 1, 1));
  core::EventHeader header;
  CPC_TRY(header.author, object.id<core::Iid>("author"));
  CPC_TRY(header.body_hash, object.id<Digest>("body_hash"));
  CPC_TRY(header.conversation, object.id<core::WireId>("conversation"));
  CPC_TRY(header.id, object.id<core::EventId>("id"));
  if (object.has("member")) {
    CPC_TRY(header.member, object.id<core::MemberId>("member"));
  }
  CPC_TRY(header.time, object.time("time"));
  CPC_TRY(const std::string_view type, object.string("type", type_bytes_max));
  header.type = type;
  return header;
}

Jws jws_of(const core::Envelope& envelope) {
  return {envelope.protected_header, envelope.payload, envelope.signature};
}

Result<core::JoinClaim> read_join(std::string_view body) {
  CPC_TRY(const json value, parse_strict_json(body));
  CPC_TRY(const JsonObject object, JsonObject::of(value, "join"));
  core::JoinClaim claim;
  CPC_TRY(const std::string_view address, object.string("address", 255));
  CPC_TRY(claim.address, core::Address::parse(address));
  CPC_TRY(claim.incarnation, object.id<core::Incarnation>("incarnation"));
  return claim;
}

std::optional<core::JoinClaim> join_of(const core::EventHeader& header,
                                       const core::Envelope& envelope) {
  if (core::event_type(header.type) != core::EventType::member_join) return std::nullopt;
  if (!envelope.body) return std::nullopt;
  auto claim = read_join(*envelope.body);
  if (!claim) return std::nullopt;
  return std::move(claim).value();
}

std::size_t size_of(const core::Envelope& envelope) {
  return envelope.payload.size() + (envelope.body ? envelope.body->size() : 0);
}

}  // namespace

Result<core::VerifiedEnvelope> EnvelopeCodec::sign(core::EventHeader header, Bytes body, Bytes salt,
                                                   const crypto::SigningKey& key) {
  header.body_hash = hash_of_body(salt, body);
  Jws jws = sign_jws(envelope_typ, compact_json(to_json(header)), key);
  const Digest hash = jws_hash(jws);
  core::Envelope envelope{std::move(jws.protected_), std::move(jws.payload),
                          std::move(jws.signature), std::move(salt), std::move(body)};
  if (size_of(envelope) > core::envelope_bytes_max) {
    return fail(ErrorCode::too_large, "an event has at most 64 KiB");
  }
  auto join = join_of(header, envelope);
  return core::VerifiedEnvelope{std::move(header), std::move(envelope), hash, std::move(join)};
}

Result<core::VerifiedEnvelope> EnvelopeCodec::verify(core::Envelope envelope,
                                                     const PeerIdentity& author,
                                                     TimePoint seen_at) {
  if (size_of(envelope) > core::envelope_bytes_max) {
    return fail(ErrorCode::too_large, "an envelope over 64 KiB");
  }
  const Jws jws = jws_of(envelope);
  CPC_TRY(const JwsHeader signer, federation::read_header(jws));
  const crypto::PublicKey* key = author.key(signer.kid, seen_at);
  if (key == nullptr) return fail(ErrorCode::denied, "signed by no valid key of its author");
  CPC_TRY(const Bytes payload, verify_jws(jws, envelope_typ, *key));
  CPC_TRY(core::EventHeader header, read_event_header(payload));
  if (header.author != author.iid) {
    return fail(ErrorCode::denied, "signed by another instance than its author");
  }
  if (envelope.body) {
    const bool fits = envelope.salt.size() == core::salt_bytes &&
                      hash_of_body(envelope.salt, *envelope.body) == header.body_hash;
    if (!fits) return fail(ErrorCode::denied, "the body is not the one that was signed");
  } else {
    envelope.salt.clear();
  }
  const Digest hash = jws_hash(jws);
  auto join = join_of(header, envelope);
  return core::VerifiedEnvelope{std::move(header), std::move(envelope), hash, std::move(join)};
}

nlohmann::json to_json(const core::Envelope& envelope) {
  json value{{"protected", envelope.protected_header},
             {"payload", envelope.payload},
             {"signature", envelope.signature}};
  if (envelope.body) {
    value["salt"] = base64url(envelope.salt);
    value["body"] = *envelope.body;
  }
  return value;
}

Result<core::Envelope> envelope_from_json(const nlohmann::json& value) {
  CPC_TRY(const JsonObject object, JsonObject::of(value, "envelope"));
  CPC_TRY(object.only({"protected", "payload", "signature", "salt", "body"}));
  core::Envelope envelope;
  CPC_TRY(const std::string_view header, object.string("protected", 1024));
  CPC_TRY(const std::string_view payload, object.string("payload", core::envelope_bytes_max));
  CPC_TRY(const std::string_view signature, object.string("signature", 128));
  envelope.protected_header = header;
  envelope.payload = payload;
  envelope.signature = signature;
  if (object.has("body") || object.has("salt")) {
    CPC_TRY(const std::string_view body, object.string("body", core::envelope_bytes_max));
    CPC_TRY(envelope.salt, object.base64url("salt", core::salt_bytes));
    envelope.body = Bytes{body};
  }
  return envelope;
}

Bytes message_body(std::string_view text) {
  return compact_json(json{{"text", text}});
}

Result<std::string> text_of_message(std::string_view body) {
  CPC_TRY(const json value, parse_strict_json(body));
  CPC_TRY(const JsonObject object, JsonObject::of(value, "message"));
  CPC_TRY(const std::string_view text, object.string("text", core::envelope_bytes_max));
  return std::string{text};
}

Bytes join_body(const core::Address& address, const core::Incarnation& incarnation) {
  return compact_json(json{{"address", address.text()}, {"incarnation", to_text(incarnation)}});
}

Bytes create_body() {
  return compact_json(json{{"kind", "direct"}});
}

}  // namespace cpc::federation
