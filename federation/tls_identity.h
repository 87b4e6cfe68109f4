// The key and certificate with which our federation port speaks TLS 1.3.
//
// The certificate is self-signed and says nothing that a peer believes: peers compare the SHA-256
// of its public key (SPKI, RFC 7469 section 2.4) with the pins in our signed document. So it is
// valid for ten years, and a new one is a new pin, published ahead, not a new date.
//
// The key is ECDSA P-256, because every TLS 1.3 implementation must support it (RFC 8446
// section 9.1) and Ed25519 certificates are refused by many proxies and health checkers. It is a
// key of its own: losing it opens connections to a listener, but signs nothing in the instance's
// name.
//
// For people's clients, who believe certificate authorities, an operator brings a chain of their
// own; its key is whatever the authority signs.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/base/time.h"

struct x509_st;  // OpenSSL's X509

namespace cpc::federation {

inline constexpr auto tls_certificate_life = std::chrono::days{3652};

/// A private key and its certificate (or chain), both PEM. Move-only; the key is wiped when
/// destroyed.
class TlsIdentity {
 public:
  /// A new key, and a certificate with CN and dNSName `instance_name`, valid from `now` (a name
  /// over 64 octets, X.509's limit for CN, stands in dNSName only). Randomness is OpenSSL's. Fails
  /// with invalid if the name is not letters, digits, hyphens and dots, at most 253 octets;
  /// internal if OpenSSL refuses.
  [[nodiscard]] static Result<TlsIdentity> make(std::string_view instance_name, TimePoint now);

  /// Fails with invalid unless `key` is a P-256 private key and `certificate` one certificate of
  /// it.
  [[nodiscard]] static Result<TlsIdentity> from_pem(Bytes key, std::string certificate);

  /// An operator's, for clients: any key that TLS 1.3 can use, and its certificate with those of
  /// its issuers behind it (16 at most). Fails with invalid.
  [[nodiscard]] static Result<TlsIdentity> from_chain(Bytes key, std::string certificates);

  TlsIdentity(TlsIdentity&& other) noexcept;
  TlsIdentity& operator=(TlsIdentity&& other) noexcept;
  TlsIdentity(const TlsIdentity&) = delete;
  TlsIdentity& operator=(const TlsIdentity&) = delete;
  ~TlsIdentity();

  [[nodiscard]] const std::string& certificate_pem() const { return certificate_; }
  /// For SSL_CTX and the key file only.
  [[nodiscard]] const Bytes& key_pem() const { return key_; }
  /// What goes into our document.
  [[nodiscard]] const Digest& pin() const { return pin_; }

 private:
  TlsIdentity(Bytes key, std::string certificate, const Digest& pin)
      : key_(std::move(key)), certificate_(std::move(certificate)), pin_(pin) {}
  Bytes key_;
  std::string certificate_;
  Digest pin_;
};

/// What an operator should hear of before clients complain.
struct CertificateFacts {
  TimePoint valid_from{};   ///< notBefore of the first certificate,
  TimePoint valid_until{};  ///< and notAfter.
  int rsa_bits = 0;         ///< 0: its key is of another kind.
};

/// Fails with invalid if the dates are not such as X.509 has.
[[nodiscard]] Result<CertificateFacts> facts_of(const TlsIdentity& identity);

/// Creates both files, the key 0600 and the certificate 0644, synced with their folder. Fails with
/// conflict if one exists (a key is never overwritten), unavailable if the folder cannot be
/// written.
[[nodiscard]] Result<> write_tls_identity(const std::filesystem::path& key_file,
                                          const std::filesystem::path& certificate_file,
                                          const TlsIdentity& identity);

/// The rules for the key file are those of crypto/key_file.h. Fails with
///   not_found  if a file is missing;
///   denied     if the key file is not regular, not ours or root's, or its mode is not 0600;
///   invalid    if they are not a P-256 key and a certificate of it.
[[nodiscard]] Result<TlsIdentity> load_tls_identity(const std::filesystem::path& key_file,
                                                    const std::filesystem::path& certificate_file);

/// The same for an operator's chain; fails with invalid as TlsIdentity::from_chain.
[[nodiscard]] Result<TlsIdentity> load_tls_chain(const std::filesystem::path& key_file,
                                                 const std::filesystem::path& chain_file);

/// The pin of a certificate: SHA-256 of its DER SubjectPublicKeyInfo.
[[nodiscard]] Digest spki_sha256(const x509_st& certificate);
/// Fails with invalid unless `der` is exactly one DER certificate.
[[nodiscard]] Result<Digest> spki_sha256(std::string_view der);

}  // namespace cpc::federation
