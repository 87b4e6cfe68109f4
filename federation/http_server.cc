#include "federation/http_server.h"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <map>
#include <utility>
#include <vector>

#include "federation/as_result.h"
#include "federation/deadline.h"
#include "federation/http_connection.h"
#include "federation/listening_socket.h"
#include "federation/tls_session.h"
#include "routing/task_group.h"

namespace cpc::federation {
namespace {

namespace asio = boost::asio;

/// How late a time-out may strike.
constexpr auto sweep_interval = std::chrono::milliseconds{200};
/// After the system had no descriptor or memory for another connection.
constexpr auto pause_when_short = std::chrono::milliseconds{100};
/// What strangers cause is told no more often.
constexpr auto line_interval = std::chrono::minutes{1};

using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;

}  // namespace

class HttpServer::State {
 public:
  State(const asio::any_io_executor& executor, HttpServerOptions options, HttpHandler handler,
        Log& log)
      : service_{std::move(options), std::move(handler), log},
        executor_(executor),
        acceptor_(executor),
        handshakes_(service_.options.handshakes_per_address),
        tasks_(executor, log),
        bell_(executor) {}

  [[nodiscard]] Result<> start();
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::size_t connections() const { return connections_.size(); }
  [[nodiscard]] Result<> use_identity(const TlsIdentity& identity);
  void bound_handshakes(HandshakeRate rate) { handshakes_.use(rate); }
  [[nodiscard]] asio::awaitable<void> stop(std::chrono::milliseconds grace);

 private:
  using Connections = std::list<std::shared_ptr<HttpConnection>>;

  /// Keeps the books of one connection for as long as it lives.
  struct Listed {
    Listed(State& to, std::shared_ptr<HttpConnection> connection)
        : state(to), place(to.connections_.insert(to.connections_.end(), std::move(connection))) {
      ++state.per_address_[(*place)->peer().address];
    }
    Listed(const Listed&) = delete;
    Listed& operator=(const Listed&) = delete;
    ~Listed() {
      const auto address = state.per_address_.find((*place)->peer().address);
      if (--address->second == 0) state.per_address_.erase(address);
      state.connections_.erase(place);
      if (state.connections_.empty()) state.bell_.cancel();
    }
    State& state;
    Connections::iterator place;
  };

  [[nodiscard]] asio::awaitable<void> accept_all();
  void take(asio::generic::stream_protocol::socket socket);
  [[nodiscard]] asio::awaitable<void> run(std::unique_ptr<Listed> listed);
  [[nodiscard]] asio::awaitable<void> sweep();
  [[nodiscard]] bool has_room_for(const PeerInfo& peer) const;
  [[nodiscard]] bool may_shake_hands(const PeerInfo& peer);
  void cut_all();

  HttpService service_;
  asio::any_io_executor executor_;
  Acceptor acceptor_;
  std::optional<ListeningSocket> listening_;  ///< Only its file, once the acceptor has the rest.
  std::uint16_t port_ = 0;
  std::optional<TlsContext> tls_;
  Connections connections_;
  std::map<std::string, std::size_t> per_address_;
  HandshakeLimit handshakes_;
  std::int64_t handshakes_refused_ = 0;  ///< Since the log was told.
  HttpConnection::Clock::time_point next_line_at_{};
  routing::TaskGroup tasks_;
  asio::steady_timer bell_;  ///< Rings when the last connection is gone.
};

Result<> HttpServer::State::use_identity(const TlsIdentity& identity) {
  const auto* tcp = std::get_if<TcpListener>(&service_.options.listen);
  if (tcp == nullptr || tcp->tls == nullptr) {
    return fail(ErrorCode::invalid, "the listener is plain and has no use for a TLS identity");
  }
  CPC_TRY(tls_, TlsContext::for_server(identity));
  return success();
}

Result<> HttpServer::State::start() {
  auto& listen = service_.options.listen;
  if (auto* tcp = std::get_if<TcpListener>(&listen)) {
    if (tcp->tls != nullptr) {
      CPC_TRY(use_identity(*tcp->tls));
    }
    CPC_TRY(listening_, ListeningSocket::open(*tcp));
  } else {
    CPC_TRY(listening_, ListeningSocket::open(std::get<UnixListener>(listen)));
  }
  port_ = listening_->port();
  boost::system::error_code failure;
  acceptor_.assign({listening_->family(), 0}, listening_->release(), failure);
  if (failure) return fail(ErrorCode::unavailable, "the listening socket cannot be watched");
  tasks_.start("http accept", accept_all());
  tasks_.start("http time-outs", sweep());
  return success();
}

asio::awaitable<void> HttpServer::State::accept_all() {
  bool is_short = false;
  while (acceptor_.is_open()) {
    auto [failure, socket] = co_await acceptor_.async_accept(as_result);
    if (!failure) {
      is_short = false;
      take(std::move(socket));
      continue;
    }
    if (failure == asio::error::operation_aborted || !acceptor_.is_open()) co_return;
    if (failure == asio::error::connection_aborted) continue;
    if (!std::exchange(is_short, true)) {
      service_.log.warn("the system gives no more connections", {{"why", failure.message()}});
    }
    asio::steady_timer pause{executor_, pause_when_short};
    const auto [interrupted] = co_await pause.async_wait(as_result);
    if (interrupted) co_return;
  }
}

bool HttpServer::State::has_room_for(const PeerInfo& peer) const {
  if (connections_.size() >= service_.options.connections_max) return false;
  const std::size_t most = service_.options.connections_per_address_max;
  if (most == 0 || peer.address.empty()) return true;
  const auto found = per_address_.find(peer.address);
  return found == per_address_.end() || found->second < most;
}

bool HttpServer::State::may_shake_hands(const PeerInfo& peer) {
  if (!tls_) return true;
  const auto now = HttpConnection::Clock::now();
  if (handshakes_.take(peer.address, now)) return true;
  ++handshakes_refused_;
  if (now < next_line_at_) return false;
  next_line_at_ = now + line_interval;
  service_.log.warn("an address begins TLS connections too fast; those beyond are closed",
                    {{"port", static_cast<std::int64_t>(port_)},
                     {"closed", std::exchange(handshakes_refused_, 0)}});
  return false;
}

void HttpServer::State::take(asio::generic::stream_protocol::socket socket) {
  PeerInfo peer = peer_of(socket.native_handle());
  if (!has_room_for(peer) || !may_shake_hands(peer)) return;  // Closed with its scope.
  boost::system::error_code ignored;
  if (!peer.process) socket.set_option(asio::ip::tcp::no_delay{true}, ignored);
  std::optional<SocketStream> stream;
  if (tls_) {
    auto session = TlsSession::accept(*tls_, socket.native_handle());
    if (!session) {
      service_.log.error("no TLS session for a connection", {{"why", session.error().detail}});
      return;
    }
    stream.emplace(std::move(socket), std::move(session).value());
  } else {
    stream.emplace(std::move(socket));
  }
  tasks_.start(
      "http connection",
      run(std::make_unique<Listed>(
          *this, std::make_shared<HttpConnection>(*std::move(stream), std::move(peer), service_))));
}

asio::awaitable<void> HttpServer::State::run(std::unique_ptr<Listed> listed) {
  const std::shared_ptr<HttpConnection> connection = *listed->place;
  co_await connection->serve();
}

asio::awaitable<void> HttpServer::State::sweep() {
  asio::steady_timer timer{executor_};
  for (;;) {
    timer.expires_after(sweep_interval);
    const auto [interrupted] = co_await timer.async_wait(as_result);
    if (interrupted) co_return;
    const auto now = HttpConnection::Clock::now();
    for (const auto& connection : connections_) connection->check_due(now);
  }
}

void HttpServer::State::cut_all() {
  for (const auto& connection : connections_) connection->cut();
}

asio::awaitable<void> HttpServer::State::stop(std::chrono::milliseconds grace) {
  service_.is_stopping = true;
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  listening_.reset();
  const std::vector open(connections_.begin(), connections_.end());
  for (const auto& connection : open) {
    if (connection->is_idle()) connection->cut();
    if (connection->web_socket()) {
      tasks_.start("web socket close",
                   BeastWebSocket::close_core(connection->web_socket(), close_code::service_restart,
                                              "restarting"));
    }
  }
  {
    const Deadline deadline{executor_, grace, [this] { bell_.cancel(); }};
    bell_.expires_at(asio::steady_timer::time_point::max());
    while (!connections_.empty() && !deadline.has_struck()) {
      (void)co_await bell_.async_wait(as_result);
    }
  }
  cut_all();
  tasks_.stop();
  co_await tasks_.wait();
}

HttpServer::HttpServer(const asio::any_io_executor& executor, HttpServerOptions options,
                       HttpHandler handler, Log& log)
    : state_(std::make_unique<State>(executor, std::move(options), std::move(handler), log)) {}
HttpServer::~HttpServer() = default;

Result<> HttpServer::start() {
  return state_->start();
}
std::uint16_t HttpServer::port() const {
  return state_->port();
}
std::size_t HttpServer::connections() const {
  return state_->connections();
}
Result<> HttpServer::use_identity(const TlsIdentity& identity) {
  return state_->use_identity(identity);
}
void HttpServer::bound_handshakes(HandshakeRate rate) {
  state_->bound_handshakes(rate);
}
asio::awaitable<void> HttpServer::stop(std::chrono::milliseconds grace) {
  return state_->stop(grace);
}

}  // namespace cpc::federation
