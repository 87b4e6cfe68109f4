// TLS 1.3 over a non-blocking socket, one try at a time: who calls waits for the socket in between
// (socket_stream.h does). OpenSSL works on the descriptor itself and gives its buffers back when
// idle, which takes about 15 KB a connection where Asio's own TLS stream takes 80.
//
// Peers are known by their key, not by a chain: pins are the SHA-256 of the SPKI (RFC 7469 section
// 2.4). TLS proves that the server holds the key (RFC 8446 section 4.4.3); names, issuers and dates
// in the certificate are not looked at. No session is resumed, so that every connection is checked
// against the pins of its own time.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "federation/tls_identity.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX
struct ssl_st;      // and SSL
struct x509_store_ctx_st;

namespace cpc::federation {

/// What all connections of a listener, or of a client, share. Copies share it.
class TlsContext {
 public:
  /// Fails with invalid if OpenSSL does not take the identity, internal if it fails otherwise.
  [[nodiscard]] static Result<TlsContext> for_server(const TlsIdentity& identity);
  /// Fails with internal.
  [[nodiscard]] static Result<TlsContext> for_client();

  /// A server's: speaks with itself, in memory, as a client with OpenSSL's defaults. What OpenSSL
  /// takes is not always what a TLS 1.3 handshake can use (as a key on secp256k1): that is told
  /// here, instead of to every client. Dates, names and issuers are not looked at. Takes some
  /// milliseconds. Fails with invalid, with OpenSSL's reason.
  [[nodiscard]] Result<> try_handshake() const;

 private:
  friend class TlsSession;
  explicit TlsContext(std::shared_ptr<ssl_ctx_st> context) : context_(std::move(context)) {}
  std::shared_ptr<ssl_ctx_st> context_;
};

/// What a try came to.
enum class TlsNext {
  done,
  wants_read,   ///< Try again when the socket can be read,
  wants_write,  ///< or written.
  ended,        ///< The peer said that nothing more comes (close_notify).
  broken,       ///< The connection is of no use any more.
};

struct TlsStep {
  TlsNext next = TlsNext::broken;
  std::size_t moved = 0;  ///< Octets, if done.
};

/// One connection. The socket stays the caller's, is non-blocking, and is open in every call.
class TlsSession {
 public:
  /// The server's side. Fails with internal.
  [[nodiscard]] static Result<TlsSession> accept(const TlsContext& context, int socket);
  /// The client's side: names `server` (SNI) and takes only a key in `pins`; any key if they are
  /// empty. Fails with internal.
  [[nodiscard]] static Result<TlsSession> connect(const TlsContext& context, int socket,
                                                  const std::string& server,
                                                  std::vector<Digest> pins);

  TlsSession(TlsSession&&) noexcept;
  TlsSession& operator=(TlsSession&&) noexcept;
  ~TlsSession();

  [[nodiscard]] TlsStep handshake();
  [[nodiscard]] TlsStep read(void* data, std::size_t size);
  /// A write that is tried again must be tried with the same octets.
  [[nodiscard]] TlsStep write(const void* data, std::size_t size);
  /// Says close_notify if the socket takes it at once.
  void say_goodbye();

  /// Octets wait inside, though the socket may have none.
  [[nodiscard]] bool has_pending() const;
  /// The handshake broke because the server's key is not pinned.
  [[nodiscard]] bool refused_key() const;

 private:
  struct Check;
  struct Freed {
    void operator()(ssl_st* session) const;
  };
  TlsSession(std::unique_ptr<ssl_st, Freed> session, std::unique_ptr<Check> check);
  [[nodiscard]] static Result<TlsSession> open(const TlsContext& context, int socket,
                                               std::vector<Digest> pins);
  [[nodiscard]] TlsStep step(int returned);
  [[nodiscard]] static int check_certificate(x509_store_ctx_st* store, void* unused);
  friend class TlsContext;

  std::unique_ptr<Check> check_;
  std::unique_ptr<ssl_st, Freed> session_;
};

}  // namespace cpc::federation
