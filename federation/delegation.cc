#include "federation/delegation.h"

#include <algorithm>

#include "crypto/published_keys.h"
#include "federation/document_part.h"
#include "federation/strict_json.h"

namespace cpc::federation {
namespace {

using nlohmann::json;

constexpr std::string_view delegation_typ = "cpc-delegation";
constexpr std::string_view commitment_typ = "cpc-commitment";

json json_of(const DelegatedKey& key) {
  return json{{"kid", to_text(key.key.id())},
              {"x", key.key.text()},
              {"not_before", to_milliseconds(key.not_before)},
              {"not_after", to_milliseconds(key.not_after)}};
}

json array_of(const std::vector<DelegatedKey>& keys) {
  json array = json::array();
  for (const DelegatedKey& key : keys) array.push_back(json_of(key));
  return array;
}

Result<crypto::PublicKey> public_key(const JsonObject& object) {
  CPC_TRY(const Bytes raw, object.base64url("x", 32));
  CPC_TRY(const auto key, crypto::PublicKey::from_bytes(raw));
  if (crypto::is_published(key)) {
    return fail(ErrorCode::denied, "a key whose private half is published");
  }
  return key;
}

Result<DelegatedKey> delegated_key(const json& value) {
  CPC_TRY(const JsonObject object, JsonObject::of(value, "signing key"));
  CPC_TRY(const auto key, public_key(object));
  CPC_TRY(const auto kid, object.id<crypto::KeyId>("kid"));
  if (kid != key.id()) return fail(ErrorCode::denied, "a key id is not its key's thumbprint");
  CPC_TRY(const TimePoint not_before, object.time("not_before"));
  CPC_TRY(const TimePoint not_after, object.time("not_after"));
  return DelegatedKey{key, not_before, not_after};
}

Result<std::vector<DelegatedKey>> delegated_keys(const JsonObject& part, std::string_view name,
                                                 std::size_t most) {
  std::vector<DelegatedKey> keys;
  if (!part.has(name)) return keys;
  CPC_TRY(const auto values, part.array(name, most));
  for (const json& value : values) {
    CPC_TRY(auto key, delegated_key(value));
    keys.push_back(std::move(key));
  }
  return keys;
}

Result<std::vector<RevokedKey>> revoked_keys(const JsonObject& part) {
  std::vector<RevokedKey> keys;
  if (!part.has("revoked")) return keys;
  CPC_TRY(const auto values, part.array("revoked", revoked_keys_max));
  for (const json& value : values) {
    CPC_TRY(const JsonObject object, JsonObject::of(value, "revoked key"));
    CPC_TRY(const auto kid, object.id<crypto::KeyId>("kid"));
    CPC_TRY(const TimePoint at, object.time("at"));
    keys.push_back({kid, at});
  }
  return keys;
}

// Who is promised, if `jws` is a commitment of the root key `root_id`. The key stands inside what
// it signs; its id says whether it is the right one.
Result<crypto::KeyId> verify_commitment(const Jws& jws, const core::Iid& iid,
                                        const crypto::KeyId& root_id) {
  CPC_TRY(const Bytes unverified, read_unverified_payload(jws));
  CPC_TRY(const json value, parse_strict_json(unverified));
  CPC_TRY(const JsonObject object, JsonObject::of(value, "commitment"));
  CPC_TRY(object.only({"v", "iid", "x", "next"}));
  CPC_TRY(object.integer("v", 1, 1));
  CPC_TRY(const auto root, public_key(object));
  if (root.id() != root_id) return fail(ErrorCode::conflict, "a commitment of another root key");
  CPC_TRY(verify_jws(jws, commitment_typ, root));
  CPC_TRY(const auto said_iid, object.id<core::Iid>("iid"));
  if (said_iid != iid) return fail(ErrorCode::conflict, "a commitment of another instance");
  CPC_TRY(const auto next, object.id<crypto::KeyId>("next"));
  if (next == root_id) return fail(ErrorCode::denied, "a root key that promises itself");
  return next;
}

// The root keys from the first one to the one that signs now, each promised by the one before.
Result<> read_roots(const JsonObject& part, const core::Iid& pinned, const crypto::KeyId& root,
                    PeerIdentity& identity) {
  CPC_TRY(auto promised, crypto::KeyId::from_bytes(pinned.view()));
  identity.roots.push_back(promised);
  if (part.has("earlier")) {
    CPC_TRY(const auto earlier, part.array("earlier", earlier_roots_max));
    for (const json& value : earlier) {
      CPC_TRY(const Jws jws, jws_from_json(value));
      CPC_TRY(promised, verify_commitment(jws, pinned, promised));
      identity.roots.push_back(promised);
    }
  }
  if (root != promised) return fail(ErrorCode::conflict, "the root key is another one");
  if (part.has("commitment")) {
    CPC_TRY(const json* value, part.value("commitment"));
    CPC_TRY(const Jws jws, jws_from_json(*value));
    CPC_TRY(identity.next_root, verify_commitment(jws, pinned, root));
  }
  return success();
}

}  // namespace

core::Iid iid_of(const crypto::PublicKey& first_root) {
  return core::Iid::from_bytes(first_root.id().view()).value();
}

Jws make_commitment(const core::Iid& iid, const crypto::SigningKey& root,
                    const crypto::KeyId& next) {
  const json payload{
      {"v", 1}, {"iid", to_text(iid)}, {"x", root.public_key().text()}, {"next", to_text(next)}};
  return sign_jws(commitment_typ, compact_json(payload), root);
}

Jws make_delegation(const DelegationDraft& draft, const crypto::SigningKey& root) {
  json payload{{"v", 1},
               {"name", draft.name.text()},
               {"iid", to_text(draft.iid)},
               {"serial", draft.serial},
               {"issued", to_milliseconds(draft.issued)},
               {"expires", to_milliseconds(draft.issued + delegation_life_max)},
               {"status", "active"},
               {"root", {{"x", root.public_key().text()}}},
               {"keys", array_of(draft.keys)}};
  if (!draft.earlier.empty()) {
    json& earlier = payload["earlier"] = json::array();
    for (const Jws& jws : draft.earlier) earlier.push_back(to_json(jws));
  }
  if (draft.commitment) payload["commitment"] = to_json(*draft.commitment);
  if (!draft.retired.empty()) payload["retired"] = array_of(draft.retired);
  if (!draft.revoked.empty()) {
    json& revoked = payload["revoked"] = json::array();
    for (const RevokedKey& key : draft.revoked) {
      revoked.push_back({{"kid", to_text(key.id)}, {"at", to_milliseconds(key.at)}});
    }
  }
  return sign_jws(delegation_typ, compact_json(payload), root);
}

Result<> verify_delegation(const Jws& delegation, const core::InstanceName& name,
                           const core::Iid& pinned, TimePoint now, PeerIdentity& identity) {
  identity.name = name;
  identity.iid = pinned;
  // The root key stands inside what it signs; the pinned id says whether it is the right one.
  CPC_TRY(const Bytes unverified, read_unverified_payload(delegation));
  CPC_TRY(const json value, parse_strict_json(unverified));
  CPC_TRY(const JsonObject part, JsonObject::of(value, "delegation"));
  CPC_TRY(const JsonObject root_object, part.object("root"));
  CPC_TRY(const auto root, public_key(root_object));
  CPC_TRY(read_roots(part, pinned, root.id(), identity));
  CPC_TRY(verify_jws(delegation, delegation_typ, root));

  CPC_TRY(identity.delegation_expires, check_part(part, identity, delegation_life_max, now));
  CPC_TRY(identity.delegation_serial, part.integer("serial", 1, json_integer_max));
  CPC_TRY(const std::string_view status, part.string("status", 16));
  if (status != "active") return fail(ErrorCode::denied, "the instance is not active");
  CPC_TRY(part.value("keys"));
  CPC_TRY(identity.keys, delegated_keys(part, "keys", signing_keys_max));
  if (identity.keys.empty()) return fail(ErrorCode::invalid, "a delegation without signing keys");
  CPC_TRY(identity.retired, delegated_keys(part, "retired", retired_keys_max));
  CPC_TRY(identity.revoked, revoked_keys(part));
  return success();
}

Result<> check_succession(const PeerIdentity& known, const PeerIdentity& next, TimePoint now) {
  const std::size_t shared = std::min(known.roots.size(), next.roots.size());
  if (!std::equal(next.roots.begin(), next.roots.begin() + static_cast<std::ptrdiff_t>(shared),
                  known.roots.begin())) {
    return fail(ErrorCode::conflict, "its root keys are others than before");
  }
  if (next.roots.size() < known.roots.size()) {
    return fail(ErrorCode::denied, "signed by a root key that another one has followed");
  }
  const bool has_followed = next.roots.size() > known.roots.size();
  if (const auto& promised = known.next_root) {
    const bool is_kept =
        has_followed ? next.roots[known.roots.size()] == *promised : next.next_root == promised;
    if (!is_kept) {
      return fail(ErrorCode::conflict, "its root key had promised another successor");
    }
  }
  // Whoever stole a key may have said the highest serial there is with it. What takes the key from
  // them counts all the same: serials bind each key, and those who follow it begin anew.
  const bool is_rid_of_signer =
      !known.roots.empty() && next.key(known.operational_key, now) == nullptr;
  const bool is_older =
      (!has_followed && next.delegation_serial < known.delegation_serial) ||
      (!has_followed && !is_rid_of_signer && next.operational_serial < known.operational_serial);
  if (is_older) return fail(ErrorCode::denied, "a document with a lower serial than before");
  return success();
}

}  // namespace cpc::federation
