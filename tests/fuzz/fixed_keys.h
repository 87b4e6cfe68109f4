// The keys, names and clock of the targets that reach behind a signature. Published here, so of no
// use to anybody.
#pragma once

#include "core/address.h"
#include "core/base/time.h"
#include "crypto/digest.h"
#include "crypto/signing_key.h"
#include "federation/peer_identity.h"

namespace cpc::fuzz {

inline constexpr TimePoint fixed_now = from_milliseconds(1'800'000'000'000);

[[nodiscard]] inline crypto::SigningKey key_from(std::string_view label) {
  return crypto::SigningKey::from_seed(
      crypto::Seed::from_bytes(crypto::sha256(label).view()).value());
}
[[nodiscard]] inline const crypto::SigningKey& root_key() {
  static const crypto::SigningKey key = key_from("root");
  return key;
}
[[nodiscard]] inline const crypto::SigningKey& signing_key() {
  static const crypto::SigningKey key = key_from("signing");
  return key;
}
[[nodiscard]] inline const crypto::SigningKey& another_key() {
  static const crypto::SigningKey key = key_from("another");
  return key;
}

/// alpha.cpc, for which signing_key() speaks at fixed_now alone.
[[nodiscard]] inline const federation::PeerIdentity& alpha_identity() {
  static const federation::PeerIdentity identity = [] {
    federation::PeerIdentity made;
    made.name = core::InstanceName::parse("alpha.cpc").value();
    made.iid = core::Iid::from_bytes(crypto::sha256("alpha").view()).value();
    made.keys.push_back(
        {signing_key().public_key(), fixed_now - Milliseconds{1}, fixed_now + Milliseconds{1}});
    return made;
  }();
  return identity;
}

}  // namespace cpc::fuzz
