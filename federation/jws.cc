#include "federation/jws.h"

#include <algorithm>

#include "crypto/digest.h"
#include "federation/strict_json.h"

namespace cpc::federation {
namespace {

constexpr std::size_t header_bytes_max = 512;
constexpr JsonLimits header_limits{.bytes_max = header_bytes_max, .depth_max = 4, .values_max = 32};

constexpr std::size_t base64url_size(std::size_t bytes) {
  return (bytes * 4 + 2) / 3;
}
constexpr std::size_t header_text_max = base64url_size(header_bytes_max);
constexpr std::size_t payload_text_max = base64url_size(jws_payload_bytes_max);
constexpr std::size_t signature_text_max = base64url_size(crypto::Signature::size);

/// RFC 7515 section 5.1: what is signed is the two texts, not what they stand for.
std::string signing_input(const Jws& jws) {
  return jws.protected_ + "." + jws.payload;
}

Result<> check_sizes(const Jws& jws) {
  const bool is_too_large = jws.protected_.size() > header_text_max ||
                            jws.payload.size() > payload_text_max ||
                            jws.signature.size() > signature_text_max;
  if (is_too_large) return fail(ErrorCode::too_large, "jws: over its size limit");
  return success();
}

}  // namespace

Jws sign_jws(std::string_view typ, std::string_view payload, const crypto::SigningKey& key) {
  Jws jws;
  jws.protected_ =
      base64url(compact_json({{"alg", "EdDSA"}, {"kid", to_text(key.id())}, {"typ", typ}}));
  jws.payload = base64url(payload);
  jws.signature = to_text(key.sign(signing_input(jws)));
  return jws;
}

Result<Jws> sign_again(const Jws& jws, const crypto::SigningKey& key) {
  CPC_TRY(const JwsHeader header, read_header(jws));
  CPC_TRY(const Bytes payload, read_unverified_payload(jws));
  return sign_jws(header.typ, payload, key);
}

nlohmann::json to_json(const Jws& jws) {
  return {{"payload", jws.payload}, {"protected", jws.protected_}, {"signature", jws.signature}};
}

Result<Jws> jws_from_json(const nlohmann::json& value) {
  CPC_TRY(const JsonObject object, JsonObject::of(value, "jws"));
  CPC_TRY(object.only({"protected", "payload", "signature"}));
  constexpr auto any_size = std::string_view::npos;  // check_sizes says too_large.
  CPC_TRY(const std::string_view header, object.string("protected", any_size));
  CPC_TRY(const std::string_view payload, object.string("payload", any_size));
  CPC_TRY(const std::string_view signature, object.string("signature", any_size));
  Jws jws{std::string{header}, std::string{payload}, std::string{signature}};
  CPC_TRY(check_sizes(jws));
  return jws;
}

Result<JwsHeader> read_header(const Jws& jws) {
  CPC_TRY(check_sizes(jws));
  CPC_TRY(const Bytes text, from_base64url(jws.protected_));
  CPC_TRY(const nlohmann::json value, parse_strict_json(text, header_limits));
  CPC_TRY(const JsonObject object, JsonObject::of(value, "jws header"));
  CPC_TRY(object.only({"alg", "kid", "typ"}));
  CPC_TRY(const std::string_view alg, object.string("alg", 16));
  if (alg != "EdDSA") return object.wrong("alg", "is not EdDSA");
  CPC_TRY(const crypto::KeyId kid, object.id<crypto::KeyId>("kid"));
  CPC_TRY(const std::string_view typ, object.string("typ", jws_typ_bytes_max));
  return JwsHeader{kid, std::string{typ}};
}

Result<Bytes> read_unverified_payload(const Jws& jws) {
  CPC_TRY(check_sizes(jws));
  return from_base64url(jws.payload);
}

Result<Bytes> verify_jws(const Jws& jws, std::string_view typ, const crypto::PublicKey& key) {
  CPC_TRY(const JwsHeader header, read_header(jws));
  if (header.typ != typ) return fail(ErrorCode::invalid, "jws: a document of another kind");
  CPC_TRY(const crypto::Signature signature, id_from_text<crypto::Signature>(jws.signature));
  CPC_TRY(Bytes payload, read_unverified_payload(jws));
  if (header.kid != key.id()) return fail(ErrorCode::denied, "jws: signed by another key");
  if (!key.verifies(signature, signing_input(jws))) {
    return fail(ErrorCode::denied, "jws: the signature does not verify");
  }
  return payload;
}

Digest jws_hash(const Jws& jws) {
  return crypto::sha256(to_compact(jws));
}

std::string to_compact(const Jws& jws) {
  return jws.protected_ + "." + jws.payload + "." + jws.signature;
}

Result<Jws> jws_from_compact(std::string_view text) {
  if (text.size() > header_text_max + payload_text_max + signature_text_max + 2) {
    return fail(ErrorCode::too_large, "jws: over its size limit");
  }
  const std::size_t first = text.find('.');
  const std::size_t last = text.rfind('.');
  if (std::count(text.begin(), text.end(), '.') != 2 || first == 0 || last == first + 1 ||
      last + 1 == text.size()) {
    return fail(ErrorCode::invalid, "jws: not three parts");
  }
  Jws jws{std::string{text.substr(0, first)}, std::string{text.substr(first + 1, last - first - 1)},
          std::string{text.substr(last + 1)}};
  CPC_TRY(check_sizes(jws));
  return jws;
}

std::string sign_compact(std::string_view typ, std::string_view payload,
                         const crypto::SigningKey& key) {
  return to_compact(sign_jws(typ, payload, key));
}

Result<Bytes> verify_compact(std::string_view text, std::string_view typ,
                             const crypto::PublicKey& key) {
  CPC_TRY(const Jws jws, jws_from_compact(text));
  return verify_jws(jws, typ, key);
}

}  // namespace cpc::federation
