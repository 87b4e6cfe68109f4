#include "federation/tls_identity.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>
#include <utility>
#include <vector>

#include "crypto/digest.h"
#include "crypto/private_file.h"
#include "crypto/secrets.h"
#include "federation/freed_by.h"
#include "federation/memory_bio.h"

namespace cpc::federation {
namespace {

constexpr std::size_t common_name_bytes_max = 64;  // ub-common-name, RFC 5280 appendix A.1
constexpr std::size_t name_bytes_max = 253;
constexpr std::size_t pem_bytes_max = 16 * 1024;
constexpr std::size_t chain_bytes_max = 64 * 1024;
constexpr std::size_t chain_certificates_max = 16;
constexpr std::size_t serial_bytes = 16;

using Key = std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, FreedBy<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, FreedBy<X509_EXTENSION_free>>;
using Number = std::unique_ptr<BIGNUM, FreedBy<BN_free>>;

Error openssl_refused(std::string_view what) {
  char reason[256] = "no reason given";
  if (const unsigned long number = ERR_get_error()) {
    ERR_error_string_n(number, reason, sizeof reason);
  }
  ERR_clear_error();
  return fail(ErrorCode::internal, "OpenSSL refused " + std::string{what} + ": " + reason);
}

bool is_host_name(std::string_view name) {
  const bool letters = std::all_of(name.begin(), name.end(), [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '-' || letter == '.';
  });
  return letters && !name.empty() && name.size() <= name_bytes_max;
}

bool add_extension(X509& certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, &certificate, &certificate, nullptr, nullptr, 0);
  const Extension extension{X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str())};
  return extension != nullptr && X509_add_ext(&certificate, extension.get(), -1) == 1;
}

bool set_serial(X509& certificate) {
  std::array<unsigned char, serial_bytes> octets{};
  if (RAND_bytes(octets.data(), static_cast<int>(octets.size())) != 1) return false;
  octets[0] = (octets[0] & 0x7f) | 0x40;  // Positive, and always of the same length.
  const Number number{BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr)};
  return number != nullptr &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(&certificate)) != nullptr;
}

bool set_validity(X509& certificate, TimePoint now) {
  const auto start = std::chrono::floor<std::chrono::seconds>(now);
  const auto end = start + tls_certificate_life;
  return ASN1_TIME_set(X509_getm_notBefore(&certificate), start.time_since_epoch().count()) &&
         ASN1_TIME_set(X509_getm_notAfter(&certificate), end.time_since_epoch().count());
}

bool set_names(X509& certificate, const std::string& name) {
  X509_NAME* subject = X509_get_subject_name(&certificate);
  if (name.size() <= common_name_bytes_max &&
      X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_ASC,
                                 reinterpret_cast<const unsigned char*>(name.data()),
                                 static_cast<int>(name.size()), -1, 0) != 1) {
    return false;
  }
  // RFC 5280 section 4.2.1.6: with an empty subject the alternative name is critical.
  const std::string critical = name.size() <= common_name_bytes_max ? "" : "critical,";
  return X509_set_issuer_name(&certificate, subject) == 1 &&
         add_extension(certificate, NID_subject_alt_name, critical + "DNS:" + name);
}

/// A self-signed version 3 certificate for `key` (RFC 5280).
Certificate make_certificate(EVP_PKEY& key, const std::string& name, TimePoint now) {
  Certificate made{X509_new()};
  if (made == nullptr) return nullptr;
  X509& certificate = *made;
  const bool done = X509_set_version(&certificate, X509_VERSION_3) == 1 &&
                    set_serial(certificate) && set_validity(certificate, now) &&
                    X509_set_pubkey(&certificate, &key) == 1 && set_names(certificate, name) &&
                    add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
                    add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
                    add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
                    X509_sign(&certificate, &key, EVP_sha256()) > 0;
  if (!done) return nullptr;
  return made;
}

Bytes content_of(BIO& memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(&memory, &data);
  return size > 0 ? Bytes(data, static_cast<std::size_t>(size)) : Bytes{};
}

/// Never asks a terminal for a passphrase: an encrypted key file is not one of ours.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

Error not_usable(const char* why) {
  ERR_clear_error();
  return fail(ErrorCode::invalid, why);
}

/// Null, and OpenSSL's errors forgotten, if the text is no private key.
Key read_key(const Bytes& pem) {
  const Bio text = memory_of(pem);
  Key key{PEM_read_bio_PrivateKey(text.get(), nullptr, no_passphrase, nullptr)};
  ERR_clear_error();
  return key;
}

bool is_p256(const EVP_PKEY& key) {
  char group[32] = "";
  const int known = EVP_PKEY_get_group_name(&key, group, sizeof group, nullptr);
  ERR_clear_error();
  return known == 1 && std::string_view{group} == "prime256v1";
}

Result<TimePoint> time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return not_usable("a date of the certificate is none");
  return from_milliseconds(std::int64_t{::timegm(&parts)} * 1000);
}

/// All certificates of a PEM file, the first one's key being `key`. Text between them is allowed,
/// as certificate authorities write it.
Result<std::vector<Certificate>> read_chain(const std::string& pem, const EVP_PKEY& key) {
  std::vector<Certificate> chain;
  const Bio text = memory_of(pem);
  while (X509* next = PEM_read_bio_X509(text.get(), nullptr, no_passphrase, nullptr)) {
    chain.emplace_back(next);
    if (chain.size() > chain_certificates_max) {
      return not_usable("the TLS certificate file holds more than 16 certificates");
    }
  }
  if (chain.empty() || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
    return not_usable("the TLS certificate file is not one certificate or more in PEM");
  }
  ERR_clear_error();
  if (X509_check_private_key(chain.front().get(), &key) != 1) {
    return not_usable("the first TLS certificate is of another key; its issuers stand behind it");
  }
  return chain;
}

}  // namespace

Digest spki_sha256(const X509& certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(&certificate), &der);
  if (size <= 0) return {};  // No certificate without a public key was ever parsed or made.
  const Digest digest =
      crypto::sha256({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return digest;
}

Result<Digest> spki_sha256(std::string_view der) {
  const auto* next = reinterpret_cast<const unsigned char*>(der.data());
  const auto* const end = next + der.size();
  const Certificate certificate{d2i_X509(nullptr, &next, static_cast<long>(der.size()))};
  ERR_clear_error();
  if (certificate == nullptr || next != end) {
    return fail(ErrorCode::invalid, "not exactly one DER certificate");
  }
  return spki_sha256(*certificate);
}

Result<TlsIdentity> TlsIdentity::make(std::string_view instance_name, TimePoint now) {
  if (!is_host_name(instance_name)) {
    return fail(ErrorCode::invalid, "a certificate needs the instance's name");
  }
  const Key key{EVP_EC_gen("P-256")};
  if (key == nullptr) return openssl_refused("to make a key");
  const Certificate certificate = make_certificate(*key, std::string{instance_name}, now);
  if (certificate == nullptr) return openssl_refused("to make a certificate");

  const Bio key_text{BIO_new(BIO_s_secmem())};
  const Bio certificate_text{BIO_new(BIO_s_mem())};
  if (key_text == nullptr || certificate_text == nullptr ||
      PEM_write_bio_PKCS8PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                    nullptr) != 1 ||
      PEM_write_bio_X509(certificate_text.get(), certificate.get()) != 1) {
    return openssl_refused("to write PEM");
  }
  return TlsIdentity{content_of(*key_text), content_of(*certificate_text),
                     spki_sha256(*certificate)};
}

Result<TlsIdentity> TlsIdentity::from_pem(Bytes key_pem, std::string certificate_pem) {
  const crypto::WipeAtEnd wipe{key_pem};
  if (key_pem.size() > pem_bytes_max || certificate_pem.size() > pem_bytes_max) {
    return fail(ErrorCode::invalid, "too long to be a key or a certificate");
  }
  const Key key = read_key(key_pem);
  if (key == nullptr || !is_p256(*key)) {
    return not_usable("the TLS key is not a P-256 private key in PEM");
  }
  const Bio certificate_text = memory_of(certificate_pem);
  const Certificate certificate{
      PEM_read_bio_X509(certificate_text.get(), nullptr, no_passphrase, nullptr)};
  if (certificate == nullptr) {
    return not_usable("the TLS certificate is not a certificate in PEM");
  }
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return not_usable("the TLS certificate is of another key");
  }
  return TlsIdentity{Bytes{key_pem}, std::move(certificate_pem), spki_sha256(*certificate)};
}

Result<TlsIdentity> TlsIdentity::from_chain(Bytes key_pem, std::string certificates_pem) {
  const crypto::WipeAtEnd wipe{key_pem};
  if (key_pem.size() > pem_bytes_max || certificates_pem.size() > chain_bytes_max) {
    return fail(ErrorCode::invalid, "too long to be a key or a chain of certificates");
  }
  const Key key = read_key(key_pem);
  if (key == nullptr) {
    return not_usable("the TLS key is not a private key in PEM without a passphrase");
  }
  CPC_TRY(const auto chain, read_chain(certificates_pem, *key));
  return TlsIdentity{Bytes{key_pem}, std::move(certificates_pem), spki_sha256(*chain.front())};
}

Result<CertificateFacts> facts_of(const TlsIdentity& identity) {
  const Bio text = memory_of(identity.certificate_pem());
  const Certificate first{PEM_read_bio_X509(text.get(), nullptr, no_passphrase, nullptr)};
  if (first == nullptr) return not_usable("the TLS certificate is not a certificate in PEM");
  CertificateFacts facts;
  CPC_TRY(facts.valid_from, time_of(X509_get0_notBefore(first.get())));
  CPC_TRY(facts.valid_until, time_of(X509_get0_notAfter(first.get())));
  const EVP_PKEY* key = X509_get0_pubkey(first.get());
  const bool is_rsa = EVP_PKEY_is_a(key, "RSA") == 1 || EVP_PKEY_is_a(key, "RSA-PSS") == 1;
  if (is_rsa) facts.rsa_bits = EVP_PKEY_get_bits(key);
  return facts;
}

// A PEM key is far too long to lie inside the string itself, so that a move leaves no copy.
TlsIdentity::TlsIdentity(TlsIdentity&& other) noexcept = default;

TlsIdentity& TlsIdentity::operator=(TlsIdentity&& other) noexcept {
  key_.swap(other.key_);
  certificate_.swap(other.certificate_);
  std::swap(pin_, other.pin_);
  return *this;
}

TlsIdentity::~TlsIdentity() {
  OPENSSL_cleanse(key_.data(), key_.size());
}

Result<> write_tls_identity(const std::filesystem::path& key_file,
                            const std::filesystem::path& certificate_file,
                            const TlsIdentity& identity) {
  std::error_code ignored;
  if (std::filesystem::exists(certificate_file, ignored)) {
    return fail(ErrorCode::conflict,
                certificate_file.string() + " exists already, and is never overwritten");
  }
  CPC_TRY(crypto::create_file(key_file, crypto::Access::ours_alone, identity.key_pem()));
  return crypto::create_file(certificate_file, crypto::Access::anybody, identity.certificate_pem());
}

Result<TlsIdentity> load_tls_identity(const std::filesystem::path& key_file,
                                      const std::filesystem::path& certificate_file) {
  CPC_TRY(Bytes key, crypto::read_file(key_file, crypto::Access::ours_alone, pem_bytes_max));
  const crypto::WipeAtEnd wipe{key};
  CPC_TRY(std::string certificate,
          crypto::read_file(certificate_file, crypto::Access::anybody, pem_bytes_max));
  return TlsIdentity::from_pem(Bytes{key}, std::move(certificate));
}

Result<TlsIdentity> load_tls_chain(const std::filesystem::path& key_file,
                                   const std::filesystem::path& chain_file) {
  CPC_TRY(Bytes key, crypto::read_file(key_file, crypto::Access::ours_alone, pem_bytes_max));
  const crypto::WipeAtEnd wipe{key};
  CPC_TRY(std::string chain,
          crypto::read_file(chain_file, crypto::Access::anybody, chain_bytes_max));
  return TlsIdentity::from_chain(Bytes{key}, std::move(chain));
}

}  // namespace cpc::federation
