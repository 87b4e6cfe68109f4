#include "federation/instance_document.h"

#include "federation/document_part.h"

namespace cpc::federation {
namespace {

using nlohmann::json;

constexpr std::string_view operational_typ = "cpc-operational";
constexpr std::size_t endpoints_max = 16;
constexpr std::size_t pins_max = 4;
constexpr std::size_t sealing_keys_max = 2;

json operational_of(const OperationalDraft& draft) {
  json endpoints = json::array();
  for (const auto& endpoint : draft.endpoints) endpoints.push_back(endpoint.text());
  json pins = json::array();
  for (const Digest& pin : draft.tls_pins) pins.push_back(to_text(pin));
  json sealing_keys = json::array();
  for (const auto& key : draft.sealing_keys) {
    sealing_keys.push_back({{"kid", to_text(key.id())}, {"x", key.text()}});
  }
  return json{{"v", 1},
              {"name", draft.name.text()},
              {"iid", to_text(draft.iid)},
              {"serial", draft.serial},
              {"issued", to_milliseconds(draft.issued)},
              {"expires", to_milliseconds(draft.issued + operational_life_max)},
              {"endpoints", std::move(endpoints)},
              {"tls_pins", std::move(pins)},
              {"sealing_keys", std::move(sealing_keys)},
              {"versions", protocol_versions},
              {"features", own_features},
              {"limits",
               {{"transaction_bytes_max", draft.transaction_bytes_max},
                {"transaction_entries_max", draft.transaction_entries_max}}}};
}

// A document made before there were sealing keys has none.
Result<std::vector<crypto::SealingPublicKey>> read_sealing_keys(const JsonObject& part) {
  std::vector<crypto::SealingPublicKey> keys;
  if (!part.has("sealing_keys")) return keys;
  CPC_TRY(const auto values, part.array("sealing_keys", sealing_keys_max));
  for (const json& value : values) {
    CPC_TRY(const JsonObject object, JsonObject::of(value, "sealing key"));
    CPC_TRY(const Bytes raw, object.base64url("x", 32));
    CPC_TRY(const auto key, crypto::SealingPublicKey::from_bytes(raw));
    CPC_TRY(const auto kid, object.id<crypto::KeyId>("kid"));
    if (kid != key.id()) return fail(ErrorCode::denied, "a key id is not its key's thumbprint");
    keys.push_back(key);
  }
  return keys;
}

Result<> read_operational(const Jws& jws, TimePoint now, PeerIdentity& identity) {
  CPC_TRY(const JwsHeader signer, federation::read_header(jws));
  const crypto::PublicKey* key = identity.key(signer.kid, now + document_skew_max);
  if (key == nullptr) key = identity.key(signer.kid, now);
  if (key == nullptr) return fail(ErrorCode::denied, "signed by no delegated key");
  CPC_TRY(const Bytes payload, verify_jws(jws, operational_typ, *key));
  identity.operational_key = signer.kid;
  CPC_TRY(const json value, parse_strict_json(payload));
  CPC_TRY(const JsonObject part, JsonObject::of(value, "operational part"));
  CPC_TRY(identity.operational_expires, check_part(part, identity, operational_life_max, now));
  CPC_TRY(identity.operational_serial, part.integer("serial", 1, json_integer_max));
  CPC_TRY(const auto endpoints, part.strings("endpoints", endpoints_max, 300));
  for (const std::string& text : endpoints) {
    CPC_TRY(auto endpoint, routing::Endpoint::parse(text));
    identity.endpoints.push_back(std::move(endpoint));
  }
  CPC_TRY(const auto pins, part.strings("tls_pins", pins_max, 64));
  for (const std::string& text : pins) {
    CPC_TRY(const Digest pin, id_from_text<Digest>(text));
    identity.tls_pins.push_back(pin);
  }
  if (identity.tls_pins.empty()) return fail(ErrorCode::invalid, "a document without TLS pins");
  CPC_TRY(identity.sealing_keys, read_sealing_keys(part));
  CPC_TRY(identity.versions, read_versions(part));
  CPC_TRY(identity.features, part.strings("features", 64, 64));
  CPC_TRY(const JsonObject limits, part.object("limits"));
  CPC_TRY(const std::int64_t bytes,
          limits.integer("transaction_bytes_max", 64 * 1024, json_integer_max));
  CPC_TRY(const std::int64_t entries,
          limits.integer("transaction_entries_max", 1, json_integer_max));
  identity.transaction_bytes_max = static_cast<std::size_t>(bytes);
  identity.transaction_entries_max = static_cast<std::size_t>(entries);
  return success();
}

}  // namespace

Result<TimePoint> check_part(const JsonObject& part, const PeerIdentity& of, Milliseconds life_max,
                             TimePoint now) {
  CPC_TRY(part.integer("v", 1, 1));
  CPC_TRY(const std::string_view said, part.string("name", 253));
  CPC_TRY(const core::Iid said_iid, part.id<core::Iid>("iid"));
  CPC_TRY(const TimePoint issued, part.time("issued"));
  CPC_TRY(const TimePoint expires, part.time("expires"));
  if (said != of.name.text()) return fail(ErrorCode::denied, "the document is of another name");
  if (said_iid != of.iid) return fail(ErrorCode::conflict, "the document is of another instance");
  if (issued > now + document_skew_max) {
    return fail(ErrorCode::denied, "the document was issued in the future");
  }
  if (expires <= now) return fail(ErrorCode::denied, "the document has expired");
  if (expires - issued > life_max) {
    return fail(ErrorCode::denied, "the document lives longer than allowed");
  }
  return expires;
}

Bytes make_document(const Jws& delegation, const OperationalDraft& draft,
                    const crypto::SigningKey& signing) {
  const Jws operational = sign_jws(operational_typ, compact_json(operational_of(draft)), signing);
  return compact_json(
      json{{"delegation", to_json(delegation)}, {"operational", to_json(operational)}});
}

Result<core::Iid> claimed_iid(std::string_view bytes) {
  if (bytes.size() > document_bytes_max) {
    return fail(ErrorCode::too_large, "a document over 64 KiB");
  }
  CPC_TRY(const json value, parse_strict_json(bytes));
  CPC_TRY(const JsonObject object, JsonObject::of(value, "document"));
  CPC_TRY(const json* delegation_json, object.value("delegation"));
  CPC_TRY(const Jws delegation, jws_from_json(*delegation_json));
  CPC_TRY(const Bytes unverified, read_unverified_payload(delegation));
  CPC_TRY(const json payload, parse_strict_json(unverified));
  CPC_TRY(const JsonObject part, JsonObject::of(payload, "delegation"));
  return part.id<core::Iid>("iid");
}

Result<PeerIdentity> verify_document(std::string_view bytes, const core::InstanceName& name,
                                     const core::Iid& pinned, TimePoint now) {
  if (bytes.size() > document_bytes_max) {
    return fail(ErrorCode::too_large, "a document over 64 KiB");
  }
  CPC_TRY(const json value, parse_strict_json(bytes));
  CPC_TRY(const JsonObject object, JsonObject::of(value, "document"));
  CPC_TRY(object.only({"delegation", "operational"}));
  CPC_TRY(const json* delegation_json, object.value("delegation"));
  CPC_TRY(const json* operational_json, object.value("operational"));
  CPC_TRY(const Jws delegation, jws_from_json(*delegation_json));
  CPC_TRY(const Jws operational, jws_from_json(*operational_json));

  PeerIdentity identity;
  CPC_TRY(verify_delegation(delegation, name, pinned, now, identity));
  CPC_TRY(read_operational(operational, now, identity));
  return identity;
}

}  // namespace cpc::federation
