// Hashes and key derivation: SHA-256 (FIPS 180-4), HMAC-SHA-256 (RFC 2104), HKDF-SHA-256 (RFC 5869),
// and the framed hash H(...) that the log's links and the wire ids are made of.
// All functions are pure and may be called from any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/bytes.h"

namespace cpc::crypto {

[[nodiscard]] Digest sha256(std::string_view message);

[[nodiscard]] Digest hmac_sha256(std::string_view key, std::string_view message);

/// HKDF extract and expand with an empty salt; `bytes` at most 255 * 32.
[[nodiscard]] Bytes hkdf_sha256(std::string_view key, std::string_view info, std::size_t bytes);

/// H(...) = SHA-256 over fields, each preceded by its length as 4 octets big-endian; an integer is a
/// field of 8 octets big-endian. The lengths make the concatenation unambiguous.
class FramedHash {
 public:
  FramedHash& add(std::string_view field);
  FramedHash& add(std::uint64_t integer);
  [[nodiscard]] Digest finish() const;

 private:
  Bytes framed_;
};

}  // namespace cpc::crypto
