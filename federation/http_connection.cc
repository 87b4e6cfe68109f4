#include "federation/http_connection.h"

#include <algorithm>
#include <array>
#include <exception>
#include <string>
#include <utility>

#include "federation/as_result.h"
#include "federation/http_grammar.h"

namespace cpc::federation {
namespace {

/// 16 octets in base64 (RFC 6455 section 4.2.1); which ones does not matter.
bool is_web_socket_key(std::string_view text) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return text.size() == 24 && text.ends_with("==") &&
         text.find_first_not_of(digits) == text.size() - 2;
}

/// Assigning an empty one would keep the memory.
void let_go(Bytes& octets) {
  Bytes{}.swap(octets);
}

namespace asio = boost::asio;

constexpr std::size_t read_bytes_max = 16 * 1024;
/// After our last word: what the client still sends is read, so that the system does not answer it
/// with a reset, which would overtake that word.
constexpr std::size_t drained_bytes_max = 1024 * 1024;
constexpr auto forever = std::chrono::hours{24 * 365};

/// RFC 9457, with nothing in it but the status.
HttpReply problem(int status) {
  HttpReply reply;
  reply.status = status;
  reply.headers.list.push_back({"content-type", "application/problem+json"});
  reply.body = "{\"status\":" + std::to_string(status) + "}";
  return reply;
}

int status_of(HttpFault fault) {
  switch (fault) {
    case HttpFault::head_too_large:
      return 431;
    case HttpFault::body_too_large:
      return 413;
    case HttpFault::none:
    case HttpFault::malformed:
      break;
  }
  return 400;
}

}  // namespace

HttpConnection::HttpConnection(SocketStream stream, PeerInfo peer, const HttpService& service)
    : stream_(std::move(stream)), peer_(std::move(peer)), service_(service) {}

SocketStream& HttpConnection::stream() {
  return web_socket_ ? BeastWebSocket::stream_of(*web_socket_) : stream_;
}

void HttpConnection::cut() {
  stream().cut();
}

void HttpConnection::due_after(std::chrono::milliseconds time, std::size_t octets_moved) {
  if (octets_moved == 0) phase_began_ = Clock::now();
  const auto rate = std::max<std::size_t>(service_.options.timeouts.bytes_per_second_min, 1);
  due_at_ = phase_began_ + std::min<std::chrono::milliseconds>(time, forever) +
            std::chrono::seconds{octets_moved / rate};
  was_late_ = false;
}

void HttpConnection::check_due(Clock::time_point now) {
  if (now < due_at_) return;
  never_due();
  was_late_ = true;
  boost::system::error_code ignored;
  stream().socket().cancel(ignored);
}

asio::awaitable<void> HttpConnection::serve() {
  if (stream_.tls() != nullptr) {
    const bool is_done = co_await shake_hands();
    if (!is_done) co_return;
  }
  After after = After::next;
  while (after == After::next) {
    if (input_.empty() && !stream_.has_pending()) {
      // Not in a function of its own: this is where 10,000 connections wait.
      if (service_.is_stopping) break;
      let_go(input_);
      is_idle_ = true;
      due_after(service_.options.timeouts.idle);
      const auto [failure] = co_await stream_.async_wait_readable(as_result);
      is_idle_ = false;
      if (failure || was_late()) break;
    }
    after = co_await serve_one();
  }
  if (after == After::web_socket) co_await run_web_socket();
  if (after != After::vanish) co_await hang_up();
  cut();
}

asio::awaitable<bool> HttpConnection::shake_hands() {
  due_after(service_.options.timeouts.handshake);
  is_idle_ = true;
  const auto [failure, none] = co_await stream_.async_handshake(as_result);
  is_idle_ = false;
  co_return !failure && !was_late();
}

asio::awaitable<HttpConnection::After> HttpConnection::serve_one() {
  HttpRequestParser parser{{service_.options.header_bytes_max, service_.options.header_count_max}};
  const Arrival arrival = co_await read_request(parser);
  never_due();
  if (arrival == Arrival::gone) co_return After::vanish;
  if (arrival == Arrival::refused) co_return After::hang_up;
  HttpRequest& request = parser.request();
  if (service_.options.take_upgrade && parser.asks_for_web_socket()) {
    auto subprotocol = service_.options.take_upgrade(request, peer_);
    if (subprotocol) {
      co_return co_await start_web_socket(std::move(request), *std::move(subprotocol));
    }
  }
  const bool is_head = request.method == "HEAD";
  HttpReply reply = co_await answer(std::move(request));
  const bool keeps_alive = parser.keeps_alive() && !service_.is_stopping;
  const bool is_written = co_await write_reply(std::move(reply), is_head, keeps_alive);
  if (!is_written) co_return After::vanish;
  co_return keeps_alive ? After::next : After::hang_up;
}

asio::awaitable<HttpConnection::Filled> HttpConnection::fill() {
  const std::size_t before = input_.size();
  input_.resize(before + read_bytes_max);
  const auto room = asio::buffer(input_.data() + before, read_bytes_max);
  const auto [failure, count] = co_await stream_.async_read_some(room, as_result);
  input_.resize(before + count);
  if (was_late()) co_return Filled::late;
  co_return failure ? Filled::ended : Filled::some;
}

asio::awaitable<HttpConnection::Arrival> HttpConnection::read_request(HttpRequestParser& parser) {
  due_after(service_.options.timeouts.header);
  Reading reading = parser.advance(input_);
  while (reading == Reading::more) {
    const Filled filled = co_await fill();
    if (filled == Filled::ended) co_return Arrival::gone;
    if (filled == Filled::late) co_return co_await refuse(408);
    reading = parser.advance(input_);
  }
  if (reading == Reading::refused) co_return co_await refuse(status_of(parser.fault()));
  const int refusal = refusal_of_head(parser);
  if (refusal != 0) co_return co_await refuse(refusal);
  if (parser.expects_continue() && input_.empty() && parser.body_length() != 0) {
    due_after(service_.options.timeouts.write);
    const bool is_written = co_await write_all("HTTP/1.1 100 Continue\r\n\r\n", {});
    if (!is_written) co_return Arrival::gone;
  }
  co_return co_await read_body(parser);
}

/// 0 if the body may come.
int HttpConnection::refusal_of_head(HttpRequestParser& parser) const {
  if (parser.expects_unknown()) return 417;
  const auto& options = service_.options;
  parser.limit_body(options.body_bytes_max_for ? options.body_bytes_max_for(parser.request())
                                               : options.body_bytes_max);
  return parser.fault() == HttpFault::none ? 0 : status_of(parser.fault());
}

asio::awaitable<HttpConnection::Arrival> HttpConnection::read_body(HttpRequestParser& parser) {
  std::size_t arrived = 0;
  due_after(service_.options.timeouts.body);
  Reading reading = parser.advance(input_);
  while (reading == Reading::more) {
    const std::size_t before = input_.size();
    const Filled filled = co_await fill();
    if (filled == Filled::ended) co_return Arrival::gone;
    if (filled == Filled::late) co_return co_await refuse(408);
    arrived += input_.size() - before;
    due_after(service_.options.timeouts.body, arrived);
    reading = parser.advance(input_);
  }
  if (reading == Reading::refused) co_return co_await refuse(status_of(parser.fault()));
  co_return Arrival::complete;
}

asio::awaitable<HttpConnection::Arrival> HttpConnection::refuse(int status) {
  const bool is_written = co_await write_reply(problem(status), false, false);
  co_return is_written ? Arrival::refused : Arrival::gone;
}

asio::awaitable<HttpReply> HttpConnection::answer(HttpRequest request) {
  try {
    co_return co_await service_.handler(std::move(request), peer_);
  } catch (const std::exception& problem) {
    service_.log.error("a request handler threw", {{"what", problem.what()}});
  }
  co_return problem(500);
}

asio::awaitable<bool> HttpConnection::write_reply(HttpReply reply, bool is_head, bool keeps_alive) {
  auto head = reply_head(reply);
  if (!head) {
    service_.log.error("a request handler's reply is not HTTP", {});
    reply = problem(500);
    head = reply_head(reply);
  }
  const bool has_body = reply.status != 204 && reply.status != 304;
  if (has_body) {
    head.value().append("content-length: ").append(std::to_string(reply.body.size()));
    head.value().append("\r\n");
  }
  head.value().append(keeps_alive ? "connection: keep-alive\r\n\r\n" : "connection: close\r\n\r\n");
  const bool sends_body = has_body && !is_head;
  due_after(service_.options.timeouts.write);
  co_return co_await write_all(head.value(), sends_body ? reply.body : std::string_view{});
}

asio::awaitable<bool> HttpConnection::write_all(std::string_view head, std::string_view body) {
  std::size_t written = 0;
  while (!head.empty() || !body.empty()) {
    const std::array buffers{asio::buffer(head), asio::buffer(body)};
    const auto [failure, count] = co_await stream_.async_write_some(buffers, as_result);
    if (failure || was_late()) co_return false;
    const std::size_t of_head = std::min(count, head.size());
    head.remove_prefix(of_head);
    body.remove_prefix(count - of_head);
    written += count;
    due_after(service_.options.timeouts.write, written);
  }
  never_due();
  co_return true;
}

asio::awaitable<HttpConnection::After> HttpConnection::start_web_socket(HttpRequest request,
                                                                        std::string subprotocol) {
  bool is_offered = subprotocol.empty();
  for (const auto& header : request.headers.list) {
    is_offered |=
        header.name == "sec-websocket-protocol" && list_contains(header.value, subprotocol);
  }
  // A client waits for 101 before it sends more (RFC 6455 section 4.1).
  const bool is_nonce = is_web_socket_key(request.headers.find("sec-websocket-key").value_or(""));
  if (!is_offered || !is_nonce || !input_.empty() || stream_.has_pending()) {
    const Arrival refused = co_await refuse(400);
    co_return refused == Arrival::gone ? After::vanish : After::hang_up;
  }
  let_go(input_);
  web_socket_ = BeastWebSocket::make(std::move(stream_),
                                     {peer_, std::move(subprotocol), service_.options.web_socket});
  const bool is_accepted = co_await BeastWebSocket::accept(web_socket_, request);
  if (!is_accepted) co_return After::hang_up;
  upgrade_request_ = std::make_unique<HttpRequest>(std::move(request));
  co_return After::web_socket;
}

asio::awaitable<void> HttpConnection::run_web_socket() {
  HttpRequest request = std::move(*upgrade_request_);
  upgrade_request_.reset();
  try {
    co_await service_.options.upgrade(std::move(request),
                                      std::make_unique<BeastWebSocket>(web_socket_));
  } catch (const std::exception& problem) {
    service_.log.error("a WebSocket handler threw", {{"what", problem.what()}});
  }
}

asio::awaitable<void> HttpConnection::hang_up() {
  SocketStream& last = stream();
  last.end_sending();
  due_after(service_.options.timeouts.drain);
  Bytes drained(read_bytes_max, '\0');
  std::size_t total = 0;
  while (last.is_open() && total < drained_bytes_max && !was_late()) {
    const auto [failure, count] = co_await last.async_read_some(asio::buffer(drained), as_result);
    if (failure) break;
    total += count;
  }
}

}  // namespace cpc::federation
