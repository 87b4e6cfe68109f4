// The operating system's randomness. Only adapters call it (daemon/, cpcctl init); rules and loops
// take chance through routing::Random, so that a simulation can replay it.
#pragma once

#include "core/base/bytes.h"

namespace cpc::crypto {

/// `count` octets from libsodium's randombytes_buf. Never fails; aborts without a kernel source.
[[nodiscard]] Bytes random_bytes(std::size_t count);

template <class AnyId>
[[nodiscard]] AnyId random_id() {
  return AnyId::from_bytes(random_bytes(AnyId::size)).value();
}

}  // namespace cpc::crypto
