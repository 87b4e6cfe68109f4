#include "federation/content_digest.h"

#include "crypto/digest.h"
#include "federation/structured_fields.h"

namespace cpc::federation {

std::string content_digest(std::string_view body) {
  return "sha-256=:" + base64(crypto::sha256(body).view()) + ":";
}

Result<> check_content_digest(std::string_view field, std::string_view body) {
  CPC_TRY(const FieldDictionary digests, parse_field_dictionary(field));
  const FieldBytes* claimed = nullptr;
  for (const FieldMember& member : digests) {
    const auto* item = std::get_if<FieldItem>(&member.value);
    const auto* octets = item == nullptr ? nullptr : std::get_if<FieldBytes>(&item->value);
    if (octets == nullptr) {
      return fail(ErrorCode::invalid, "content-digest: not a byte sequence");
    }
    if (member.key == "sha-256") claimed = octets;
  }
  if (claimed == nullptr) return fail(ErrorCode::invalid, "content-digest: no sha-256");
  CPC_TRY(const Digest digest, Digest::from_bytes(claimed->octets));
  if (digest != crypto::sha256(body)) {
    return fail(ErrorCode::denied, "content-digest: the body was altered");
  }
  return success();
}

}  // namespace cpc::federation
