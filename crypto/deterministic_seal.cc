#include "crypto/deterministic_seal.h"

#include <cstdlib>

#include "crypto/digest.h"
#include "crypto/secrets.h"

namespace cpc::crypto {
namespace {

constexpr std::size_t mac_key_bytes = 32;
constexpr std::size_t cipher_key_bytes = crypto_stream_xchacha20_KEYBYTES;
static_assert(deterministic_tag_bytes == crypto_stream_xchacha20_NONCEBYTES);
static_assert(deterministic_tag_bytes >= crypto_generichash_BYTES_MIN);

Bytes tag_of(const Bytes& keys, std::string_view context, std::string_view plaintext) {
  Bytes framed;
  append_big_endian(framed, static_cast<std::uint32_t>(context.size()));
  framed.append(context).append(plaintext);
  Bytes tag(deterministic_tag_bytes, '\0');
  crypto_generichash(octets(tag), tag.size(), octets(framed), framed.size(), octets(keys),
                     mac_key_bytes);
  sodium_memzero(framed.data(), framed.size());
  return tag;
}

/// Both ways: what is combined twice is as it was.
Bytes combined(const Bytes& keys, const Bytes& tag, std::string_view text) {
  Bytes other(text.size(), '\0');
  crypto_stream_xchacha20_xor(octets(other), octets(text), text.size(), octets(tag),
                              octets(keys) + mac_key_bytes);
  return other;
}

}  // namespace

DeterministicSeal::DeterministicSeal(const MasterKey& master) {
  if (master.view().empty()) std::abort();  // A key that was moved from seals nothing.
  ensure_sodium();
  keys_ = hkdf_sha256(master.view(), "cpc-siv-1", mac_key_bytes + cipher_key_bytes);
}

DeterministicSeal::~DeterministicSeal() {
  sodium_memzero(keys_.data(), keys_.size());
}

Bytes DeterministicSeal::seal(std::string_view context, std::string_view plaintext) const {
  const Bytes tag = tag_of(keys_, context, plaintext);
  return tag + combined(keys_, tag, plaintext);
}

Result<Bytes> DeterministicSeal::open(std::string_view context, std::string_view sealed) const {
  if (sealed.size() < deterministic_tag_bytes) return fail(ErrorCode::invalid, "no sealed value");
  const Bytes tag{sealed.substr(0, deterministic_tag_bytes)};
  Bytes plaintext = combined(keys_, tag, sealed.substr(deterministic_tag_bytes));
  const Bytes expected = tag_of(keys_, context, plaintext);
  if (sodium_memcmp(expected.data(), tag.data(), tag.size()) != 0) {
    sodium_memzero(plaintext.data(), plaintext.size());  // Nobody vouches for it.
    return fail(ErrorCode::invalid, "a sealed value was made up, altered, or is of another kind");
  }
  return plaintext;
}

}  // namespace cpc::crypto
