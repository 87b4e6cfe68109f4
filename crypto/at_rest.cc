#include "crypto/at_rest.h"

#include <openssl/evp.h>

#include <limits>
#include <memory>

#include "crypto/digest.h"
#include "crypto/secrets.h"

namespace cpc::crypto {
namespace {

constexpr std::size_t master_key_bytes = 32;
constexpr std::size_t key_id_bytes = 8;
constexpr std::size_t gcm_tag_bytes = 16;
constexpr std::size_t evp_bytes_max = std::numeric_limits<int>::max();  // EVP counts in int.

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

/// For what fails only by a bug of ours or without memory: to store a value unsealed, or sealed
/// wrongly, would be worse than to stop.
void must(bool held) {
  if (!held) std::abort();
}

/// Wipe it after use.
Bytes subkey(const MasterKey& master, std::string_view scope) {
  must(master.view().size() == master_key_bytes);  // A key that was moved from seals nothing.
  return hkdf_sha256_expand(master.extracted(), Bytes{"cpc-rest-1"}.append(scope), 32);
}

/// Each part preceded by its length, so that a table and a row cannot trade letters.
Bytes associated_data(const MasterKey& master, const RestPlace& place) {
  Bytes data;
  for (const std::string_view part : {place.table, place.row}) {
    must(part.size() <= evp_bytes_max / 4);
    append_big_endian(data, static_cast<std::uint32_t>(part.size()));
    data.append(part);
  }
  return data.append(master.id());
}

int length(std::string_view text) {
  return static_cast<int>(text.size());
}

}  // namespace

MasterKey::MasterKey(Bytes key)
    : key_(std::move(key)),
      extracted_(hkdf_sha256_extract(key_).view()),
      id_(hmac_sha256(key_, "cpc-key-id").view().substr(0, key_id_bytes)) {}

Result<MasterKey> MasterKey::from_bytes(std::string_view raw) {
  if (raw.size() != master_key_bytes) {
    return fail(ErrorCode::invalid, "a master key of the wrong length");
  }
  return MasterKey{Bytes{raw}};
}

// 32 octets lie on the heap, where moving a string takes the buffer along and leaves no copy.
MasterKey::MasterKey(MasterKey&& other) noexcept
    : key_(std::exchange(other.key_, {})),
      extracted_(std::exchange(other.extracted_, {})),
      id_(std::exchange(other.id_, {})) {}

MasterKey& MasterKey::operator=(MasterKey&& other) noexcept {
  MasterKey taken{std::move(other)};
  std::swap(key_, taken.key_);
  std::swap(extracted_, taken.extracted_);
  std::swap(id_, taken.id_);
  return *this;
}

MasterKey::~MasterKey() {
  sodium_memzero(key_.data(), key_.size());
  sodium_memzero(extracted_.data(), extracted_.size());
}

Bytes seal_at_rest(const MasterKey& master, std::string_view scope, const RestPlace& place,
                   std::string_view nonce, std::string_view plaintext) {
  must(nonce.size() == rest_nonce_bytes && plaintext.size() <= evp_bytes_max);
  Bytes key = subkey(master, scope);
  const WipeAtEnd wipe_key{key};
  const Bytes place_data = associated_data(master, place);

  Bytes sealed(nonce.size() + plaintext.size() + gcm_tag_bytes, '\0');
  std::copy(nonce.begin(), nonce.end(), sealed.begin());
  unsigned char* const ciphertext = octets(sealed) + nonce.size();
  const CipherContext context{EVP_CIPHER_CTX_new()};
  int written = 0;
  must(context != nullptr);
  must(EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, octets(key), octets(nonce)) ==
       1);
  must(EVP_EncryptUpdate(context.get(), nullptr, &written, octets(place_data),
                         length(place_data)) == 1);
  if (!plaintext.empty()) {
    must(EVP_EncryptUpdate(context.get(), ciphertext, &written, octets(plaintext),
                           length(plaintext)) == 1);
  }
  must(EVP_EncryptFinal_ex(context.get(), ciphertext + plaintext.size(), &written) == 1);
  must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, gcm_tag_bytes,
                           ciphertext + plaintext.size()) == 1);
  return sealed;
}

Result<Bytes> open_at_rest(const MasterKey& master, std::string_view scope, const RestPlace& place,
                           std::string_view sealed) {
  if (sealed.size() < rest_nonce_bytes + gcm_tag_bytes ||
      sealed.size() > rest_nonce_bytes + evp_bytes_max + gcm_tag_bytes) {
    return fail(ErrorCode::internal, "a sealed value of an impossible length");
  }
  const std::string_view nonce = sealed.substr(0, rest_nonce_bytes);
  const std::string_view ciphertext =
      sealed.substr(rest_nonce_bytes, sealed.size() - rest_nonce_bytes - gcm_tag_bytes);
  Bytes tag{sealed.substr(sealed.size() - gcm_tag_bytes)};  // EVP takes it writable.
  Bytes key = subkey(master, scope);
  const WipeAtEnd wipe_key{key};
  const Bytes place_data = associated_data(master, place);

  Bytes plaintext(ciphertext.size(), '\0');
  const CipherContext context{EVP_CIPHER_CTX_new()};
  int written = 0;
  must(context != nullptr);
  must(EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, octets(key), octets(nonce)) ==
       1);
  must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, gcm_tag_bytes, tag.data()) == 1);
  must(EVP_DecryptUpdate(context.get(), nullptr, &written, octets(place_data),
                         length(place_data)) == 1);
  if (!ciphertext.empty()) {
    must(EVP_DecryptUpdate(context.get(), octets(plaintext), &written, octets(ciphertext),
                           length(ciphertext)) == 1);
  }
  if (EVP_DecryptFinal_ex(context.get(), octets(plaintext) + plaintext.size(), &written) != 1) {
    sodium_memzero(plaintext.data(), plaintext.size());  // Nobody vouches for it.
    return fail(ErrorCode::internal, "a sealed value was altered, moved, or has another key");
  }
  return plaintext;
}

}  // namespace cpc::crypto
