#include "federation/directory_record.h"

#include <algorithm>

#include "crypto/digest.h"
#include "crypto/published_keys.h"
#include "federation/jws.h"
#include "federation/strict_json.h"

namespace cpc::federation {
namespace {

using nlohmann::json;

constexpr std::string_view directory_typ = "cpc-directory";
constexpr std::size_t endpoint_bytes_max = 262;  // A DNS name of 253, brackets, colon and port.
constexpr std::size_t values_per_record_max = 8;

json json_of(const DirectoryChange& change) {
  json value{{"name", change.name.text()},
             {"iid", to_text(change.iid)},
             {"status", to_text(change.status)}};
  if (change.endpoints.empty()) return value;
  json& endpoints = value["endpoints"] = json::array();
  for (const routing::Endpoint& endpoint : change.endpoints) endpoints.push_back(endpoint.text());
  return value;
}

Result<DirectoryStatus> status_in(const JsonObject& object) {
  CPC_TRY(const std::string_view text, object.string("status", 16));
  for (const auto status :
       {DirectoryStatus::active, DirectoryStatus::retired, DirectoryStatus::removed}) {
    if (text == to_text(status)) return status;
  }
  return object.wrong("status", "is none that is known");
}

Result<DirectoryChange> change_in(const json& value) {
  DirectoryChange change;
  CPC_TRY(const JsonObject object, JsonObject::of(value, "directory change"));
  CPC_TRY(object.only({"name", "iid", "status", "endpoints"}));
  CPC_TRY(const std::string_view name, object.string("name", 255));
  CPC_TRY(change.name, core::InstanceName::parse(name));
  CPC_TRY(change.iid, object.id<core::Iid>("iid"));
  if (change.iid.is_zero()) return object.wrong("iid", "is nobody's");
  CPC_TRY(change.status, status_in(object));
  if (!object.has("endpoints")) return change;
  if (change.status != DirectoryStatus::active) {
    return object.wrong("endpoints", "of a name that is not active");
  }
  CPC_TRY(const auto texts,
          object.strings("endpoints", directory_endpoints_max, endpoint_bytes_max));
  for (const std::string& text : texts) {
    CPC_TRY(auto endpoint, routing::Endpoint::parse(text));
    change.endpoints.push_back(std::move(endpoint));
  }
  return change;
}

Result<DirectorySigners> signers_in(const JsonObject& part) {
  DirectorySigners signers;
  CPC_TRY(const auto texts, part.strings("keys", directory_signers_max, 64));
  for (const std::string& text : texts) {
    CPC_TRY(const Bytes raw, from_base64url(text));
    CPC_TRY(const auto key, crypto::PublicKey::from_bytes(raw));
    if (crypto::is_published(key)) {
      return fail(ErrorCode::denied, "directory: a key whose private half is published");
    }
    if (std::find(signers.keys.begin(), signers.keys.end(), key) != signers.keys.end()) {
      return part.wrong("keys", "has one twice");
    }
    signers.keys.push_back(key);
  }
  if (signers.keys.empty()) return part.wrong("keys", "has none");
  CPC_TRY(const std::int64_t threshold,
          part.integer("threshold", 1, static_cast<std::int64_t>(signers.keys.size())));
  signers.threshold = static_cast<std::size_t>(threshold);
  return signers;
}

// Which directory, and what came before: in version 1 its name instead.
Result<> read_place(const JsonObject& part, DirectoryVersion& version) {
  CPC_TRY(version.version, part.integer("version", 1, json_integer_max));
  if (version.version == 1) {
    CPC_TRY(part.only({"v", "version", "name", "time", "expires", "keys", "threshold", "changes"}));
    CPC_TRY(const std::string_view name, part.string("name", directory_name_bytes_max));
    if (!is_directory_name(name)) return part.wrong("name", "is no directory's");
    version.name = name;
    return success();
  }
  CPC_TRY(part.only({"v", "version", "directory", "previous", "time", "expires", "keys",
                     "threshold", "changes"}));
  CPC_TRY(version.directory, part.id<core::DirectoryId>("directory"));
  CPC_TRY(version.previous, part.id<Digest>("previous"));
  return success();
}

Result<> read_changes(const JsonObject& part, DirectoryVersion& version) {
  CPC_TRY(const auto changes, part.array("changes", directory_changes_max));
  std::set<core::InstanceName> seen;
  for (const json& value : changes) {
    CPC_TRY(auto change, change_in(value));
    if (!seen.insert(change.name).second) return part.wrong("changes", "name one twice");
    version.changes.push_back(std::move(change));
  }
  return success();
}

Jws as_jws(const DirectoryRecord& record, const DirectoryRecord::Signature& signature) {
  return {signature.protected_, record.payload, signature.signature};
}

const crypto::PublicKey* key_in(const DirectorySigners* signers, const crypto::KeyId& id) {
  if (signers == nullptr) return nullptr;
  const auto found = std::find_if(signers->keys.begin(), signers->keys.end(),
                                  [&](const auto& key) { return key.id() == id; });
  return found == signers->keys.end() ? nullptr : &*found;
}

}  // namespace

std::string_view to_text(DirectoryStatus status) {
  switch (status) {
    case DirectoryStatus::active:
      return "active";
    case DirectoryStatus::retired:
      return "retired";
    case DirectoryStatus::removed:
      break;
  }
  return "removed";
}

bool is_directory_name(std::string_view name) {
  if (name.empty() || name.size() > directory_name_bytes_max) return false;
  if (name.front() == '-' || name.back() == '-') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

Result<Digest> directory_hash(const DirectoryRecord& record) {
  CPC_TRY(const Bytes payload, from_base64url(record.payload));
  return crypto::FramedHash{}.add("cpc-directory-1").add(payload).finish();
}

DirectoryRecord make_record(const DirectoryVersion& version) {
  json payload{{"v", 1},
               {"version", version.version},
               {"time", to_milliseconds(version.time)},
               {"expires", to_milliseconds(version.expires)}};
  if (version.version == 1) {
    payload["name"] = version.name;
  } else {
    payload["directory"] = to_text(version.directory);
    payload["previous"] = to_text(version.previous);
  }
  if (version.signers) {
    json& keys = payload["keys"] = json::array();
    for (const crypto::PublicKey& key : version.signers->keys) keys.push_back(key.text());
    payload["threshold"] = version.signers->threshold;
  }
  json& changes = payload["changes"] = json::array();
  for (const DirectoryChange& change : version.changes) changes.push_back(json_of(change));
  return {base64url(compact_json(payload)), {}};
}

void sign_record(DirectoryRecord& record, const crypto::SigningKey& key) {
  const auto payload = from_base64url(record.payload);
  if (!payload) return;  // decode_record() lets none in, and make_record() makes none.
  const Jws jws = sign_jws(directory_typ, payload.value(), key);
  const auto is_same = [&](const auto& known) { return known.protected_ == jws.protected_; };
  std::erase_if(record.signatures, is_same);
  record.signatures.push_back({jws.protected_, jws.signature});
}

Bytes encode_record(const DirectoryRecord& record) {
  json signatures = json::array();
  for (const auto& one : record.signatures) {
    signatures.push_back({{"protected", one.protected_}, {"signature", one.signature}});
  }
  return compact_json({{"payload", record.payload}, {"signatures", std::move(signatures)}});
}

Result<DirectoryRecord> decode_record(std::string_view text) {
  JsonLimits limits;
  limits.bytes_max = directory_record_bytes_max;
  CPC_TRY(const json value, parse_strict_json(text, limits));
  CPC_TRY(const JsonObject object, JsonObject::of(value, "directory record"));
  CPC_TRY(object.only({"payload", "signatures"}));
  DirectoryRecord record;
  CPC_TRY(const std::string_view payload, object.string("payload", directory_record_bytes_max));
  CPC_TRY(from_base64url(payload));
  record.payload = payload;
  // When the signers change, the old ones and the new ones sign.
  CPC_TRY(const auto signatures, object.array("signatures", 2 * directory_signers_max));
  for (const json& one : signatures) {
    CPC_TRY(const JsonObject part, JsonObject::of(one, "directory signature"));
    CPC_TRY(part.only({"protected", "signature"}));
    CPC_TRY(const std::string_view header, part.string("protected", 1024));
    CPC_TRY(const std::string_view signature, part.string("signature", 128));
    record.signatures.push_back({std::string{header}, std::string{signature}});
  }
  return record;
}

Result<DirectoryVersion> read_version(const DirectoryRecord& record) {
  CPC_TRY(const Bytes payload, from_base64url(record.payload));
  CPC_TRY(const json value, parse_strict_json(payload));
  CPC_TRY(const JsonObject part, JsonObject::of(value, "directory"));
  DirectoryVersion version;
  CPC_TRY(part.integer("v", 1, 1));
  CPC_TRY(read_place(part, version));
  CPC_TRY(version.time, part.time("time"));
  CPC_TRY(version.expires, part.time("expires"));
  if (version.expires <= version.time || version.expires - version.time > directory_life_max) {
    return part.wrong("expires", "is not after its time, or more than a year after it");
  }
  if (version.version == 1 || part.has("keys") || part.has("threshold")) {
    CPC_TRY(version.signers, signers_in(part));
  }
  CPC_TRY(read_changes(part, version));
  return version;
}

Result<std::set<crypto::KeyId>> signed_by(const DirectoryRecord& record,
                                          const DirectorySigners& signers,
                                          const DirectorySigners* others) {
  std::set<crypto::KeyId> all, ours;
  for (const DirectoryRecord::Signature& one : record.signatures) {
    const Jws jws = as_jws(record, one);
    CPC_TRY(const JwsHeader header, read_header(jws));
    const crypto::PublicKey* signer = key_in(&signers, header.kid);
    const crypto::PublicKey* key = signer != nullptr ? signer : key_in(others, header.kid);
    if (key == nullptr) return fail(ErrorCode::denied, "directory: signed by somebody else");
    CPC_TRY(verify_jws(jws, directory_typ, *key));
    if (!all.insert(header.kid).second) {
      return fail(ErrorCode::denied, "directory: two signatures of one key");
    }
    if (signer != nullptr) ours.insert(header.kid);
  }
  return ours;
}

Bytes encode_page(const DirectoryPage& page) {
  // The records are JSON already, and stay the octets that they are.
  Bytes text = R"({"directory":")" + to_text(page.directory) + R"(","records":[)";
  for (std::size_t i = 0; i < page.records.size(); ++i) {
    if (i > 0) text += ',';
    text += page.records[i];
  }
  text += R"(],"v":1,"version":)" + std::to_string(page.version) + "}";
  return text;
}

Result<DirectoryPage> decode_page(std::string_view text, std::size_t bytes_max,
                                  std::size_t records_max) {
  JsonLimits limits;
  limits.bytes_max = bytes_max;
  limits.values_max = (records_max + 1) * (4 * directory_signers_max + values_per_record_max);
  CPC_TRY(const json value, parse_strict_json(text, limits));
  CPC_TRY(const JsonObject object, JsonObject::of(value, "directory page"));
  CPC_TRY(object.only({"v", "directory", "version", "records"}));
  CPC_TRY(object.integer("v", 1, 1));
  DirectoryPage page;
  CPC_TRY(page.directory, object.id<core::DirectoryId>("directory"));
  CPC_TRY(page.version, object.integer("version", 0, json_integer_max));
  CPC_TRY(const auto records, object.array("records", records_max));
  for (const json& record : records) page.records.push_back(compact_json(record));
  return page;
}

}  // namespace cpc::federation
