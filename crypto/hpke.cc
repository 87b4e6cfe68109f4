#include "crypto/hpke.h"

#include <cstdlib>

#include "crypto/digest.h"
#include "crypto/secrets.h"

namespace cpc::crypto {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kem_suite = "KEM\x00\x20"sv;
constexpr std::string_view hpke_suite = "HPKE\x00\x20\x00\x01\x00\x03"sv;
constexpr std::size_t enc_bytes = 32;
constexpr std::size_t secret_bytes = 32;  // Nsecret of the KEM, Nh of the hash, Nk of the cipher.
static_assert(crypto_aead_chacha20poly1305_ietf_KEYBYTES == secret_bytes);
constexpr std::size_t nonce_bytes = crypto_aead_chacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_bytes = crypto_aead_chacha20poly1305_ietf_ABYTES;
constexpr std::size_t plaintext_bytes_max = std::size_t{1} << 31;

// Section 4, LabeledExtract and LabeledExpand. What they return is secret or made of secrets.
Digest labeled_extract(std::string_view suite, std::string_view salt, std::string_view label,
                       std::string_view key) {
  Bytes labeled;
  labeled.reserve(64 + key.size());
  const WipeAtEnd wipe{labeled};
  labeled.append("HPKE-v1").append(suite).append(label).append(key);
  return hmac_sha256(salt, labeled);
}

Bytes labeled_expand(std::string_view suite, const Digest& extracted, std::string_view label,
                     std::string_view info, std::size_t bytes) {
  Bytes labeled;
  labeled.push_back(static_cast<char>(bytes >> 8));
  labeled.push_back(static_cast<char>(bytes));
  labeled.append("HPKE-v1").append(suite).append(label).append(info);
  return hkdf_sha256_expand(extracted.view(), labeled, bytes);
}

void wipe(Digest& secret) {
  sodium_memzero(secret.octets.data(), Digest::size);
}

// Section 7.1.3, DeriveKeyPair for X25519.
SealingKey ephemeral_key(const Seed& randomness) {
  Digest extracted = labeled_extract(kem_suite, ""sv, "dkp_prk", randomness.view());
  Bytes raw = labeled_expand(kem_suite, extracted, "sk", {}, Seed::size);
  wipe(extracted);
  const WipeAtEnd wiped{raw};
  Seed seed = Seed::from_bytes(raw).value();
  SealingKey key = SealingKey::from_private(seed);
  sodium_memzero(seed.octets.data(), Seed::size);
  return key;
}

// Section 4.1, ExtractAndExpand; `enc` and `recipient` are the KEM's context.
Bytes shared_secret(Bytes agreed, std::string_view enc, std::string_view recipient) {
  const WipeAtEnd wiped{agreed};
  Digest extracted = labeled_extract(kem_suite, ""sv, "eae_prk", agreed);
  Bytes secret = labeled_expand(kem_suite, extracted, "shared_secret", Bytes{enc}.append(recipient),
                                secret_bytes);
  wipe(extracted);
  return secret;
}

// Section 5.1, KeySchedule of mode base for the one message with sequence number 0.
class Cipher {
 public:
  Cipher(Bytes secret, std::string_view info) {
    const WipeAtEnd wiped{secret};
    Bytes context(1, '\0');  // mode_base
    context.append(labeled_extract(hpke_suite, ""sv, "psk_id_hash", {}).view());
    context.append(labeled_extract(hpke_suite, ""sv, "info_hash", info).view());
    Digest extracted = labeled_extract(hpke_suite, secret, "secret", {});
    key_ = labeled_expand(hpke_suite, extracted, "key", context, secret_bytes);
    nonce_ = labeled_expand(hpke_suite, extracted, "base_nonce", context, nonce_bytes);
    wipe(extracted);
  }
  ~Cipher() { sodium_memzero(key_.data(), key_.size()); }
  Cipher(const Cipher&) = delete;
  Cipher& operator=(const Cipher&) = delete;

  /// Appends ciphertext and tag.
  void seal(std::string_view aad, std::string_view plaintext, Bytes& to) const {
    const std::size_t at = to.size();
    to.resize(at + plaintext.size() + tag_bytes);
    crypto_aead_chacha20poly1305_ietf_encrypt(octets(to) + at, nullptr, octets(plaintext),
                                              plaintext.size(), octets(aad), aad.size(), nullptr,
                                              octets(nonce_), octets(key_));
  }
  [[nodiscard]] Result<Bytes> open(std::string_view aad, std::string_view ciphertext) const {
    Bytes plaintext(ciphertext.size() - tag_bytes, '\0');
    const int opened = crypto_aead_chacha20poly1305_ietf_decrypt(
        octets(plaintext), nullptr, nullptr, octets(ciphertext), ciphertext.size(), octets(aad),
        aad.size(), octets(nonce_), octets(key_));
    if (opened != 0) return fail(ErrorCode::invalid, "not sealed to this key, or altered");
    return plaintext;
  }

 private:
  Bytes key_;
  Bytes nonce_;
};

}  // namespace

Bytes hpke_seal(const SealingPublicKey& to, std::string_view info, std::string_view aad,
                std::string_view plaintext, const Seed& randomness) {
  if (plaintext.size() > plaintext_bytes_max) std::abort();
  const SealingKey ephemeral = ephemeral_key(randomness);
  const std::string_view enc = ephemeral.public_key().view();
  const Cipher cipher{shared_secret(ephemeral.agree(to), enc, to.view()), info};
  Bytes sealed;
  sealed.reserve(plaintext.size() + hpke_bytes_added);
  sealed.append(enc);
  cipher.seal(aad, plaintext, sealed);
  return sealed;
}

Result<Bytes> hpke_open(const SealingKey& key, std::string_view info, std::string_view aad,
                        std::string_view sealed) {
  if (sealed.size() < hpke_bytes_added) return fail(ErrorCode::invalid, "too short to be sealed");
  const std::string_view enc = sealed.substr(0, enc_bytes);
  CPC_TRY(const auto ephemeral, SealingPublicKey::from_bytes(enc));
  const Cipher cipher{shared_secret(key.agree(ephemeral), enc, key.public_key().view()), info};
  return cipher.open(aad, sealed.substr(enc_bytes));
}

}  // namespace cpc::crypto
