#include "federation/beast_web_socket.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <list>
#include <optional>
#include <utility>

#include "federation/as_result.h"
#include "federation/deadline.h"

namespace cpc::federation {

// How Beast ends a connection of ours; found by argument-dependent look-up.
void beast_close_socket(SocketStream& stream) {
  stream.cut();
}

template <class Handler>
void async_teardown(boost::beast::role_type /*role*/, SocketStream& stream, Handler&& handler) {
  stream.end_sending();  // The server reads on until the client hangs up, and then cuts.
  boost::asio::post(
      stream.get_executor(),
      boost::beast::bind_front_handler(std::forward<Handler>(handler), boost::beast::error_code{}));
}

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;

/// What is held for a connection on which nothing comes.
constexpr std::size_t first_piece_bytes = 256;
constexpr std::size_t piece_bytes_max = 64 * 1024;
constexpr std::uint16_t no_code = 1005;  // RFC 6455 section 7.4.1.

}  // namespace

class BeastWebSocket::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(SocketStream stream, Terms given) : terms(std::move(given)), beast_(std::move(stream)) {
    const auto& limits = terms.limits;
    beast_.set_option(websocket::stream_base::timeout{
        .handshake_timeout = limits.close_timeout,
        .idle_timeout = limits.idle_timeout,
        .keep_alive_pings = true,
    });
    beast_.read_message_max(limits.message_bytes_max);
    beast_.auto_fragment(false);
  }

  [[nodiscard]] SocketStream& stream() { return beast_.next_layer(); }
  [[nodiscard]] std::uint16_t closed_with() const { return closed_with_; }

  void cut() {
    is_over_ = true;
    stream().cut();
    wake_senders();
  }

  /// The daemon lets go. After a close the server still sees to it that the client hears why.
  void abandon() {
    if (!is_over_) cut();
  }

  // Each holds its core, since the WebSocket may be gone while it waits.
  static asio::awaitable<bool> accept(std::shared_ptr<Core> self, const HttpRequest& request);
  static asio::awaitable<Result<std::string>> receive(std::shared_ptr<Core> self);
  static asio::awaitable<Result<>> send(std::shared_ptr<Core> self, std::string text);
  static asio::awaitable<void> close(std::shared_ptr<Core> self, std::uint16_t code,
                                     std::string reason);

  const Terms terms;

 private:
  struct Queued {
    explicit Queued(Core& to, std::size_t bytes) : core(to), size(bytes) { core.queued_ += size; }
    Queued(const Queued&) = delete;
    Queued& operator=(const Queued&) = delete;
    ~Queued() {
      core.queued_ -= size;
      core.turns_.remove(this);
      core.wake_senders();
    }
    Core& core;
    std::size_t size;
  };

  [[nodiscard]] asio::awaitable<beast::error_code> read_message(std::string& text);
  [[nodiscard]] Error explain(beast::error_code failure);
  [[nodiscard]] asio::awaitable<bool> wait_for_turn(const Queued& mine);
  void wake_senders() {
    if (bell_) bell_->cancel();
  }
  /// Of the sends whose turn has not come: neither a message that nothing stands before nor the one
  /// that is being written says anything about the client's pace.
  [[nodiscard]] std::size_t waiting_bytes() const {
    return turns_.empty() ? 0 : queued_ - turns_.front()->size;
  }

  websocket::stream<SocketStream, false> beast_;
  bool is_over_ = false;
  bool is_closing_ = false;
  bool is_receiving_ = false;
  std::uint16_t closed_with_ = 0;
  std::size_t queued_ = 0;  ///< Octets of the sends that have not returned.
  std::list<const Queued*> turns_;
  std::optional<asio::steady_timer> bell_;  ///< Never runs out; only while sends wait.
};

asio::awaitable<bool> BeastWebSocket::Core::accept(std::shared_ptr<Core> self,
                                                   const HttpRequest& request) {
  beast::http::request<beast::http::empty_body> upgrade{beast::http::verb::get, request.path, 11};
  for (const auto& header : request.headers.list) upgrade.insert(header.name, header.value);
  self->beast_.set_option(websocket::stream_base::decorator(
      [subprotocol = self->terms.subprotocol](websocket::response_type& reply) {
        reply.set(beast::http::field::server, "-");  // Beast would tell its version.
        if (!subprotocol.empty()) {
          reply.set(beast::http::field::sec_websocket_protocol, subprotocol);
        }
      }));
  const auto [failure] = co_await self->beast_.async_accept(upgrade, as_result);
  self->is_over_ = bool(failure);
  co_return !failure;
}

asio::awaitable<beast::error_code> BeastWebSocket::Core::read_message(std::string& text) {
  text.resize(first_piece_bytes);
  std::size_t filled = 0;
  do {
    if (filled == text.size()) text.resize(filled + std::min(filled, piece_bytes_max));
    const auto room = asio::buffer(text.data() + filled, text.size() - filled);
    const auto [failure, count] = co_await beast_.async_read_some(room, as_result);
    if (failure) co_return failure;
    filled += count;
  } while (!beast_.is_message_done());
  text.resize(filled);
  co_return beast::error_code{};
}

Error BeastWebSocket::Core::explain(beast::error_code failure) {
  if (failure == websocket::error::closed) {
    const auto code = static_cast<std::uint16_t>(beast_.reason().code);
    closed_with_ = code == 0 ? no_code : code;
    return fail(ErrorCode::unavailable, "the client closed the WebSocket");
  }
  if (failure == websocket::error::message_too_big) {
    return fail(ErrorCode::too_large, "a WebSocket message over the limit");
  }
  if (failure.category() == beast::error_code{websocket::error::closed}.category()) {
    return fail(ErrorCode::invalid, "a WebSocket frame against RFC 6455");
  }
  return fail(ErrorCode::unavailable, "the WebSocket broke");
}

asio::awaitable<Result<std::string>> BeastWebSocket::Core::receive(std::shared_ptr<Core> self) {
  if (self->is_over_) co_return fail(ErrorCode::unavailable, "the WebSocket is over");
  if (self->is_receiving_) co_return fail(ErrorCode::internal, "two receives at a time");
  self->is_receiving_ = true;
  std::string text;
  const auto failure = co_await self->read_message(text);
  self->is_receiving_ = false;
  if (failure) {
    self->is_over_ = true;
    self->wake_senders();
    co_return self->explain(failure);
  }
  if (!self->beast_.got_text()) {
    co_await close(self, close_code::not_text, {});
    co_return fail(ErrorCode::invalid, "a WebSocket message that is not text");
  }
  co_return text;
}

asio::awaitable<bool> BeastWebSocket::Core::wait_for_turn(const Queued& mine) {
  while (!is_over_ && turns_.front() != &mine) {
    if (!bell_) bell_.emplace(beast_.get_executor(), asio::steady_timer::time_point::max());
    (void)co_await bell_->async_wait(as_result);
  }
  co_return !is_over_;
}

asio::awaitable<Result<>> BeastWebSocket::Core::send(std::shared_ptr<Core> self, std::string text) {
  if (self->is_over_) co_return fail(ErrorCode::unavailable, "the WebSocket is over");
  const auto& limits = self->terms.limits;
  if (self->waiting_bytes() > limits.send_bytes_max) {
    co_await close(self, close_code::try_again_later, "too slow");
    co_return fail(ErrorCode::too_large, "the client does not keep up with what it is sent");
  }
  const Queued mine{*self, text.size()};
  self->turns_.push_back(&mine);
  const bool is_mine = co_await self->wait_for_turn(mine);
  if (!is_mine) co_return fail(ErrorCode::unavailable, "the WebSocket is over");
  const Deadline deadline{self->beast_.get_executor(), limits.write_timeout,
                          [core = self.get()] { core->cut(); }};
  self->beast_.text(true);
  const auto [failure, count] = co_await self->beast_.async_write(asio::buffer(text), as_result);
  if (failure) {
    self->cut();
    co_return fail(ErrorCode::unavailable, "the WebSocket broke");
  }
  co_return success();
}

asio::awaitable<void> BeastWebSocket::Core::close(std::shared_ptr<Core> self, std::uint16_t code,
                                                  std::string reason) {
  if (self->is_over_ || self->is_closing_) co_return;
  self->is_closing_ = true;
  self->is_over_ = true;  // Sends that wait give up; the one that is being written goes first.
  self->wake_senders();
  const Deadline deadline{self->beast_.get_executor(), self->terms.limits.close_timeout,
                          [core = self.get()] { core->cut(); }};
  reason.resize(std::min(reason.size(), close_reason_bytes_max));
  const websocket::close_reason why{static_cast<websocket::close_code>(code), reason};
  const auto [failure] = co_await self->beast_.async_close(why, as_result);
  if (!failure && self->closed_with_ == 0) (void)self->explain(websocket::error::closed);
}

std::shared_ptr<BeastWebSocket::Core> BeastWebSocket::make(SocketStream stream, Terms terms) {
  return std::make_shared<Core>(std::move(stream), std::move(terms));
}

asio::awaitable<bool> BeastWebSocket::accept(std::shared_ptr<Core> core,
                                             const HttpRequest& request) {
  return Core::accept(std::move(core), request);
}

asio::awaitable<void> BeastWebSocket::close_core(std::shared_ptr<Core> core, std::uint16_t code,
                                                 std::string reason) {
  return Core::close(std::move(core), code, std::move(reason));
}

SocketStream& BeastWebSocket::stream_of(Core& core) {
  return core.stream();
}

BeastWebSocket::~BeastWebSocket() {
  core_->abandon();
}

asio::awaitable<Result<std::string>> BeastWebSocket::receive() {
  return Core::receive(core_);
}
asio::awaitable<Result<>> BeastWebSocket::send(std::string text) {
  return Core::send(core_, std::move(text));
}
asio::awaitable<void> BeastWebSocket::close(std::uint16_t code, std::string_view reason) {
  return Core::close(core_, code, std::string{reason});
}
std::uint16_t BeastWebSocket::closed_with() const {
  return core_->closed_with();
}
const PeerInfo& BeastWebSocket::peer() const {
  return core_->terms.peer;
}
const std::string& BeastWebSocket::subprotocol() const {
  return core_->terms.subprotocol;
}

}  // namespace cpc::federation
