#include "federation/socket_stream.h"

#include <sys/socket.h>

#include <cerrno>

namespace cpc::federation {
namespace {

namespace error = boost::asio::error;

bool is_temporary(int number) {
  return number == EAGAIN || number == EWOULDBLOCK;
}

}  // namespace

SocketStream::SocketStream(Socket socket) : socket_(std::move(socket)) {
  Failure ignored;  // A socket that cannot be made non-blocking is closed; the first try tells.
  socket_.native_non_blocking(true, ignored);
  if (ignored) socket_.close(ignored);
}

SocketStream::SocketStream(Socket socket, TlsSession tls) : SocketStream(std::move(socket)) {
  tls_ = std::move(tls);
}

SocketStream::Step SocketStream::attempt(Kind kind, void* data, std::size_t size) {
  // Above all: the descriptor may belong to somebody else by now.
  if (!socket_.is_open()) return {.failure = error::operation_aborted};
  if (kind != Kind::handshake && size == 0) return {};
  if (!tls_) return attempt_plain(kind, data, size);
  const TlsStep step = kind == Kind::read    ? tls_->read(data, size)
                       : kind == Kind::write ? tls_->write(data, size)
                                             : tls_->handshake();
  switch (step.next) {
    case TlsNext::done:
      return {.moved = kind == Kind::handshake ? 0 : step.moved};
    case TlsNext::wants_read:
      return {.next = Next::wants_read};
    case TlsNext::wants_write:
      return {.next = Next::wants_write};
    case TlsNext::ended:
      return {.failure = error::eof};
    case TlsNext::broken:
      break;
  }
  return {.failure = error::connection_reset};
}

SocketStream::Step SocketStream::attempt_plain(Kind kind, void* data, std::size_t size) {
  if (kind == Kind::handshake) return {};
  const int descriptor = socket_.native_handle();
  for (;;) {
    const ssize_t moved = kind == Kind::read ? ::recv(descriptor, data, size, 0)
                                             : ::send(descriptor, data, size, MSG_NOSIGNAL);
    if (moved > 0) return {.moved = static_cast<std::size_t>(moved)};
    if (moved == 0) return {.failure = error::eof};
    const int number = errno;
    if (number == EINTR) continue;
    if (is_temporary(number)) {
      return {.next = kind == Kind::read ? Next::wants_read : Next::wants_write};
    }
    return {.failure = Failure{number, boost::system::system_category()}};
  }
}

bool SocketStream::is_quiet() {
  if (!socket_.is_open() || has_pending()) return false;
  char octet = 0;
  const ssize_t got =
      ::recv(socket_.native_handle(), &octet, sizeof octet, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && is_temporary(errno);
}

void SocketStream::end_sending() {
  if (!socket_.is_open()) return;
  if (tls_) tls_->say_goodbye();
  Failure ignored;  // Whoever hung up first has nothing to be told.
  socket_.shutdown(Socket::shutdown_send, ignored);
}

void SocketStream::cut() {
  Failure ignored;
  socket_.close(ignored);
}

}  // namespace cpc::federation
