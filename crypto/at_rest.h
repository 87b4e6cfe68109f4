// Encryption of bodies, intros and other sensitive columns before they reach the store:
// AES-256-GCM (NIST SP 800-38D, OpenSSL EVP), a subkey per conversation by HKDF-SHA-256 from the
// instance's master key, a random 12-octet nonce, and as associated data the table, the row and the
// key's id, so that a value moved to another row does not open. In the associated data the table
// and the row are each preceded by their length as 4 octets big-endian.
#pragma once

#include <string_view>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace cpc::crypto {

/// The instance's key for everything at rest. Move-only; wiped when destroyed.
class MasterKey {
 public:
  /// Fails with invalid unless `raw` is 32 octets.
  [[nodiscard]] static Result<MasterKey> from_bytes(std::string_view raw);
  MasterKey(MasterKey&&) noexcept;
  MasterKey& operator=(MasterKey&&) noexcept;
  MasterKey(const MasterKey&) = delete;
  MasterKey& operator=(const MasterKey&) = delete;
  ~MasterKey();

  /// Names the key without telling it: the first 8 octets of HMAC(key, "cpc-key-id").
  [[nodiscard]] const Bytes& id() const { return id_; }
  /// For key files and derivation only. Empty once moved from.
  [[nodiscard]] std::string_view view() const { return key_; }
  /// What subkeys are expanded from: HKDF-Extract of the key. Empty once moved from.
  [[nodiscard]] std::string_view extracted() const { return extracted_; }

 private:
  explicit MasterKey(Bytes key);
  Bytes key_;
  Bytes extracted_;
  Bytes id_;
};

/// Where a value lies: the table's name and the row's key, both part of the associated data.
struct RestPlace {
  std::string_view table;
  std::string_view row;
};

/// nonce || ciphertext || tag under the subkey HKDF(master, "cpc-rest-1" || scope). `scope` is the
/// conversation's id, or a name such as "accounts". `nonce` is 12 random octets, never used twice.
/// Any thread. Aborts on a nonce of another length, a plaintext over 2 GiB or a key moved from:
/// bugs that must not reach the store.
[[nodiscard]] Bytes seal_at_rest(const MasterKey& master, std::string_view scope,
                                 const RestPlace& place, std::string_view nonce,
                                 std::string_view plaintext);

/// Fails with internal if it was altered, moved, or sealed under another key.
[[nodiscard]] Result<Bytes> open_at_rest(const MasterKey& master, std::string_view scope,
                                         const RestPlace& place, std::string_view sealed);

inline constexpr std::size_t rest_nonce_bytes = 12;

}  // namespace cpc::crypto
