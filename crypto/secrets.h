// Bringing libsodium up before its first use, and wiping what was secret after its last.
#pragma once

#include <sodium.h>

#include <cstdlib>

#include "core/base/bytes.h"

namespace cpc::crypto {

/// Initialises libsodium once; any thread, any number of times. Aborts if the machine has no source
/// of randomness, because nothing here may go on without one.
inline void ensure_sodium() {
  static const int outcome = sodium_init();
  if (outcome < 0) std::abort();
}

/// Wipes a byte string at the end of the scope, on every way out of it. The string must not grow in
/// between: a reallocation would leave a copy behind.
class WipeAtEnd {
 public:
  explicit WipeAtEnd(Bytes& secret) : secret_(secret) {}
  WipeAtEnd(const WipeAtEnd&) = delete;
  WipeAtEnd& operator=(const WipeAtEnd&) = delete;
  ~WipeAtEnd() { sodium_memzero(secret_.data(), secret_.size()); }

 private:
  Bytes& secret_;
};

inline const unsigned char* octets(std::string_view raw) {
  return reinterpret_cast<const unsigned char*>(raw.data());
}
inline unsigned char* octets(Bytes& raw) {
  return reinterpret_cast<unsigned char*>(raw.data());
}

}  // namespace cpc::crypto
