#include "crypto/password.h"

#include <algorithm>
#include <array>

#include "crypto/secrets.h"

namespace cpc::crypto {
namespace {

constexpr unsigned long long passes = 2;
constexpr std::size_t memory_bytes = 19'456 * 1024;  // 19 MiB

}  // namespace

Result<std::string> hash_password(std::string_view password) {
  if (password.size() < password_bytes_min) {
    return fail(ErrorCode::invalid, "a password of fewer than 10 octets");
  }
  if (password.size() > password_bytes_max) {
    return fail(ErrorCode::invalid, "a password of more than 1024 octets");
  }
  ensure_sodium();
  std::array<char, crypto_pwhash_argon2id_STRBYTES> hash{};
  if (crypto_pwhash_argon2id_str(hash.data(), password.data(), password.size(), passes,
                                 memory_bytes) != 0) {
    return fail(ErrorCode::unavailable, "no memory to hash a password");
  }
  return std::string{hash.data()};
}

bool password_matches(std::string_view hash, std::string_view password) {
  if (password.size() > password_bytes_max) return false;
  // libsodium reads up to a NUL, so a hash that has one inside is not what it reads.
  std::array<char, crypto_pwhash_argon2id_STRBYTES> terminated{};
  if (hash.size() >= terminated.size() || hash.find('\0') != std::string_view::npos) return false;
  std::copy(hash.begin(), hash.end(), terminated.begin());
  ensure_sodium();
  return crypto_pwhash_argon2id_str_verify(terminated.data(), password.data(), password.size()) ==
         0;
}

std::string_view nobodys_hash() {
  // A salt of 16 zero octets and a hash of 32: a password for it would be a preimage of zero.
  return "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA"
         "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
}

}  // namespace cpc::crypto
