#include "daemon/parts.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <thread>

#include "daemon/api/client_api.h"
#include "daemon/client_tls.h"
#include "daemon/opened_store.h"
#include "federation/resigning_loop.h"
#include "store/migrator.h"

namespace cpc::daemon {
namespace {

std::size_t crypto_threads() {
  const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
  return std::max<std::size_t>(1, cores - 1);
}

std::vector<federation::StaticPeer> static_peers(const Config& config) {
  std::vector<federation::StaticPeer> peers;
  for (const PeerConfig& peer : config.peers) {
    peers.push_back({peer.name, peer.iid, peer.endpoints});
  }
  return peers;
}

federation::TrustPolicy trust_policy(const Config& config) {
  federation::TrustPolicy policy;
  policy.min = config.trust.min;
  policy.tofu = config.trust.tofu;
  policy.is_dns_trusted = config.dns.trust_ad;
  policy.introducers = config.trust.introducers;
  policy.allow.insert(config.trust.allow.begin(), config.trust.allow.end());
  policy.block.insert(config.trust.block.begin(), config.trust.block.end());
  return policy;
}

core::DeliveryLimits delivery_limits(const FederationConfig& config) {
  core::DeliveryLimits limits;
  limits.entries_max = config.transaction_entries_max;
  limits.bytes_max = federation::delivery_bytes_max(config.transaction_bytes_max);
  limits.inbox_frames_max = static_cast<std::int64_t>(config.inbox_frames_max);
  return limits;
}

routing::DeliverySettings delivery_settings(const Config& config) {
  routing::DeliverySettings settings;
  settings.limits = delivery_limits(config.federation);
  for (const PeerConfig& peer : config.peers) settings.configured.push_back(peer.name);
  settings.delivery_max = config.federation.request_timeout + std::chrono::seconds{30};
  return settings;
}

routing::DnsSettings dns_settings(const DnsConfig& config) {
  routing::DnsSettings settings;
  settings.resolvers = config.resolvers;
  settings.suffix = config.suffix;
  settings.trust_ad = config.trust_ad;
  return settings;
}

void warn_of(const federation::TlsIdentity& client_tls, TimePoint now, Log& log) {
  for (const std::string& warning : client_tls_warnings(client_tls, now)) {
    log.warn("the certificate for clients is served and deserves a look", {{"reason", warning}});
  }
}

// A server that could not start must not be stopped either.
Result<> start_or_drop(std::unique_ptr<federation::HttpServer>& server) {
  Result<> started = server->start();
  if (!started) server.reset();
  return started;
}

}  // namespace

Parts::Parts(const boost::asio::any_io_executor& network, const Config& config, Log& log, Keys keys,
             std::unique_ptr<store::Store> store)
    : network_(network),
      config_(config),
      log_(log),
      keys_(std::move(keys)),
      opened_(std::move(store)),
      home_{config.instance, keys_.keyring.iid(), opened_->ownership().store_epoch,
            opened_->ownership().boot_counter, keys_.master},
      started_at_(timers_.now()),
      pool_(crypto_threads()),
      tasks_(network, log),
      resigning_(network) {}

Parts::~Parts() = default;

Task<std::unique_ptr<Parts>> Parts::start(const Config& config, Log& log,
                                          std::function<void()> fenced_off) {
  const TimePoint now = SystemTimers{}.now();
  CPC_CO_TRY(Keys keys, load_keys(config, now));
  CPC_CO_TRY(auto store, open_store(config, keys, now));
  const auto network = co_await boost::asio::this_coro::executor;
  if (keys.client_tls) warn_of(*keys.client_tls, now, log);
  std::unique_ptr<Parts> parts{new Parts{network, config, log, std::move(keys), std::move(store)}};
  const Result<> opened = co_await parts->open(std::move(fenced_off));
  if (opened) co_return parts;
  co_await parts->stop(Milliseconds{0});
  co_return opened.error();
}

Task<> Parts::open(std::function<void()> fenced_off) {
  if (opened_->ownership().is_restored) {
    log_.warn("the store may be an older copy; it starts a new epoch", {});
  }
  CPC_CO_TRY(store_,
             ThreadedStoreGate::open(*opened_, network_, wake_ups_, log_, std::move(fenced_off)));
  link_ = std::make_unique<federation::BeastHttpLink>(
      network_, routing::AddressPolicy{config_.federation.allow_addresses},
      federation::BeastHttpLinkOptions{});
  if (!config_.dns.resolvers.empty()) {
    CPC_CO_TRY(resolver_,
               routing::AresResolver::open(network_, dns_settings(config_.dns), timers_, random_));
  }
  const auto word_on = [this](const core::InstanceName& name) {
    return directories_->word_on(name);
  };
  const auto introduce = [this](core::InstanceName peer, core::InstanceName name) {
    return introduction(std::move(peer), std::move(name));
  };
  federation::PeerDirectory::Settings peering{home_, static_peers(config_), trust_policy(config_),
                                              word_on, introduce};
  directory_ = std::make_unique<federation::PeerDirectory>(std::move(peering), *link_, *store_,
                                                           timers_, log_, resolver_.get());
  directories_ = std::make_unique<federation::DirectoryBook>(federation::DirectoryBook::Parts{
      *link_, *store_, timers_, pool_, log_,
      [this](core::InstanceName name) { return directory_->target_of(std::move(name)); }});
  CPC_CO_TRY(co_await directories_->load());
  directory_server_ = std::make_unique<federation::DirectoryServer>(*directories_, timers_);
  federation::OwnDocument::Settings settings;
  settings.endpoints = config_.federation.endpoints;
  settings.tls_pins.push_back(keys_.tls.pin());
  settings.transaction_bytes_max = config_.federation.transaction_bytes_max;
  settings.transaction_entries_max = config_.federation.transaction_entries_max;
  settings.renew_delegation = [this](TimePoint now) { return keeper_->renew_delegation(now); };
  document_ = std::make_unique<federation::OwnDocument>(home_, keys_.keyring, *store_, timers_,
                                                        std::move(settings));
  keeper_ = std::make_unique<KeyKeeper>(KeyKeeper::Parts{
      config_, keys_, *document_, *store_, timers_, random_, log_, [this] { sign_owed_anew(); }});
  CPC_CO_TRY(co_await keeper_->begin());
  CPC_CO_TRY(engine_, api::make_client_engine(log_));
  CPC_CO_TRY(listen());
  start_loops();
  log_.info("ready", {{"instance", home_.name.text()},
                      {"iid", to_text(home_.iid)},
                      {"client", std::to_string(client_http_->port())},
                      {"federation", std::to_string(federation_http_->port())}});
  co_return success();
}

Result<> Parts::listen() {
  CPC_TRY(listen_to_peers());
  CPC_TRY(listen_to_clients());
  return listen_to_operator();
}

Result<> Parts::listen_to_peers() {
  federation_ = std::make_unique<federation::FederationServer>(federation::FederationServer::Parts{
      home_, keys_.keyring, *directory_, *document_, *store_, timers_, random_, pool_, log_,
      delivery_limits(config_.federation),
      [this](const core::InstanceName& peer) { health_.saw_inbound(peer, timers_.instant()); },
      config_.federation.sealing,
      [this](const core::InstanceName& copy, std::vector<core::HeadFinding> findings) {
        if (head_loops_) head_loops_->found_as_hub(copy, std::move(findings));
      },
      [this](const core::InstanceName& hub, const core::WireId& log) {
        if (head_loops_) head_loops_->pull(hub, log);
      },
      config_.trust.introduce});
  federation::HttpServerOptions federation_options;
  federation_options.listen = federation::TcpListener{config_.federation.listen.address.to_string(),
                                                      config_.federation.listen.port, &keys_.tls};
  federation_options.body_bytes_max = config_.federation.transaction_bytes_max;
  federation_options.body_bytes_max_for = [this](const federation::HttpRequest& head) {
    return federation::federation_body_bytes_max(head, config_.federation.transaction_bytes_max);
  };
  federation_options.connections_max = config_.federation.connections_max;
  federation_options.connections_per_address_max = config_.federation.connections_per_address_max;
  federation_http_ = std::make_unique<federation::HttpServer>(
      network_, federation_options,
      [this](federation::HttpRequest request, const federation::PeerInfo& peer) {
        if (federation::DirectoryServer::serves(request.path)) {
          return directory_server_->handle(std::move(request), peer.address);
        }
        return federation_->handle(std::move(request));
      },
      log_);
  return start_or_drop(federation_http_);
}

Result<> Parts::listen_to_clients() {
  const auto hash = [this](std::function<void()> work) { return passwords_.run(std::move(work)); };
  api_ = std::make_unique<api::ApiParts>(api::ApiParts{
      home_, keys_.keyring, *store_, timers_, random_, pool_, hash, wake_ups_, health_, log_,
      api::ApiSettings{config_.client.access_token_lifetime, config_.client.events_per_page_max,
                       config_.client.behind_proxy},
      api::RateLimit{config_.client.sign_ins_per_minute},
      api::RateLimit{config_.client.sign_ins_per_minute}});
  clients_ = std::make_unique<api::ClientServer>(*api_, *engine_);
  federation::HttpServerOptions client_options;
  const auto* tls = keys_.client_tls ? &*keys_.client_tls : nullptr;
  client_options.listen = federation::TcpListener{config_.client.listen.address.to_string(),
                                                  config_.client.listen.port, tls};
  client_options.body_bytes_max = config_.client.request_bytes_max;
  client_options.connections_max = config_.client.connections_max;
  if (!config_.client.behind_proxy) {
    client_options.connections_per_address_max = config_.client.connections_per_address_max;
    if (tls != nullptr) client_options.handshakes_per_address = client_handshakes(*tls);
  }
  client_options.take_upgrade = [this](const auto& request, const auto& peer) {
    return clients_->take_upgrade(request, peer);
  };
  client_options.upgrade = [this](federation::HttpRequest request,
                                  std::unique_ptr<federation::WebSocket> socket) {
    return clients_->serve(std::move(request), std::move(socket));
  };
  client_http_ = std::make_unique<federation::HttpServer>(
      network_, client_options,
      [this](federation::HttpRequest request, federation::PeerInfo peer) {
        return clients_->handle(std::move(request), std::move(peer));
      },
      log_);
  return start_or_drop(client_http_);
}

void Parts::renew_client_tls() {
  if (!keys_.client_tls) {
    log_.info("there is no certificate for clients to read again", {});
    return;
  }
  const auto renewed = load_client_tls(config_.client);
  const Result<> used = renewed ? client_http_->use_identity(*renewed.value()) : renewed.error();
  if (!used) {
    log_.error("the new certificate for clients cannot be used; the old one stays in force",
               {{"reason", used.error().detail}});
    return;
  }
  if (!config_.client.behind_proxy) {
    client_http_->bound_handshakes(client_handshakes(*renewed.value()));
  }
  log_.info("the certificate for clients was read again", {});
  warn_of(*renewed.value(), timers_.now(), log_);
}

Result<> Parts::listen_to_operator() {
  const auto hash = [this](std::function<void()> work) { return passwords_.run(std::move(work)); };
  const auto where = [this] {
    ListenAddress client = config_.client.listen;
    client.port = client_http_->port();
    ListenAddress federation = config_.federation.listen;
    federation.port = federation_http_->port();
    return admin_protocol::Listeners{client.text(), federation.text()};
  };
  const store::Facts facts = opened_->facts();
  const admin_protocol::StoreStatus store_status{
      facts.engine,         facts.place,        store::known_migrations().back().number,
      to_text(home_.epoch), home_.boot_counter, facts.durability};
  admin_ = std::make_unique<AdminServer>(AdminServer::Parts{
      config_, home_, store_status, *store_, timers_, random_, health_, *directory_, hash, where,
      started_at_, log_, [this] { return store_->failure(); }, resolver_.get(), *keeper_,

      [this](core::InstanceName peer) { return greet(std::move(peer)); }, pool_, *directories_});
  federation::HttpServerOptions admin_options;
  admin_options.listen = federation::UnixListener{config_.admin.socket, 0660};
  admin_options.connections_max = 32;
  admin_http_ = std::make_unique<federation::HttpServer>(
      network_, admin_options,
      [this](federation::HttpRequest request, federation::PeerInfo peer) {
        return admin_->handle(std::move(request), std::move(peer));
      },
      log_);
  return start_or_drop(admin_http_);
}

// The operator may ask before the loops run: the admin socket listens first.
Task<> Parts::greet(core::InstanceName peer) {
  if (!exchange_) co_return fail(ErrorCode::unavailable, "the instance is still starting");
  co_return co_await exchange_->greet(std::move(peer));
}

Task<Bytes> Parts::introduction(core::InstanceName peer, core::InstanceName name) {
  if (!exchange_) co_return fail(ErrorCode::unavailable, "the instance is still starting");
  co_return co_await exchange_->introduction(std::move(peer), std::move(name));
}

void Parts::start_loops() {
  exchange_ = std::make_unique<federation::HttpPeerExchange>(federation::HttpPeerExchange::Parts{
      home_, keys_.keyring, *directory_, *link_, *store_, timers_, random_, pool_,
      config_.federation.request_timeout, *document_, health_, config_.federation.sealing,
      [this] { sign_owed_anew(); }});
  loops_ = std::make_unique<federation::LoopParts>(federation::LoopParts{
      home_, keys_.keyring, *store_, timers_, random_, pool_, wake_ups_, log_});
  delivery_ = std::make_unique<routing::Delivery>(
      routing::Delivery{*store_, *exchange_, timers_, random_, wake_ups_, health_, log_, home_,
                        tasks_, delivery_settings(config_)});
  deliveries_ = std::make_unique<routing::DeliveryLoops>(network_, *delivery_);
  head_exchange_ = std::make_unique<federation::HttpHeadExchange>(
      federation::HttpHeadExchange::Parts{home_, keys_.keyring, *directory_, *exchange_, timers_,
                                          pool_, core::DeliveryLimits{}.entries_max});
  heads_ = std::make_unique<routing::HeadParts>(
      routing::HeadParts{*store_, *head_exchange_, timers_, random_, log_, home_, tasks_, {}});
  head_loops_ = std::make_unique<routing::HeadLoops>(network_, *heads_);
  directory_->on_new_life(
      [this](const core::InstanceName& peer) { head_loops_->compare_all(peer); });
  tasks_.start("keys", keeper_->run());
  tasks_.start("signing loop", federation::run_signing_loop(*loops_));
  tasks_.start("signing anew", federation::run_resigning_loop(*loops_, resigning_));
  tasks_.start("inbox loop", federation::run_inbox_loop(*loops_));
  tasks_.start("expiry loop", federation::run_expiry_loop(*loops_));
  tasks_.start("directories", directories_->run());
  tasks_.start("document renewal", document_->run(log_));
  deliveries_->start();
  head_loops_->start();
}

boost::asio::awaitable<void> Parts::stop(std::chrono::milliseconds grace) {
  const auto stop_one = [grace](federation::HttpServer* server) -> boost::asio::awaitable<void> {
    if (server != nullptr) co_await server->stop(grace);
  };
  // NOLINTNEXTLINE(google-build-using-namespace): operators have no names.
  using namespace boost::asio::experimental::awaitable_operators;
  co_await (stop_one(client_http_.get()) && stop_one(admin_http_.get()) &&
            stop_one(federation_http_.get()));
  tasks_.stop();
  co_await tasks_.wait();
  if (link_) link_->close_idle();
  if (store_) store_->stop();
  passwords_.stop();
  pool_.stop();
}

}  // namespace cpc::daemon
