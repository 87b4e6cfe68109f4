#include "federation/beast_http_link.h"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "core/base/counted.h"
#include "federation/as_result.h"
#include "federation/connection_pool.h"
#include "federation/deadline.h"
#include "federation/dialer.h"
#include "federation/http_grammar.h"
#include "federation/http_parser.h"

namespace cpc::federation {
namespace {

namespace asio = boost::asio;

constexpr std::size_t read_bytes_max = 16 * 1024;

/// What the link itself says: nobody may ask for compression, or name another host.
bool is_for_the_link(const HttpHeader& header) {
  return header.name == "accept-encoding" || header.name == "host";
}

Result<Bytes> head_of(const LinkTarget& target, const HttpRequest& request) {
  HttpRequest bare{request.method, request.path, request.query, {}, {}};
  bare.headers.list.push_back({"host", target.peer.text()});
  for (const auto& header : request.headers.list) {
    if (!is_for_the_link(header)) bare.headers.list.push_back(header);
  }
  CPC_TRY(Bytes head, request_head(bare));
  if (!request.body.empty() || (request.method != "GET" && request.method != "HEAD")) {
    head.append("content-length: ").append(std::to_string(request.body.size())).append("\r\n");
  }
  head.append("\r\n");
  return head;
}

Error broken() {
  return fail(ErrorCode::unavailable, "the connection to the peer broke");
}

Error explain(HttpFault fault) {
  return fault == HttpFault::body_too_large
             ? fail(ErrorCode::too_large, "the peer's reply is over the limit")
             : fail(ErrorCode::invalid, "the peer's reply is not HTTP as we take it");
}

/// What a request came to on one connection.
struct Conversation {
  Result<HttpReply> reply = broken();
  bool has_begun = false;    ///< At least one octet of a reply came.
  bool keeps_alive = false;  ///< The connection is good for another request.
};

/// What goes out and what may come back.
struct Exchange {
  Bytes head;
  Bytes body;
  bool is_head;
  LinkLimits limits;
};

asio::awaitable<bool> write_all(SocketStream& stream, const Exchange& exchange) {
  std::string_view head = exchange.head;
  std::string_view body = exchange.body;
  while (!head.empty() || !body.empty()) {
    const std::array buffers{asio::buffer(head), asio::buffer(body)};
    const auto [failure, count] = co_await stream.async_write_some(buffers, as_result);
    if (failure) co_return false;
    const std::size_t of_head = std::min(count, head.size());
    head.remove_prefix(of_head);
    body.remove_prefix(count - of_head);
  }
  co_return true;
}

asio::awaitable<Conversation> converse(SocketStream& stream, const Exchange& exchange,
                                       HttpHeadLimits head_limits) {
  Conversation outcome;
  // Who refuses a request may hang up before it is all there: its reply may still be read.
  const bool is_written = co_await write_all(stream, exchange);
  HttpReplyParser parser{head_limits, exchange.limits.reply_bytes_max, exchange.is_head};
  Bytes input;
  Reading reading = Reading::more;
  while (reading == Reading::more) {
    const std::size_t before = input.size();
    input.resize(before + read_bytes_max);
    const auto room = asio::buffer(input.data() + before, read_bytes_max);
    const auto [failure, count] = co_await stream.async_read_some(room, as_result);
    input.resize(before + count);
    outcome.has_begun |= count > 0;
    if (failure) {
      const bool is_in_order = failure == asio::error::eof;
      if (!is_in_order || parser.end() != Reading::message) co_return outcome;
      reading = Reading::message;
    } else {
      reading = parser.advance(input);
    }
  }
  if (reading == Reading::refused) {
    outcome.reply = explain(parser.fault());
    co_return outcome;
  }
  outcome.keeps_alive = is_written && input.empty() && parser.keeps_alive() && stream.is_open();
  outcome.reply = parser.take_reply();
  co_return outcome;
}

}  // namespace

class BeastHttpLink::State {
 public:
  State(asio::any_io_executor executor, routing::AddressPolicy policy, BeastHttpLinkOptions options)
      : executor_(std::move(executor)),
        policy_(std::move(policy)),
        options_(options),
        dialer_(executor_, policy_, options_),
        pool_(options.idle_connections_per_peer_max, options.idle_connections_max) {}

  [[nodiscard]] Task<HttpReply> exchange(LinkTarget target, HttpRequest request, LinkLimits limits);
  [[nodiscard]] std::size_t idle_connections() const { return pool_.size(); }
  void close_idle() {
    pool_.close_older(std::chrono::steady_clock::time_point::max());
    eviction_.reset();
  }

 private:
  [[nodiscard]] Task<HttpReply> run(Attempt& attempt, const LinkTarget& target,
                                    const Exchange& exchange);
  [[nodiscard]] asio::awaitable<Conversation> talk(Attempt& attempt, const Exchange& exchange);
  [[nodiscard]] std::unique_ptr<PeerConnection> take_idle(const LinkTarget& target);
  void watch_idle();

  asio::any_io_executor executor_;
  routing::AddressPolicy policy_;
  BeastHttpLinkOptions options_;
  Dialer dialer_;
  ConnectionPool pool_;
  std::size_t exchanges_ = 0;
  std::unique_ptr<Deadline> eviction_;  ///< Only while something is idle.
};

std::unique_ptr<PeerConnection> BeastHttpLink::State::take_idle(const LinkTarget& target) {
  for (const auto& endpoint : target.endpoints) {
    auto taken = pool_.take({target.peer, endpoint, target.tls_pins});
    if (taken != nullptr) return taken;
  }
  return nullptr;
}

/// Closes what has been idle for too long, and comes back when the next one has.
void BeastHttpLink::State::watch_idle() {
  const auto now = std::chrono::steady_clock::now();
  pool_.close_older(now - options_.idle_timeout);
  eviction_.reset();
  const auto oldest = pool_.oldest();
  if (!oldest) return;
  const auto due =
      std::chrono::ceil<std::chrono::milliseconds>(*oldest + options_.idle_timeout - now);
  eviction_ = std::make_unique<Deadline>(executor_, due, [this] { watch_idle(); });
}

asio::awaitable<Conversation> BeastHttpLink::State::talk(Attempt& attempt,
                                                         const Exchange& exchange) {
  Conversation outcome = co_await converse(attempt.connection->stream, exchange,
                                           {options_.header_bytes_max, options_.header_count_max});
  auto connection = std::move(attempt.connection);
  if (outcome.keeps_alive) {
    pool_.put(std::move(connection), std::chrono::steady_clock::now());
    if (eviction_ == nullptr) watch_idle();
  } else {
    connection->stream.end_sending();
  }
  co_return outcome;
}

Task<HttpReply> BeastHttpLink::State::run(Attempt& attempt, const LinkTarget& target,
                                          const Exchange& exchange) {
  attempt.connection = take_idle(target);
  if (attempt.connection != nullptr) {
    Conversation outcome = co_await talk(attempt, exchange);
    const bool may_try_again = !outcome.reply && !outcome.has_begun && !attempt.is_over;
    if (!may_try_again) co_return std::move(outcome.reply);
  }
  CPC_CO_TRY(co_await dialer_.dial(attempt, target));
  Conversation outcome = co_await talk(attempt, exchange);
  co_return std::move(outcome.reply);
}

Task<HttpReply> BeastHttpLink::State::exchange(LinkTarget target, HttpRequest request,
                                               LinkLimits limits) {
  if (exchanges_ >= options_.exchanges_max) {
    co_return fail(ErrorCode::unavailable, "too many exchanges at the same time");
  }
  const Counted counted{exchanges_};
  CPC_CO_TRY(Bytes head, head_of(target, request));
  const Exchange exchange{std::move(head), std::move(request.body), request.method == "HEAD",
                          limits};
  Attempt attempt;
  const Deadline deadline{executor_, limits.timeout, [&attempt] {
                            attempt.is_over = true;
                            attempt.interrupt();
                          }};
  co_return co_await run(attempt, target, exchange);
}

BeastHttpLink::BeastHttpLink(asio::any_io_executor executor, routing::AddressPolicy policy,
                             BeastHttpLinkOptions options)
    : state_(std::make_unique<State>(std::move(executor), std::move(policy), options)) {}
BeastHttpLink::~BeastHttpLink() = default;

Task<HttpReply> BeastHttpLink::exchange(LinkTarget target, HttpRequest request, LinkLimits limits) {
  try {
    co_return co_await state_->exchange(std::move(target), std::move(request), limits);
  } catch (const std::exception&) {  // Cancelled between two waits, or out of memory.
    co_return fail(ErrorCode::unavailable, "the exchange was given up");
  }
}

std::size_t BeastHttpLink::idle_connections() const {
  return state_->idle_connections();
}

void BeastHttpLink::close_idle() {
  state_->close_idle();
}

}  // namespace cpc::federation
