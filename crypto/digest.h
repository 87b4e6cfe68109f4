// Hashes and key derivation: SHA-256 (FIPS 180-4), HMAC-SHA-256 (RFC 2104), HKDF-SHA-256 (RFC
// 5869), and the framed hash H(...) that the log's links and the wire ids are made of. All
// functions are pure and may be called from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/bytes.h"

namespace cpc::crypto {

[[nodiscard]] Digest sha256(std::string_view message);

[[nodiscard]] Digest hmac_sha256(std::string_view key, std::string_view message);

/// The most that HKDF-SHA-256 can derive from one key and info (RFC 5869 section 2.3).
inline constexpr std::size_t hkdf_bytes_max = 255 * Digest::size;

/// HKDF extract and expand with an empty salt; aborts if `bytes` is over hkdf_bytes_max.
[[nodiscard]] Bytes hkdf_sha256(std::string_view key, std::string_view info, std::size_t bytes);
/// Its two halves, for who derives often from one key. Wipe the extracted key after use.
[[nodiscard]] Digest hkdf_sha256_extract(std::string_view key);
[[nodiscard]] Bytes hkdf_sha256_expand(std::string_view extracted, std::string_view info,
                                       std::size_t bytes);

/// H(...) = SHA-256 over fields, each preceded by its length as 4 octets big-endian; an integer is
/// a field of 8 octets big-endian. The lengths make the concatenation unambiguous. A field is
/// shorter than 4 GiB (aborts otherwise).
class FramedHash {
 public:
  FramedHash& add(std::string_view field);
  FramedHash& add(std::uint64_t integer);
  [[nodiscard]] Digest finish() const;

 private:
  Bytes framed_;
};

}  // namespace cpc::crypto
