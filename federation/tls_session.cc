#include "federation/tls_session.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <utility>

#include "federation/freed_by.h"
#include "federation/memory_bio.h"

namespace cpc::federation {
namespace {

// A BIO of our own over the descriptor, because OpenSSL's writes without MSG_NOSIGNAL: a peer that
// hangs up would kill the daemon with SIGPIPE.
int socket_of(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

bool comes_again_later(int number) {
  return number == EAGAIN || number == EWOULDBLOCK || number == EINTR;
}

int bio_read(BIO* bio, char* data, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t got = ::recv(socket_of(bio), data, static_cast<std::size_t>(size), 0);
  if (got < 0 && comes_again_later(errno)) BIO_set_retry_read(bio);
  return static_cast<int>(got);
}

int bio_write(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t sent = ::send(socket_of(bio), data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent < 0 && comes_again_later(errno)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

long bio_control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

struct BioMethod {
  BioMethod() : method(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket")) {
    if (method == nullptr) return;
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_ctrl(method, bio_control);
  }
  ~BioMethod() { BIO_meth_free(method); }
  BioMethod(const BioMethod&) = delete;
  BioMethod& operator=(const BioMethod&) = delete;
  BIO_METHOD* method;
};

BIO* make_bio(int socket) {
  static const BioMethod shared;
  if (shared.method == nullptr) return nullptr;
  BIO* bio = BIO_new(shared.method);
  if (bio == nullptr) return nullptr;
  // The descriptor itself is the data: NOLINTNEXTLINE(performance-no-int-to-ptr)
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
  BIO_set_init(bio, 1);
  return bio;
}

Error openssl_failed(ErrorCode code, const char* what) {
  ERR_clear_error();
  return fail(code, what);
}

Result<std::shared_ptr<SSL_CTX>> make_context(const SSL_METHOD* method) {
  std::shared_ptr<SSL_CTX> made{SSL_CTX_new(method), SSL_CTX_free};
  if (made == nullptr) return openssl_failed(ErrorCode::internal, "OpenSSL gave no context");
  if (SSL_CTX_set_min_proto_version(made.get(), TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_num_tickets(made.get(), 0) != 1) {
    return openssl_failed(ErrorCode::internal, "OpenSSL does not offer TLS 1.3");
  }
  SSL_CTX_set_session_cache_mode(made.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(made.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
  SSL_CTX_set_mode(made.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                   SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return made;
}

using Certificate = std::unique_ptr<X509, FreedBy<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>;

using Session = std::unique_ptr<SSL, FreedBy<SSL_free>>;

/// As "EC secp256k1" or "RSA".
std::string name_of(const EVP_PKEY* key) {
  const char* kind = key == nullptr ? nullptr : EVP_PKEY_get0_type_name(key);
  std::string name = kind == nullptr ? "unknown" : kind;
  char group[64] = "";
  if (key != nullptr && EVP_PKEY_get_group_name(key, group, sizeof group, nullptr) == 1) {
    name += ' ' + std::string{group};
  }
  ERR_clear_error();
  return name;
}

/// One side's next part of a handshake. False, with the reason in OpenSSL's queue: it broke.
bool advance(SSL& side) {
  const int returned = SSL_do_handshake(&side);
  if (returned == 1) return true;
  const int error = SSL_get_error(&side, returned);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

/// Both sides, over a pair of buffers, until they are done. False as advance(); and if they never
/// were, with nothing in the queue.
bool shake_hands(SSL& server, SSL& client) {
  // The longest chain fills the buffers of 17 KB a few times.
  constexpr int turns_max = 100;
  for (int turn = 0; turn < turns_max; ++turn) {
    if (!advance(client) || !advance(server)) return false;
    if (SSL_is_init_finished(&client) == 1 && SSL_is_init_finished(&server) == 1) return true;
  }
  return false;
}

}  // namespace

/// What the certificate callback knows of its connection. Lies still while the session moves.
struct TlsSession::Check {
  std::vector<Digest> pins;
  bool refused = false;
};

Result<TlsContext> TlsContext::for_server(const TlsIdentity& identity) {
  CPC_TRY(auto context, make_context(TLS_server_method()));
  const Bio key_text = memory_of(identity.key_pem());
  const Key key{PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr)};
  const Bio certificate_text = memory_of(identity.certificate_pem());
  const Certificate certificate{
      PEM_read_bio_X509(certificate_text.get(), nullptr, nullptr, nullptr)};
  if (key == nullptr || certificate == nullptr ||
      SSL_CTX_use_certificate(context.get(), certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1) {
    return openssl_failed(ErrorCode::invalid,
                          "OpenSSL does not take the TLS identity (an RSA key has 2048 bits "
                          "at least)");
  }
  while (X509* issuer = PEM_read_bio_X509(certificate_text.get(), nullptr, nullptr, nullptr)) {
    if (SSL_CTX_add0_chain_cert(context.get(), issuer) == 1) continue;
    X509_free(issuer);
    return openssl_failed(ErrorCode::invalid, "OpenSSL does not take an issuer's certificate");
  }
  ERR_clear_error();  // Of the end of the file.
  return TlsContext{std::move(context)};
}

Result<TlsContext> TlsContext::for_client() {
  CPC_TRY(auto context, make_context(TLS_client_method()));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context.get(), &TlsSession::check_certificate, nullptr);
  return TlsContext{std::move(context)};
}

Result<> TlsContext::try_handshake() const {
  CPC_TRY(const auto client_context, make_context(TLS_client_method()));
  const Session server{SSL_new(context_.get())};
  const Session client{SSL_new(client_context.get())};
  BIO* servers = nullptr;
  BIO* clients = nullptr;
  if (server == nullptr || client == nullptr || BIO_new_bio_pair(&servers, 0, &clients, 0) != 1) {
    return openssl_failed(ErrorCode::internal, "OpenSSL gave no session");
  }
  SSL_set_bio(server.get(), servers, servers);
  SSL_set_bio(client.get(), clients, clients);
  SSL_set_accept_state(server.get());
  SSL_set_connect_state(client.get());
  ERR_clear_error();
  if (shake_hands(*server, *client)) return success();
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  const std::string why = reason == nullptr ? "it came to no end" : reason;
  ERR_clear_error();
  return fail(ErrorCode::invalid,
              "no TLS 1.3 handshake can be done with this certificate, whose key is " +
                  name_of(SSL_CTX_get0_privatekey(context_.get())) + " (OpenSSL: " + why +
                  "), so no client could connect; get one for a P-256 key");
}

/// In place of OpenSSL's chain check. May run more than once in a handshake.
int TlsSession::check_certificate(X509_STORE_CTX* store, void* /*unused*/) {
  const auto* session = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* check = static_cast<Check*>(SSL_get_ex_data(session, 0));
  const X509* leaf = X509_STORE_CTX_get0_cert(store);
  const auto& pins = check->pins;
  check->refused =
      leaf == nullptr ||
      (!pins.empty() && std::find(pins.begin(), pins.end(), spki_sha256(*leaf)) == pins.end());
  X509_STORE_CTX_set_error(store, check->refused ? X509_V_ERR_CERT_UNTRUSTED : X509_V_OK);
  return check->refused ? 0 : 1;
}

void TlsSession::Freed::operator()(ssl_st* session) const {
  SSL_free(session);
}

TlsSession::TlsSession(std::unique_ptr<ssl_st, Freed> session, std::unique_ptr<Check> check)
    : check_(std::move(check)), session_(std::move(session)) {}
TlsSession::TlsSession(TlsSession&&) noexcept = default;
TlsSession& TlsSession::operator=(TlsSession&&) noexcept = default;
TlsSession::~TlsSession() = default;

Result<TlsSession> TlsSession::open(const TlsContext& context, int socket,
                                    std::vector<Digest> pins) {
  auto check = std::make_unique<Check>(Check{std::move(pins)});
  std::unique_ptr<SSL, Freed> session{SSL_new(context.context_.get())};
  BIO* bio = session == nullptr ? nullptr : make_bio(socket);
  if (bio == nullptr || SSL_set_ex_data(session.get(), 0, check.get()) != 1) {
    BIO_free(bio);
    return openssl_failed(ErrorCode::internal, "OpenSSL gave no session");
  }
  SSL_set_bio(session.get(), bio, bio);
  return TlsSession{std::move(session), std::move(check)};
}

Result<TlsSession> TlsSession::accept(const TlsContext& context, int socket) {
  CPC_TRY(auto opened, open(context, socket, {}));
  SSL_set_accept_state(opened.session_.get());
  return opened;
}

Result<TlsSession> TlsSession::connect(const TlsContext& context, int socket,
                                       const std::string& server, std::vector<Digest> pins) {
  CPC_TRY(auto opened, open(context, socket, std::move(pins)));
  SSL_set_connect_state(opened.session_.get());
  if (SSL_set_tlsext_host_name(opened.session_.get(), server.c_str()) != 1) {
    return openssl_failed(ErrorCode::internal, "OpenSSL does not take the name of the peer");
  }
  return opened;
}

TlsStep TlsSession::step(int returned) {
  if (returned > 0) return {TlsNext::done, static_cast<std::size_t>(returned)};
  const int error = SSL_get_error(session_.get(), returned);
  ERR_clear_error();
  switch (error) {
    case SSL_ERROR_WANT_READ:
      return {TlsNext::wants_read};
    case SSL_ERROR_WANT_WRITE:
      return {TlsNext::wants_write};
    case SSL_ERROR_ZERO_RETURN:
      return {TlsNext::ended};
    default:
      return {TlsNext::broken};
  }
}

TlsStep TlsSession::handshake() {
  ERR_clear_error();
  return step(SSL_do_handshake(session_.get()));
}

TlsStep TlsSession::read(void* data, std::size_t size) {
  ERR_clear_error();
  return step(
      SSL_read(session_.get(), data, static_cast<int>(std::min<std::size_t>(size, INT_MAX))));
}

TlsStep TlsSession::write(const void* data, std::size_t size) {
  ERR_clear_error();
  return step(
      SSL_write(session_.get(), data, static_cast<int>(std::min<std::size_t>(size, INT_MAX))));
}

void TlsSession::say_goodbye() {
  ERR_clear_error();
  if (SSL_is_init_finished(session_.get()) == 1) SSL_shutdown(session_.get());
  ERR_clear_error();
}

bool TlsSession::has_pending() const {
  return SSL_has_pending(session_.get()) == 1;
}

bool TlsSession::refused_key() const {
  return check_->refused;
}

}  // namespace cpc::federation
