// The TLS key is ours alone, and its pin is what peers compare.

#include "federation/tls_identity.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <functional>
#include <memory>
#include <utility>

#include "crypto/digest.h"
#include "federation/tls_session.h"
#include "tests/support/temporary_folder.h"

namespace cpc::federation {
namespace {

namespace fs = std::filesystem;

constexpr TimePoint now = from_milliseconds(1'760'000'000'000);

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Certificate parsed(const std::string& pem) {
  BIO* text = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  Certificate certificate{PEM_read_bio_X509(text, nullptr, nullptr, nullptr), X509_free};
  BIO_free(text);
  REQUIRE(certificate != nullptr);
  return certificate;
}

Bytes der_of(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  Bytes octets(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return octets;
}

TlsIdentity identity(std::string_view name = "alpha.cpc") {
  auto made = TlsIdentity::make(name, now);
  REQUIRE(made.has_value());
  return std::move(made).value();
}

mode_t mode_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

void write_text(const fs::path& path, const std::string& text, mode_t mode) {
  std::ofstream{path} << text;
  REQUIRE(::chmod(path.c_str(), mode) == 0);
}

std::string pem_of(const std::function<int(BIO*)>& write) {
  BIO* text = BIO_new(BIO_s_mem());
  REQUIRE(write(text) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(text, &data);
  std::string out(data, static_cast<std::size_t>(size));
  BIO_free(text);
  return out;
}

/// A key that is not ours, and a certificate of it, both PEM.
std::pair<std::string, std::string> other_pair(EVP_PKEY* key) {
  REQUIRE(key != nullptr);
  const Certificate certificate{X509_new(), X509_free};
  REQUIRE(X509_set_pubkey(certificate.get(), key) == 1);
  REQUIRE(X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0) != nullptr);
  REQUIRE(X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600) != nullptr);
  const bool is_ed25519 = EVP_PKEY_is_a(key, "ED25519") == 1;
  REQUIRE(X509_sign(certificate.get(), key, is_ed25519 ? nullptr : EVP_sha256()) > 0);
  return {pem_of([&](BIO* text) {
            return PEM_write_bio_PrivateKey(text, key, nullptr, nullptr, 0, nullptr, nullptr);
          }),
          pem_of([&](BIO* text) { return PEM_write_bio_X509(text, certificate.get()); })};
}

}  // namespace

TEST_CASE("a new certificate names the instance, lasts ten years and signs itself with P-256") {
  const TlsIdentity tls = identity();
  const Certificate certificate = parsed(tls.certificate_pem());
  char name[80] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name,
                            sizeof name);
  CHECK(std::string{name} == "alpha.cpc");
  CHECK(X509_check_host(certificate.get(), "alpha.cpc", 0, 0, nullptr) == 1);
  CHECK(X509_check_host(certificate.get(), "beta.cpc", 0, 0, nullptr) == 0);
  CHECK(X509_verify(certificate.get(), X509_get0_pubkey(certificate.get())) == 1);
  CHECK(EVP_PKEY_get_bits(X509_get0_pubkey(certificate.get())) == 256);
  CHECK(X509_check_ca(certificate.get()) == 0);

  time_t at = 1'760'000'000 + 10 * 365 * 86'400;
  CHECK(X509_cmp_time(X509_get0_notAfter(certificate.get()), &at) > 0);
  at = 1'760'000'000;
  CHECK(X509_cmp_time(X509_get0_notBefore(certificate.get()), &at) <= 0);
  CHECK_FALSE(identity().pin() == tls.pin());
}

TEST_CASE("the pin is the hash of the public key, however the certificate is given") {
  const TlsIdentity tls = identity();
  const Certificate certificate = parsed(tls.certificate_pem());
  CHECK(spki_sha256(*certificate) == tls.pin());
  const Bytes der = der_of(certificate.get());
  CHECK(spki_sha256(der).value() == tls.pin());

  unsigned char* spki = nullptr;
  const int size = i2d_PUBKEY(X509_get0_pubkey(certificate.get()), &spki);
  CHECK(crypto::sha256({reinterpret_cast<char*>(spki), static_cast<std::size_t>(size)}) ==
        tls.pin());
  OPENSSL_free(spki);

  for (const Bytes& wrong : {Bytes{}, der + "x", der.substr(0, der.size() - 1), Bytes(64, 'x')}) {
    CHECK(spki_sha256(wrong).error().code == ErrorCode::invalid);
  }
}

TEST_CASE(
    "a name too long for CN stands in the alternative name, and only names get a certificate") {
  const std::string label(60, 'a');
  const std::string name = label + "." + label + "." + label + ".cpc";
  const TlsIdentity long_named = identity(name);
  CHECK(X509_check_host(parsed(long_named.certificate_pem()).get(), name.c_str(), 0, 0, nullptr) ==
        1);
  for (const std::string& bad : {std::string{}, std::string{"a b.cpc"}, std::string{"a,DNS:b.cpc"},
                                 std::string{"a\n"}, std::string(254, 'a')}) {
    CHECK(TlsIdentity::make(bad, now).error().code == ErrorCode::invalid);
  }
}

TEST_CASE("what was written is loaded again, the key readable by us alone") {
  const tests::TemporaryFolder folder;
  const TlsIdentity tls = identity();
  const fs::path key = folder / "tls.key";
  const fs::path certificate = folder / "tls.pem";
  const mode_t before = ::umask(0);
  REQUIRE(write_tls_identity(key, certificate, tls).has_value());
  ::umask(before);
  CHECK(mode_of(key) == 0600);
  CHECK(mode_of(certificate) == 0644);

  auto loaded = load_tls_identity(key, certificate);
  REQUIRE(loaded.has_value());
  CHECK(loaded.value().pin() == tls.pin());
  CHECK(loaded.value().key_pem() == tls.key_pem());
  CHECK(loaded.value().certificate_pem() == tls.certificate_pem());

  TlsIdentity moved = std::move(loaded).value();
  CHECK(moved.key_pem() == tls.key_pem());
}

TEST_CASE("a key is never overwritten") {
  const tests::TemporaryFolder folder;
  const fs::path key = folder / "tls.key";
  const fs::path certificate = folder / "tls.pem";
  const TlsIdentity first = identity();
  REQUIRE(write_tls_identity(key, certificate, first).has_value());
  CHECK(write_tls_identity(key, certificate, identity()).error().code == ErrorCode::conflict);
  fs::remove(certificate);
  CHECK(write_tls_identity(key, certificate, identity()).error().code == ErrorCode::conflict);
  CHECK_FALSE(fs::exists(certificate));
  CHECK(write_tls_identity(folder / "none" / "k", folder / "none" / "c", identity()).error().code ==
        ErrorCode::unavailable);
}

TEST_CASE("a key that others may read, that is a link or a pipe, or that is not one is refused") {
  const tests::TemporaryFolder folder;
  const TlsIdentity tls = identity();
  const fs::path key = folder / "tls.key";
  const fs::path certificate = folder / "tls.pem";
  const auto code = [&] { return load_tls_identity(key, certificate).error().code; };
  CHECK(code() == ErrorCode::not_found);
  REQUIRE(write_tls_identity(key, certificate, tls).has_value());

  for (const mode_t mode : {0640, 0604, 0644, 0660, 0400, 0700, 0777}) {
    INFO(std::oct << mode);
    REQUIRE(::chmod(key.c_str(), mode) == 0);
    CHECK(code() == ErrorCode::denied);
  }
  REQUIRE(::chmod(key.c_str(), 0600) == 0);
  CHECK(load_tls_identity(key, certificate).has_value());

  fs::remove(certificate);
  CHECK(code() == ErrorCode::not_found);
  write_text(certificate, "no certificate", 0644);
  CHECK(code() == ErrorCode::invalid);
  write_text(certificate, identity().certificate_pem(), 0644);
  CHECK(code() == ErrorCode::invalid);  // Of another key.
  write_text(certificate, tls.certificate_pem(), 0644);
  write_text(key, "no key", 0600);
  CHECK(code() == ErrorCode::invalid);
  write_text(key, std::string(20'000, 'x'), 0600);
  CHECK(code() == ErrorCode::invalid);

  fs::remove(key);
  write_text(folder / "real.key", tls.key_pem(), 0600);
  fs::create_symlink(folder / "real.key", key);
  CHECK(code() == ErrorCode::denied);
  fs::remove(key);
  REQUIRE(::mkfifo(key.c_str(), 0600) == 0);
  CHECK(code() == ErrorCode::denied);
}

TEST_CASE("a key of another kind is not taken, even with a certificate that fits it") {
  for (EVP_PKEY* key : {EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_EC_gen("P-384")}) {
    const auto [key_pem, certificate_pem] = other_pair(key);
    CHECK(X509_check_private_key(parsed(certificate_pem).get(), key) == 1);
    EVP_PKEY_free(key);
    CHECK(TlsIdentity::from_pem(key_pem, certificate_pem).error().code == ErrorCode::invalid);
  }
  CHECK(TlsIdentity::from_pem("", "").error().code == ErrorCode::invalid);
}

TEST_CASE("an operator's chain may have any key that TLS 1.3 can use, and issuers behind it") {
  const std::string issuer = identity("ca.example.org").certificate_pem();
  for (EVP_PKEY* key : {EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}),
                        EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_EC_gen("P-384")}) {
    const auto [key_pem, certificate_pem] = other_pair(key);
    EVP_PKEY_free(key);
    for (const std::string& behind : {std::string{}, issuer, "text between\n" + issuer}) {
      const auto chain = TlsIdentity::from_chain(key_pem, certificate_pem + behind);
      REQUIRE(chain.has_value());
      CHECK(chain.value().pin() == spki_sha256(*parsed(certificate_pem)));
      const auto context = TlsContext::for_server(chain.value());
      REQUIRE(context.has_value());
      CHECK(context.value().try_handshake().has_value());
    }
  }
}

TEST_CASE("a key that no TLS 1.3 handshake can use is refused, with its kind and what to use") {
  for (const char* curve : {"secp256k1", "brainpoolP256r1", "P-224"}) {
    EVP_PKEY* key = EVP_EC_gen(curve);
    const auto [key_pem, certificate_pem] = other_pair(key);
    EVP_PKEY_free(key);
    const auto chain = TlsIdentity::from_chain(key_pem, certificate_pem);
    REQUIRE(chain.has_value());
    const auto context = TlsContext::for_server(chain.value());
    REQUIRE(context.has_value());
    const auto tried = context.value().try_handshake();
    REQUIRE(tried.has_error());
    INFO(tried.error().detail);
    CHECK(tried.error().code == ErrorCode::invalid);
    CHECK(tried.error().detail.find("whose key is EC ") != std::string::npos);
    CHECK(tried.error().detail.find("OpenSSL: ") != std::string::npos);
    CHECK(tried.error().detail.find("P-256") != std::string::npos);
  }
}

TEST_CASE("the longest chain that is taken can be served") {
  const TlsIdentity tls = identity();
  std::string chain = tls.certificate_pem();
  std::string name(240, 'a');
  name.append(".cpc");
  for (int i = 1; i < 16; ++i) chain += identity(name).certificate_pem();
  const auto taken = TlsIdentity::from_chain(tls.key_pem(), chain);
  REQUIRE(taken.has_value());
  CHECK(TlsContext::for_server(taken.value()).value().try_handshake().has_value());
}

TEST_CASE("the dates of a certificate and the length of an RSA key are told") {
  const auto ours = facts_of(identity());
  REQUIRE(ours.has_value());
  CHECK(ours.value().valid_from == now);
  CHECK(ours.value().valid_until == now + tls_certificate_life);
  CHECK(ours.value().rsa_bits == 0);

  EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{3072});
  const auto [key_pem, certificate_pem] = other_pair(key);
  EVP_PKEY_free(key);
  const auto rsa = facts_of(TlsIdentity::from_chain(key_pem, certificate_pem).value());
  REQUIRE(rsa.has_value());
  CHECK(rsa.value().rsa_bits == 3072);
  CHECK(rsa.value().valid_until == rsa.value().valid_from + std::chrono::hours{1});
}

TEST_CASE("a chain that clients could not believe is refused before it is served") {
  const TlsIdentity tls = identity();
  const std::string other = identity().certificate_pem();
  const Bytes& key = tls.key_pem();
  const std::string& own = tls.certificate_pem();
  REQUIRE(TlsIdentity::from_chain(key, own + other).has_value());
  std::string many = own;
  for (int i = 0; i < 16; ++i) many += other;
  const std::string broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  for (const std::string& chain : {std::string{}, std::string{"no certificate"}, other + own,
                                   own + broken, many, own + std::string(70'000, ' ')}) {
    CHECK(TlsIdentity::from_chain(key, chain).error().code == ErrorCode::invalid);
  }
  CHECK(TlsIdentity::from_chain("no key", own).error().code == ErrorCode::invalid);

  EVP_PKEY* weak = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{1024});
  const auto [weak_key, weak_certificate] = other_pair(weak);
  EVP_PKEY_free(weak);
  const auto taken = TlsIdentity::from_chain(weak_key, weak_certificate);
  REQUIRE(taken.has_value());
  CHECK(TlsContext::for_server(taken.value()).error().code == ErrorCode::invalid);
}

TEST_CASE("the key of an operator's chain is as private as every other") {
  const tests::TemporaryFolder folder;
  const TlsIdentity tls = identity();
  write_text(folder / "chain.pem", tls.certificate_pem() + identity().certificate_pem(), 0644);
  write_text(folder / "key.pem", tls.key_pem(), 0640);
  CHECK(load_tls_chain(folder / "key.pem", folder / "chain.pem").error().code == ErrorCode::denied);
  REQUIRE(::chmod((folder / "key.pem").c_str(), 0600) == 0);
  CHECK(load_tls_chain(folder / "key.pem", folder / "chain.pem").has_value());
  CHECK(load_tls_chain(folder / "key.pem", folder / "none").error().code == ErrorCode::not_found);
}

}  // namespace cpc::federation
