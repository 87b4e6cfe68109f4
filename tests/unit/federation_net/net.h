// What the tests over real sockets share: one io_context that is driven until something is there,
// raw clients that say exactly the octets they are given, and a server that stops with its scope.
// Nothing waits for longer than patience.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "federation/http_server.h"

namespace cpc::federation::test {

using namespace std::chrono_literals;
namespace asio = boost::asio;

inline constexpr auto token = asio::as_tuple(asio::use_awaitable);
inline constexpr auto patience = 15s;

inline const std::string raw_get = "GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n";
inline const std::string raw_get_and_close =
    "GET /a?b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

inline bool starts(const std::string& text, const std::string& beginning) {
  return text.rfind(beginning, 0) == 0;
}
inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Remembers sentences, for tests that ask whether something was told.
class KeptLog final : public Log {
 public:
  void info(std::string_view sentence, std::initializer_list<Field>) override { keep(sentence); }
  void warn(std::string_view sentence, std::initializer_list<Field>) override { keep(sentence); }
  void error(std::string_view sentence, std::initializer_list<Field>) override { keep(sentence); }
  std::vector<std::string> sentences;

 private:
  void keep(std::string_view sentence) { sentences.emplace_back(sentence); }
};

template <class T>
asio::awaitable<void> keep_result(asio::awaitable<T> work, std::optional<T>& kept) {
  kept.emplace(co_await std::move(work));
}

/// A result for what has none, so that it can be started and finished like the others.
inline asio::awaitable<bool> keep_result_of_void(asio::awaitable<void> work) {
  co_await std::move(work);
  co_return true;
}

/// Work that goes on while the test does something else.
template <class T>
struct Started {
  std::optional<T> result;
  std::exception_ptr problem;
  bool is_done = false;
};

class Net {
 public:
  asio::io_context io{1};
  KeptLog log;

  /// Drives the network until `is_there()`; false if that takes too long.
  template <class Condition>
  bool until(Condition is_there) {
    const auto end = std::chrono::steady_clock::now() + patience;
    io.restart();
    while (!is_there() && std::chrono::steady_clock::now() < end) {
      io.run_one_for(20ms);
      io.restart();
    }
    return is_there();
  }

  template <class T>
  std::shared_ptr<Started<T>> start(asio::awaitable<T> work) {
    auto started = std::make_shared<Started<T>>();
    asio::co_spawn(io, keep_result(std::move(work), started->result),
                   [started](std::exception_ptr problem) {
                     started->problem = problem;
                     started->is_done = true;
                   });
    return started;
  }

  template <class T>
  T finish(const std::shared_ptr<Started<T>>& started) {
    REQUIRE(until([&] { return started->is_done; }));
    if (started->problem) std::rethrow_exception(started->problem);
    return *std::move(started->result);
  }

  template <class T>
  T wait(asio::awaitable<T> work) {
    return finish(start(std::move(work)));
  }

  void wait(asio::awaitable<void> work) {
    auto done = std::make_shared<bool>(false);
    asio::co_spawn(io, std::move(work), [done](std::exception_ptr) { *done = true; });
    REQUIRE(until([&] { return *done; }));
  }
};

/// Says raw octets over TCP or a Unix socket and hears what comes.
class RawClient {
 public:
  using Socket = asio::generic::stream_protocol::socket;

  RawClient(Net& net, std::uint16_t port) : net_(net), socket_(net.io) {
    socket_.connect(asio::ip::tcp::endpoint{asio::ip::address_v4::loopback(), port});
  }
  RawClient(Net& net, const std::filesystem::path& path) : net_(net), socket_(net.io) {
    socket_.connect(asio::local::stream_protocol::endpoint{path.string()});
  }

  [[nodiscard]] Socket& socket() { return socket_; }

  /// False if the server took no more.
  bool say(std::string octets) { return net_.wait(write(octets)); }
  /// All that comes until the server hangs up.
  std::string hear_all() {
    while (hear_more()) {
    }
    return std::exchange(heard_, {});
  }
  /// What comes up to `mark` and with it; all there was if it does not come.
  std::string hear_until(std::string_view mark) {
    for (;;) {
      const auto at = heard_.find(mark);
      if (at != std::string::npos) return hear_now(at + mark.size());
      if (!hear_more()) return std::exchange(heard_, {});
    }
  }
  std::string hear(std::size_t count) {
    while (heard_.size() < count && hear_more()) {
    }
    return hear_now(std::min(count, heard_.size()));
  }
  /// Asks, and hears all until the server hangs up.
  std::string ask(std::string octets) {
    say(std::move(octets));
    return hear_all();
  }

 private:
  asio::awaitable<bool> write(std::string_view octets) {
    const auto [failure, count] = co_await asio::async_write(socket_, asio::buffer(octets), token);
    co_return !failure;
  }
  asio::awaitable<std::size_t> read(char* room, std::size_t size) {
    const auto [failure, count] = co_await socket_.async_read_some(asio::buffer(room, size), token);
    co_return failure ? 0 : count;
  }
  bool hear_more() {
    std::string piece(64 * 1024, '\0');
    const std::size_t count = net_.wait(read(piece.data(), piece.size()));
    heard_.append(piece, 0, count);
    boost::system::error_code ignored;
    if (count == 0) socket_.close(ignored);  // As clients do.
    return count > 0;
  }
  std::string hear_now(std::size_t count) {
    std::string now = heard_.substr(0, count);
    heard_.erase(0, count);
    return now;
  }

  Net& net_;
  Socket socket_;
  std::string heard_;
};

/// A server that has started, and stops with its scope.
class Serving {
 public:
  Serving(Net& net, HttpServerOptions options, HttpHandler handler)
      : net_(net), server_(net.io.get_executor(), std::move(options), std::move(handler), net.log) {
    const auto started = server_.start();
    REQUIRE(started.has_value());
  }
  ~Serving() {
    if (!is_stopped_) net_.wait(server_.stop(0ms));
  }
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

  [[nodiscard]] HttpServer& server() { return server_; }
  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  /// For tests that stop it themselves.
  asio::awaitable<void> stop(std::chrono::milliseconds grace) {
    is_stopped_ = true;
    return server_.stop(grace);
  }

 private:
  Net& net_;
  HttpServer server_;
  bool is_stopped_ = false;
};

inline asio::awaitable<HttpReply> reply_with(HttpReply reply) {
  co_return reply;
}
inline HttpReply make_reply(int status, Bytes body) {
  return {status, {{{"content-type", "text/plain"}}}, std::move(body)};
}

/// Echoes what it was asked, and remembers it.
struct EchoHandler {
  std::vector<HttpRequest> requests;
  std::vector<PeerInfo> peers;

  HttpHandler handler() {
    return [this](HttpRequest request, PeerInfo peer) {
      HttpReply reply = make_reply(
          200, request.method + ' ' + request.path + ' ' + request.query + ' ' + request.body);
      requests.push_back(std::move(request));
      peers.push_back(std::move(peer));
      return reply_with(std::move(reply));
    };
  }
};

}  // namespace cpc::federation::test
