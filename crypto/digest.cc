#include "crypto/digest.h"

#include <limits>

#include "crypto/secrets.h"

namespace cpc::crypto {

static_assert(Digest::size == crypto_hash_sha256_BYTES);
static_assert(Digest::size == crypto_auth_hmacsha256_BYTES);

Digest sha256(std::string_view message) {
  ensure_sodium();
  Digest digest;
  crypto_hash_sha256(digest.octets.data(), octets(message), message.size());
  return digest;
}

Digest hmac_sha256(std::string_view key, std::string_view message) {
  ensure_sodium();
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, octets(key), key.size());
  crypto_auth_hmacsha256_update(&state, octets(message), message.size());
  Digest digest;
  crypto_auth_hmacsha256_final(&state, digest.octets.data());
  sodium_memzero(&state, sizeof state);
  return digest;
}

Bytes hkdf_sha256(std::string_view key, std::string_view info, std::size_t bytes) {
  Digest extracted = hkdf_sha256_extract(key);
  Bytes derived = hkdf_sha256_expand(extracted.view(), info, bytes);
  sodium_memzero(extracted.octets.data(), Digest::size);
  return derived;
}

// Section 2.2: an absent salt is a string of zeros as long as the hash.
Digest hkdf_sha256_extract(std::string_view key) {
  return hmac_sha256(Bytes(Digest::size, '\0'), key);
}

// Section 2.3: T(n) = HMAC(PRK, T(n-1) || info || n).
Bytes hkdf_sha256_expand(std::string_view extracted, std::string_view info, std::size_t bytes) {
  if (bytes > hkdf_bytes_max) std::abort();  // A counter of one octet would start again.
  Bytes derived;
  derived.reserve(bytes);
  Bytes block;
  block.reserve(Digest::size + info.size() + 1);
  Digest previous;
  for (unsigned counter = 1; derived.size() < bytes; ++counter) {
    block.assign(counter == 1 ? std::string_view{} : previous.view());
    block.append(info).push_back(static_cast<char>(counter));
    previous = hmac_sha256(extracted, block);
    derived.append(previous.view().substr(0, bytes - derived.size()));
  }
  sodium_memzero(previous.octets.data(), Digest::size);
  sodium_memzero(block.data(), block.size());
  return derived;
}

FramedHash& FramedHash::add(std::string_view field) {
  // A length that does not fit would make two different lists of fields the same octets.
  if (field.size() > std::numeric_limits<std::uint32_t>::max()) std::abort();
  append_big_endian(framed_, static_cast<std::uint32_t>(field.size()));
  framed_.append(field);
  return *this;
}

FramedHash& FramedHash::add(std::uint64_t integer) {
  append_big_endian(framed_, std::uint32_t{8});
  append_big_endian(framed_, integer);
  return *this;
}

Digest FramedHash::finish() const {
  return sha256(framed_);
}

}  // namespace cpc::crypto
