// One connection, TCP or Unix, plain or TLS: the only stream type of this folder. Beast and the
// coroutines are compiled for it and for no other, which keeps the build short.
//
// Every operation is one non-blocking try, then waiting for the socket, then a try again; nothing
// is held while it waits. An operation may read while another writes. The stream stays where it is
// while one runs. cut() ends them all with an error. Cancelling one leaves the octets of a
// connection in an unknown state: cut it then. Network thread only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "federation/tls_session.h"

namespace cpc::federation {

/// What is gathered into one write, so that a head and a short body leave in one packet.
inline constexpr std::size_t gathered_bytes_max = 16 * 1024;

class SocketStream {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;
  using executor_type = boost::asio::any_io_executor;
  using Failure = boost::system::error_code;

  /// `socket` is connected. The constructors make it non-blocking.
  explicit SocketStream(Socket socket);
  SocketStream(Socket socket, TlsSession tls);

  [[nodiscard]] executor_type get_executor() { return socket_.get_executor(); }
  [[nodiscard]] Socket& socket() { return socket_; }
  [[nodiscard]] bool is_open() const { return socket_.is_open(); }
  /// Null if plain.
  [[nodiscard]] const TlsSession* tls() const { return tls_ ? &*tls_ : nullptr; }

  /// Completes with (error, octets); octets are never 0 without an error, which is
  /// asio::error::eof only if the peer ended the connection in order.
  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token);
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token);
  /// Completes with (error, 0). At once if plain.
  template <class Token>
  auto async_handshake(Token&& token);
  /// Completes with (error) when there may be something to read; holds no buffer meanwhile.
  template <class Token>
  auto async_wait_readable(Token&& token) {
    return socket_.async_wait(Socket::wait_read, std::forward<Token>(token));
  }

  /// Octets wait inside; async_wait_readable would not tell.
  [[nodiscard]] bool has_pending() const { return tls_ && tls_->has_pending(); }
  /// The peer sent nothing and did not hang up: of use for another request.
  [[nodiscard]] bool is_quiet();
  /// Tells the peer that nothing more comes; what it still sends can be read.
  void end_sending();
  /// Closes at once.
  void cut();

 private:
  enum class Kind { read, write, handshake };
  enum class Next { done, wants_read, wants_write };
  struct Step {
    Next next = Next::done;
    std::size_t moved = 0;
    Failure failure{};
  };
  struct Operation;
  [[nodiscard]] Step attempt(Kind kind, void* data, std::size_t size);
  [[nodiscard]] Step attempt_plain(Kind kind, void* data, std::size_t size);
  template <class Token>
  auto start(Operation operation, Token&& token);

  Socket socket_;
  std::optional<TlsSession> tls_;
};

struct SocketStream::Operation {
  SocketStream* stream;
  Kind kind;
  void* data = nullptr;
  std::size_t size = 0;
  std::string gathered{};
  Step last{};
  enum { fresh, waiting, over } state = fresh;

  template <class Self>
  void operator()(Self& self, Failure failure = {}) {
    if (state == over) return self.complete(last.failure, last.moved);
    if (failure) return self.complete(failure, 0);
    void* from = gathered.empty() ? data : gathered.data();
    last = stream->attempt(kind, from, gathered.empty() ? size : gathered.size());
    if (last.next != Next::done) {
      state = waiting;
      const auto what = last.next == Next::wants_read ? Socket::wait_read : Socket::wait_write;
      return stream->socket_.async_wait(what, std::move(self));
    }
    if (state == waiting) return self.complete(last.failure, last.moved);
    state = over;  // Never from inside the call that started us.
    boost::asio::post(std::move(self));
  }
};

template <class Token>
auto SocketStream::start(Operation operation, Token&& token) {
  return boost::asio::async_compose<Token, void(Failure, std::size_t)>(std::move(operation), token,
                                                                       socket_);
}

template <class Buffers, class Token>
auto SocketStream::async_read_some(const Buffers& buffers, Token&& token) {
  Operation operation{this, Kind::read};
  const auto end = boost::asio::buffer_sequence_end(buffers);
  for (auto at = boost::asio::buffer_sequence_begin(buffers); at != end; ++at) {
    const boost::asio::mutable_buffer buffer{*at};
    if (buffer.size() == 0) continue;
    operation.data = buffer.data();
    operation.size = buffer.size();
    break;
  }
  return start(std::move(operation), std::forward<Token>(token));
}

template <class Buffers, class Token>
auto SocketStream::async_write_some(const Buffers& buffers, Token&& token) {
  Operation operation{this, Kind::write};
  const auto end = boost::asio::buffer_sequence_end(buffers);
  for (auto at = boost::asio::buffer_sequence_begin(buffers); at != end; ++at) {
    const boost::asio::const_buffer buffer{*at};
    if (buffer.size() == 0) continue;
    if (operation.size == 0) {
      operation.data = const_cast<void*>(buffer.data());  // Written from, never to.
      operation.size = buffer.size();
      if (operation.size >= gathered_bytes_max) break;
      continue;
    }
    auto& gathered = operation.gathered;
    if (gathered.empty()) gathered.assign(static_cast<char*>(operation.data), operation.size);
    const std::size_t room = gathered_bytes_max - gathered.size();
    gathered.append(static_cast<const char*>(buffer.data()), std::min(room, buffer.size()));
    if (gathered.size() == gathered_bytes_max) break;
  }
  return start(std::move(operation), std::forward<Token>(token));
}

template <class Token>
auto SocketStream::async_handshake(Token&& token) {
  return start(Operation{this, Kind::handshake}, std::forward<Token>(token));
}

}  // namespace cpc::federation
