#include "federation/own_delegation.h"

#include <algorithm>

#include "crypto/published_keys.h"
#include "federation/strict_json.h"

namespace cpc::federation {
namespace {

using nlohmann::json;

constexpr std::string_view request_schema = "cpc-delegation-request.v1";
constexpr std::size_t request_bytes_max = 64 * 1024;

DelegatedKey key_from(const crypto::PublicKey& key, TimePoint from) {
  // Earlier for clocks behind ours.
  return {key, from - document_skew_max, from + signing_key_life};
}

bool is_listed(const std::vector<DelegatedKey>& keys, const crypto::KeyId& id) {
  return std::ranges::any_of(keys, [&](const DelegatedKey& key) { return key.key.id() == id; });
}

void retire(DelegationDraft& draft, DelegatedKey key) {
  draft.retired.push_back(std::move(key));
  if (draft.retired.size() > retired_keys_max) draft.retired.erase(draft.retired.begin());
}

void retire_those_past(DelegationDraft& draft, TimePoint now) {
  for (const DelegatedKey& key : draft.keys) {
    if (key.not_after <= now) retire(draft, key);
  }
  std::erase_if(draft.keys, [&](const DelegatedKey& key) { return key.not_after <= now; });
}

Result<> revoke(DelegationDraft& draft, const crypto::KeyId& id, TimePoint now) {
  const auto has_id = [&](const DelegatedKey& key) { return key.key.id() == id; };
  const auto found = std::ranges::find_if(draft.keys, has_id);
  if (found != draft.keys.end()) {
    DelegatedKey key = *found;
    key.not_after = std::min(key.not_after, now);
    draft.keys.erase(found);
    retire(draft, std::move(key));
  } else if (!is_listed(draft.retired, id)) {
    return fail(ErrorCode::conflict, "there is no signing key " + to_text(id));
  }
  const bool is_revoked =
      std::ranges::any_of(draft.revoked, [&](const RevokedKey& one) { return one.id == id; });
  if (is_revoked) return fail(ErrorCode::conflict, "this key is revoked already");
  draft.revoked.push_back({id, now});
  if (draft.revoked.size() > revoked_keys_max) draft.revoked.erase(draft.revoked.begin());
  return success();
}

Result<> add(DelegationDraft& draft, const DelegationChange::NewKey& next, TimePoint now) {
  if (crypto::is_published(next.key)) {
    return fail(ErrorCode::denied, "a key whose private half is published");
  }
  if (is_listed(draft.keys, next.key.id()) || is_listed(draft.retired, next.key.id())) {
    return fail(ErrorCode::conflict, "this signing key was there before");
  }
  if (draft.keys.size() >= signing_keys_max) {
    return fail(ErrorCode::conflict,
                "there are three signing keys in force already; the oldest ends 72 hours after the "
                "one that followed it");
  }
  // It may have waited for the root key; those before it count for their time all the same.
  const TimePoint from = std::max(next.from, now);
  for (DelegatedKey& key : draft.keys) {
    key.not_after = std::min<TimePoint>(key.not_after, from + signing_key_overlap);
  }
  draft.keys.push_back(key_from(next.key, from));
  return success();
}

// The last one goes on as long as no other follows it.
void prolong(DelegationDraft& draft, TimePoint now) {
  if (draft.keys.empty()) return;
  DelegatedKey& last = *std::ranges::max_element(draft.keys, {}, &DelegatedKey::not_before);
  last.not_after = std::max<TimePoint>(last.not_after, now + signing_key_life);
}

// The clock was set back behind the beginning of all keys: the oldest counts all the same.
void begin_by(DelegationDraft& draft, TimePoint now) {
  DelegatedKey& first = *std::ranges::min_element(draft.keys, {}, &DelegatedKey::not_before);
  if (first.not_before > now) first.not_before = now - document_skew_max;
}

Result<OwnDelegation> signed_by(const crypto::SigningKey& root, const DelegationDraft& draft) {
  return read_own_delegation(make_delegation(draft, root), draft.name);
}

// The roots up to `root`, which signs the next delegation, and its commitment.
Result<> follow_roots(const OwnDelegation& current, const crypto::SigningKey& root,
                      const std::optional<crypto::KeyId>& next_root, DelegationDraft& draft) {
  draft.earlier = current.earlier;
  draft.commitment = current.commitment;
  if (root.id() == current.identity.next_root) {
    if (draft.earlier.size() >= earlier_roots_max) {
      return fail(ErrorCode::conflict, "eight root keys have followed each other; no more can");
    }
    draft.earlier.push_back(*current.commitment);
    draft.commitment.reset();
  } else if (root.id() != current.root()) {
    return fail(ErrorCode::denied, "this root key is neither the one that signs now, " +
                                       to_text(current.root()) + ", nor the one that it promised");
  }
  if (!draft.commitment && next_root) {
    draft.commitment = make_commitment(draft.iid, root, *next_root);
  }
  return success();
}

}  // namespace

Result<OwnDelegation> read_own_delegation(const Jws& jws, const core::InstanceName& name) {
  CPC_TRY(const Bytes payload, read_unverified_payload(jws));
  CPC_TRY(const json value, parse_strict_json(payload));
  CPC_TRY(const JsonObject part, JsonObject::of(value, "delegation"));
  CPC_TRY(const auto iid, part.id<core::Iid>("iid"));
  OwnDelegation own;
  own.jws = jws;
  CPC_TRY(own.issued, part.time("issued"));
  CPC_TRY(verify_delegation(jws, name, iid, own.issued, own.identity));
  if (part.has("earlier")) {
    CPC_TRY(const auto earlier, part.array("earlier", earlier_roots_max));
    for (const json& one : earlier) {
      CPC_TRY(Jws commitment, jws_from_json(one));
      own.earlier.push_back(std::move(commitment));
    }
  }
  if (part.has("commitment")) {
    CPC_TRY(const json* commitment, part.value("commitment"));
    CPC_TRY(own.commitment, jws_from_json(*commitment));
  }
  return own;
}

DelegationChange still_to_come(DelegationChange change, const PeerIdentity& current) {
  if (change.new_key && current.find(change.new_key->key.id()) != nullptr) change.new_key.reset();
  if (change.revoked && current.is_revoked(*change.revoked)) change.revoked.reset();
  return change;
}

Result<> check_undoes_nothing(const PeerIdentity& current, const PeerIdentity& next,
                              TimePoint now) {
  const std::string advice =
      " came into force since it was asked for; ask again: cpcctl key export";
  for (const RevokedKey& one : current.revoked) {
    // The oldest give way to newer ones in the end.
    if (!next.is_revoked(one.id) && next.revoked.size() < revoked_keys_max) {
      return fail(ErrorCode::conflict, "the revocation of " + to_text(one.id) + advice);
    }
  }
  for (const DelegatedKey& one : current.keys) {
    if (one.not_after > now && next.find(one.key.id()) == nullptr) {
      return fail(ErrorCode::conflict, "the signing key " + to_text(one.key.id()) + advice);
    }
  }
  return success();
}

Bytes encode_request(const DelegationRequest& request) {
  json value{{"schema", request_schema},
             {"name", request.current.identity.name.text()},
             {"delegation", to_json(request.current.jws)}};
  if (const auto& next = request.change.new_key) {
    value["new_key"] = {{"x", next->key.text()}, {"from", to_milliseconds(next->from)}};
  }
  if (const auto& revoked = request.change.revoked) value["revoked"] = to_text(*revoked);
  return compact_json(value);
}

Result<DelegationRequest> decode_request(std::string_view text) {
  if (text.size() > request_bytes_max) return fail(ErrorCode::too_large, "a request over 64 KiB");
  CPC_TRY(const json value, parse_strict_json(text));
  CPC_TRY(const JsonObject object, JsonObject::of(value, "delegation request"));
  CPC_TRY(object.only({"schema", "name", "delegation", "new_key", "revoked"}));
  CPC_TRY(const std::string_view schema, object.string("schema", 64));
  if (schema != request_schema) return fail(ErrorCode::invalid, "this is no delegation request");
  CPC_TRY(const std::string_view said, object.string("name", 253));
  CPC_TRY(const auto name, core::InstanceName::parse(said));
  CPC_TRY(const json* delegation, object.value("delegation"));
  CPC_TRY(const Jws jws, jws_from_json(*delegation));
  DelegationRequest request;
  CPC_TRY(request.current, read_own_delegation(jws, name));
  if (object.has("new_key")) {
    CPC_TRY(const JsonObject next, object.object("new_key"));
    CPC_TRY(next.only({"x", "from"}));
    CPC_TRY(const Bytes raw, next.base64url("x", 32));
    CPC_TRY(const auto key, crypto::PublicKey::from_bytes(raw));
    CPC_TRY(const TimePoint from, next.time("from"));
    request.change.new_key.emplace(DelegationChange::NewKey{key, from});
  }
  if (object.has("revoked")) {
    CPC_TRY(request.change.revoked, object.id<crypto::KeyId>("revoked"));
  }
  return request;
}

Result<OwnDelegation> first_delegation(const core::InstanceName& name,
                                       const crypto::SigningKey& root,
                                       const std::optional<crypto::KeyId>& next_root,
                                       const std::vector<crypto::PublicKey>& signing,
                                       TimePoint now) {
  DelegationDraft draft;
  draft.name = name;
  draft.iid = iid_of(root.public_key());
  // An instance that lost its delegation does not fall back behind it.
  draft.serial = to_milliseconds(now) / 1000;
  draft.issued = now;
  for (const crypto::PublicKey& key : signing) draft.keys.push_back(key_from(key, now));
  if (next_root) draft.commitment = make_commitment(draft.iid, root, *next_root);
  return signed_by(root, draft);
}

Result<OwnDelegation> next_delegation(const DelegationRequest& request,
                                      const crypto::SigningKey& root,
                                      const std::optional<crypto::KeyId>& next_root,
                                      TimePoint now) {
  const OwnDelegation& current = request.current;
  DelegationDraft draft;
  draft.name = current.identity.name;
  draft.iid = current.identity.iid;
  draft.serial = std::max(current.identity.delegation_serial + 1, to_milliseconds(now) / 1000);
  draft.issued = now;
  draft.keys = current.identity.keys;
  draft.retired = current.identity.retired;
  draft.revoked = current.identity.revoked;
  CPC_TRY(follow_roots(current, root, next_root, draft));
  retire_those_past(draft, now);
  if (request.change.revoked) {
    CPC_TRY(revoke(draft, *request.change.revoked, now));
  }
  if (request.change.new_key) {
    CPC_TRY(add(draft, *request.change.new_key, now));
  }
  if (draft.keys.empty()) return fail(ErrorCode::conflict, "no signing key would be left");
  prolong(draft, now);
  begin_by(draft, now);
  return signed_by(root, draft);
}

}  // namespace cpc::federation
