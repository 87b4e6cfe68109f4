#include "crypto/random_bytes.h"

#include "crypto/secrets.h"

namespace cpc::crypto {

Bytes random_bytes(std::size_t count) {
  ensure_sodium();
  Bytes random(count, '\0');
  randombytes_buf(random.data(), random.size());
  return random;
}

}  // namespace cpc::crypto
