// The keys, names and clock of the targets that reach behind a signature. Published here, so of no
// use to anybody.
#pragma once

#include "core/address.h"
#include "core/base/time.h"
#include "crypto/digest.h"
#include "crypto/signing_key.h"

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

}  // namespace cpc::fuzz
