// The parts list: the one place where adapters are constructed and handed to each other. Members
// stand in the order in which they are made; later ones refer to earlier ones.
//
// Life: start() opens the store, takes the sockets and starts the loops; stop() ends them in the
// opposite order: no new work, requests in flight finish, loops end, the store commits what waits.
#pragma once

#include <memory>

#include "daemon/admin_server.h"
#include "daemon/api/client_server.h"
#include "daemon/key_keeper.h"
#include "daemon/log_sink.h"
#include "daemon/system_ports.h"
#include "daemon/threaded_store.h"
#include "daemon/worker_pool.h"
#include "federation/beast_http_link.h"
#include "federation/directory_server.h"
#include "federation/federation_server.h"
#include "federation/head_exchange.h"
#include "federation/peer_exchange.h"
#include "federation/signing_loop.h"
#include "routing/ares_resolver.h"
#include "routing/delivery_loop.h"

namespace cpc::daemon {

/// One running instance. Network thread only.
class Parts {
 public:
  /// `fenced_off` is called when another daemon took over the store. Fails with the reason for the
  /// operator; then nothing runs and nothing was sent.
  [[nodiscard]] static Task<std::unique_ptr<Parts>> start(const Config& config, Log& log,
                                                          std::function<void()> fenced_off);
  /// At most `grace` for requests in flight.
  [[nodiscard]] boost::asio::awaitable<void> stop(std::chrono::milliseconds grace);

  /// Reads the certificate for clients and its key again, for new connections; open ones live on. A
  /// pair that cannot be used is told in the log, and the old one stays in force.
  void renew_client_tls();

  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;
  ~Parts();

 private:
  Parts(const boost::asio::any_io_executor& network, const Config& config, Log& log, Keys keys,
        std::unique_ptr<store::Store> store);
  [[nodiscard]] Task<> open(std::function<void()> fenced_off);
  [[nodiscard]] Result<> listen();
  [[nodiscard]] Result<> listen_to_peers();
  [[nodiscard]] Result<> listen_to_clients();
  [[nodiscard]] Result<> listen_to_operator();
  void start_loops();
  void sign_owed_anew() { resigning_.notify(); }
  [[nodiscard]] Task<> greet(core::InstanceName peer);
  [[nodiscard]] Task<Bytes> introduction(core::InstanceName peer, core::InstanceName name);

  boost::asio::any_io_executor network_;
  const Config config_;
  Log& log_;
  Keys keys_;
  std::unique_ptr<store::Store> opened_;
  core::Home home_;
  SystemTimers timers_;
  SystemRandom random_;
  TimePoint started_at_;
  WorkerPool pool_;
  PasswordThread passwords_;
  routing::WakeUps wake_ups_;
  routing::PeerHealth health_;
  routing::TaskGroup tasks_;
  std::unique_ptr<ThreadedStoreGate> store_;
  std::unique_ptr<federation::BeastHttpLink> link_;
  std::unique_ptr<routing::AresResolver> resolver_;  ///< None if DNS is not asked.
  std::unique_ptr<federation::PeerDirectory> directory_;
  std::unique_ptr<federation::DirectoryBook> directories_;
  std::unique_ptr<federation::DirectoryServer> directory_server_;
  std::unique_ptr<federation::OwnDocument> document_;
  std::unique_ptr<KeyKeeper> keeper_;
  std::unique_ptr<federation::HttpPeerExchange> exchange_;
  std::unique_ptr<federation::FederationServer> federation_;
  std::unique_ptr<federation::LoopParts> loops_;
  routing::Signal resigning_;
  std::unique_ptr<routing::Delivery> delivery_;
  std::unique_ptr<routing::DeliveryLoops> deliveries_;
  std::unique_ptr<federation::HttpHeadExchange> head_exchange_;
  std::unique_ptr<routing::HeadParts> heads_;
  std::unique_ptr<routing::HeadLoops> head_loops_;
  std::unique_ptr<graphql::Engine> engine_;
  std::unique_ptr<api::ApiParts> api_;
  std::unique_ptr<api::ClientServer> clients_;
  std::unique_ptr<AdminServer> admin_;
  std::unique_ptr<federation::HttpServer> federation_http_;
  std::unique_ptr<federation::HttpServer> client_http_;
  std::unique_ptr<federation::HttpServer> admin_http_;
};

}  // namespace cpc::daemon
