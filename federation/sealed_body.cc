#include "federation/sealed_body.h"

#include "crypto/digest.h"

namespace cpc::federation {
namespace {

Digest info_of(const SealedFor& sealed_for) {
  return crypto::FramedHash{}
      .add("cpc-seal-1")
      .add(sealed_for.origin.view())
      .add(sealed_for.destination.view())
      .add(sealed_for.transaction)
      .finish();
}

}  // namespace

Bytes seal_body(const crypto::SealingPublicKey& to, const SealedFor& sealed_for,
                std::string_view body, const crypto::Seed& randomness) {
  const Bytes sealed = crypto::hpke_seal(to, info_of(sealed_for).view(), "", body, randomness);
  return Bytes{to.id().view()}.append(sealed);
}

Result<crypto::KeyId> sealed_to(std::string_view sealed) {
  if (sealed.size() < crypto::KeyId::size + crypto::hpke_bytes_added) {
    return fail(ErrorCode::invalid, "too short to be sealed");
  }
  return crypto::KeyId::from_bytes(sealed.substr(0, crypto::KeyId::size));
}

Result<Bytes> open_body(const crypto::SealingKey& key, const SealedFor& sealed_for,
                        std::string_view sealed) {
  CPC_TRY(const crypto::KeyId id, sealed_to(sealed));
  if (id != key.id()) return fail(ErrorCode::invalid, "sealed to another key");
  return crypto::hpke_open(key, info_of(sealed_for).view(), "", sealed.substr(id.size));
}

}  // namespace cpc::federation
