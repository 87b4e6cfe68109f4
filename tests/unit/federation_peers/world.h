// Instances that talk over a network of function calls, in virtual time: real documents,
// signatures, directory, exchange and server over a store in memory each. A test sets clocks,
// breaks connections, changes TLS keys and counts who knocked where.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "federation/federation_server.h"
#include "federation/peer_exchange.h"
#include "tests/support/document_draft.h"
#include "tests/support/kept_log.h"
#include "tests/support/keyring.h"
#include "tests/support/memory_store.h"
#include "tests/support/two_instances.h"
#include "tests/support/virtual_timers.h"

namespace cpc::tests {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using federation::Asker;

/// The world's time, read from a wall clock that may be wrong.
class SkewedTimers final : public routing::Timers {
 public:
  explicit SkewedTimers(VirtualTimers& world) : world_(world) {}
  Milliseconds skew{};
  [[nodiscard]] TimePoint now() const override { return world_.now() + skew; }
  [[nodiscard]] routing::SteadyPoint steady_now() const override { return world_.steady_now(); }
  [[nodiscard]] asio::awaitable<void> sleep_until(routing::SteadyPoint due_at) override {
    return world_.sleep_until(due_at);
  }

 private:
  VirtualTimers& world_;
};

/// Runs closures at once.
class InlineGate final : public routing::StoreGate {
 public:
  MemoryStore store;
  int failures = 0;  ///< So many calls from now on fail.
  int reads = 0;
  Task<> transact(core::Keys, core::Closure closure) override {
    if (failures > 0 && failures-- > 0) co_return fail(ErrorCode::unavailable, "the disk is gone");
    const auto committed = store.transact(closure);
    if (!committed) co_return committed.error();
    co_return success();
  }
  Task<> read(std::function<Result<>(core::Snapshot&)> look) override {
    ++reads;
    const auto snapshot = snapshot_of(store);
    co_return look(*snapshot);
  }
};

class InlinePool final : public routing::CryptoPool {
 public:
  asio::awaitable<void> run(std::function<void()> work) override {
    work();
    co_return;
  }
};

class CountedRandom final : public routing::Random {
 public:
  Bytes bytes(std::size_t count) override {
    return hash_of("drawn " + std::to_string(++drawn_)).substr(0, count);
  }

 private:
  int drawn_ = 0;
};

/// What answers under one name.
struct Host {
  std::function<asio::awaitable<federation::HttpReply>(federation::HttpRequest)> answer;
  Digest tls_key;
  bool is_up = true;
  bool sends_twice = false;  ///< The next request but for the document arrives twice.
  Milliseconds latency{20};
  int fetches = 0;   ///< Of the document, tries included.
  int requests = 0;  ///< Others that arrived.
  federation::HttpRequest last;
  std::vector<routing::Endpoint> endpoints;  ///< Where the last try went.
};

class Network final : public federation::HttpLink {
 public:
  explicit Network(VirtualTimers& timers) : timers_(timers) {}
  std::map<core::InstanceName, Host> hosts;
  int under_way = 0;

  Task<federation::HttpReply> exchange(federation::LinkTarget target,
                                       federation::HttpRequest request,
                                       federation::LinkLimits) override {
    Host& host = hosts[target.peer];
    host.endpoints = target.endpoints;
    const bool is_fetch = request.path == federation::document_path;
    host.fetches += is_fetch ? 1 : 0;
    ++under_way;
    const routing::SteadyPoint due = timers_.steady_now() + host.latency;
    co_await timers_.sleep_until(due);
    --under_way;
    const bool is_arrived = host.is_up && timers_.steady_now() >= due;
    if (!is_arrived) co_return fail(ErrorCode::unavailable, "no endpoint of the peer answers");
    const auto& pins = target.tls_pins;
    if (!pins.empty() && std::ranges::find(pins, host.tls_key) == pins.end()) {
      co_return fail(ErrorCode::denied, "the peer shows a key that is not pinned");
    }
    if (is_fetch) co_return co_await host.answer(std::move(request));
    host.last = request;
    if (std::exchange(host.sends_twice, false)) {
      ++host.requests;
      static_cast<void>(co_await host.answer(request));
    }
    ++host.requests;
    co_return co_await host.answer(std::move(request));
  }

 private:
  VirtualTimers& timers_;
};

/// One instance: what survives its end, and how it lives again.
class Side {
 public:
  Side(const std::string& name, VirtualTimers& world, Network& net)
      : timers(world),
        network(net),
        keys(keyring_of(instance_name(name), key(name + "/root"), key(name + "/signing"),
                        world.now())),
        home{instance_name(name), keys.iid(), id_of<core::StoreEpoch>(name), 1, master_} {
    network.hosts[home.name].tls_key = id_of<Digest>(name + "/tls");
    settings.endpoints.push_back(routing::Endpoint::parse(name.substr(0, 1) + ".test:1").value());
    settings.transaction_bytes_max = 1024 * 1024;
    settings.transaction_entries_max = 500;
    make_sealing_key("first");
  }
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;
  ~Side() = default;

  [[nodiscard]] static crypto::SigningKey key(const std::string& label) {
    return crypto::SigningKey::from_seed(id_of<crypto::Seed>(label));
  }
  [[nodiscard]] crypto::SigningKey root() const { return key(home.name.text() + "/root"); }
  [[nodiscard]] crypto::SigningKey signing() const { return key(home.name.text() + "/signing"); }
  /// A document of ours issued now, with serials above all that were published.
  [[nodiscard]] DocumentDraft draft() const {
    DocumentDraft made = document_draft(home.name, root(), signing(), timers.now());
    made.delegation.serial = made.operational.serial = document->serial() + 100;
    made.operational.endpoints = settings.endpoints;
    made.operational.tls_pins = settings.tls_pins;
    return made;
  }
  /// Later ones are newer.
  crypto::KeyId make_sealing_key(const std::string& label) {
    keys.sealing.add(
        crypto::SealingKey::from_private(id_of<crypto::Seed>(home.name.text() + label)),
        timers.now());
    return keys.sealing.newest()->id();
  }
  [[nodiscard]] Host& host() const { return network.hosts.at(home.name); }
  [[nodiscard]] federation::StaticPeer as_peer() const {
    return {home.name, home.iid, settings.endpoints};
  }

  SkewedTimers timers;
  Network& network;
  federation::Keyring keys;
  core::Home home;
  federation::OwnDocument::Settings settings;
  InlineGate gate;
  InlinePool pool;
  CountedRandom random;
  routing::PeerHealth health;
  KeptLog log;
  routing::Resolver* resolver = nullptr;  ///< Set before begin(), or DNS is not asked.
  federation::TrustPolicy trust;          ///< Likewise.
  /// What signed directories say; likewise.
  std::function<federation::DirectoryWord(const core::InstanceName&)> directories;
  std::unique_ptr<federation::PeerDirectory> directory;
  std::unique_ptr<federation::OwnDocument> document;
  std::unique_ptr<federation::FederationServer> server;
  std::unique_ptr<federation::HttpPeerExchange> exchange;
  std::function<void()> wants_signing;
  bool is_introducing = false;  ///< Set before begin().

  /// As the daemon does where the root key lies in its folder.
  bool renew_delegation(TimePoint now) {
    const TimePoint issued = keys.delegation().issued;
    if (issued <= now + 2min && now < issued + 24h * 180) return false;
    keys.follow(federation::next_delegation({keys.delegation(), {}}, root(), {}, now).value(), {});
    return true;
  }

  /// A life begins. The document is renewed by World::start().
  void begin(const std::vector<federation::StaticPeer>& peers) {
    settings.tls_pins.assign(1, host().tls_key);
    settings.renew_delegation = [this](TimePoint now) { return renew_delegation(now); };
    const auto introduce = [this](core::InstanceName peer, core::InstanceName name) {
      return exchange->introduction(std::move(peer), std::move(name));
    };
    federation::PeerDirectory::Settings peering{home, peers, trust, directories, introduce};
    directory = std::make_unique<federation::PeerDirectory>(std::move(peering), network, gate,
                                                            timers, log, resolver);
    document = std::make_unique<federation::OwnDocument>(home, keys, gate, timers, settings);
    const auto ignore = [](const core::InstanceName&) {};
    server = std::make_unique<federation::FederationServer>(
        federation::FederationServer::Parts{home,
                                            keys,
                                            *directory,
                                            *document,
                                            gate,
                                            timers,
                                            random,
                                            pool,
                                            log,
                                            {},
                                            ignore,
                                            true,
                                            {},
                                            {},
                                            is_introducing});
    exchange = std::make_unique<federation::HttpPeerExchange>(
        federation::HttpPeerExchange::Parts{home, keys, *directory, network, gate, timers, random,
                                            pool, 30s, *document, health, true, wants_signing});
    host().answer = [this](federation::HttpRequest request) {
      return server->handle(std::move(request));
    };
  }

 private:
  crypto::MasterKey master_ = crypto::MasterKey::from_bytes(Bytes(32, 'k')).value();
};

template <class T>
asio::awaitable<void> keep(Task<T> task, std::shared_ptr<std::optional<Result<T>>> outcome) {
  outcome->emplace(co_await std::move(task));
}

/// alpha and beta, who are configured as each other's peers.
struct World {
  World() {
    start(alpha, {beta.as_peer()});
    start(beta, {alpha.as_peer()});
    // No request of a test is as old as the instances themselves.
    timers.pass(1min);
  }

  template <class T>
  using Outcome = std::shared_ptr<std::optional<Result<T>>>;

  /// Begins `task`; its outcome comes while time passes.
  template <class T>
  Outcome<T> begin(Task<T> task) {
    auto outcome = std::make_shared<std::optional<Result<T>>>();
    asio::co_spawn(io, keep(std::move(task), outcome), asio::detached);
    timers.settle();
    return outcome;
  }
  /// Runs `task` to its end.
  template <class T>
  Result<T> run(Task<T> task) {
    const auto outcome = begin(std::move(task));
    if (!timers.pass_until([&] { return outcome->has_value(); })) std::abort();
    return **outcome;
  }
  void start(Side& side, const std::vector<federation::StaticPeer>& peers) {
    side.begin(peers);
    if (!run(side.document->renew())) std::abort();
  }
  void restart(Side& side) { start(side, {(&side == &alpha ? beta : alpha).as_peer()}); }
  auto find(Asker asker) { return run(alpha.directory->find(beta.home.name, asker)); }
  Result<> greet() { return run(alpha.exchange->greet(beta.home.name)); }

  asio::io_context io;
  VirtualTimers timers{io};
  Network network{timers};
  Side alpha{"alpha.cpc", timers, network};
  Side beta{"beta.cpc", timers, network};
};

/// The code of a failure; none of a success.
template <class T>
std::optional<ErrorCode> failure_of(const Result<T>& result) {
  if (result) return std::nullopt;
  return result.error().code;
}

}  // namespace cpc::tests
