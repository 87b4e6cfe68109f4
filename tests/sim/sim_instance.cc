#include "tests/sim/sim_instance.h"

#include <cstdio>
#include <cstdlib>
#include <random>

#include "federation/federation_server.h"
#include "federation/head_exchange.h"
#include "federation/peer_exchange.h"
#include "federation/signing_loop.h"
#include "routing/delivery_loop.h"
#include "store/sqlite_store.h"
#include "tests/support/keyring.h"

namespace cpc::sim {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// The world's time, with a wall clock that may be wrong.
class SkewedTimers final : public routing::Timers {
 public:
  SkewedTimers(tests::VirtualTimers& world, Milliseconds skew) : world_(world), skew_(skew) {}
  TimePoint now() const override { return world_.now() + skew_; }
  routing::SteadyPoint steady_now() const override { return world_.steady_now(); }
  asio::awaitable<void> sleep_until(routing::SteadyPoint due_at) override {
    return world_.sleep_until(due_at);
  }

 private:
  tests::VirtualTimers& world_;
  Milliseconds skew_;
};

class InlinePool final : public routing::CryptoPool {
 public:
  asio::awaitable<void> run(std::function<void()> work) override {
    work();
    co_return;
  }
};

crypto::SigningKey key_from(DiceRandom& random) {
  return crypto::SigningKey::from_seed(
      crypto::Seed::from_bytes(random.bytes(crypto::Seed::size)).value());
}

SimKeys keys_from(Dice dice, const std::string& name, TimePoint now) {
  (void)dice.next();  // What the instance draws itself begins there.
  DiceRandom random{dice.fork()};
  const crypto::SigningKey root = key_from(random);
  const auto instance = core::InstanceName::parse(name).value();
  federation::Keyring ring = tests::keyring_of(instance, root, key_from(random), now);
  auto master = crypto::MasterKey::from_bytes(random.bytes(32)).value();
  const auto sealing = crypto::Seed::from_bytes(random.bytes(crypto::Seed::size)).value();
  ring.sealing.add(crypto::SealingKey::from_private(sealing), now);
  return {std::move(ring), std::move(master)};
}

routing::Endpoint endpoint_of(const core::InstanceName& name) {
  return {name.text().substr(0, name.text().find('.')) + ".example", 8470};
}

asio::awaitable<void> serve(federation::FederationServer& server, federation::HttpRequest request,
                            std::shared_ptr<ReplySlot> slot) {
  slot->reply = co_await server.handle(std::move(request));
  slot->arrived.notify();
}

}  // namespace

struct SimInstance::Life {
  Life(SimInstance& self, std::unique_ptr<store::Store> opened, std::shared_ptr<StoreFate> fate,
       const std::vector<federation::StaticPeer>& peers)
      : store(std::move(opened)),
        home{self.name_, self.keys_.ring.iid(), store->ownership().store_epoch,
             store->ownership().boot_counter, self.keys_.master},
        timers(self.ground_.timers, self.skew),
        random(self.plant == Plant::chance_outside ? Dice{std::random_device{}()}
                                                   : self.dice_.fork()),
        gate({self.ground_.io, self.ground_.timers, *store, wake_ups, self.faults, std::move(fate),
              [&self] { self.wants_to_die_ = true; }, self.doubts, self.dice_.fork(), self.plant}),
        link(self.ground_.network, self.name_),
        directory({home, peers, {}}, link, gate, timers, self.log, nullptr),
        document(home, self.keys_.ring, gate, timers, settings_of(self)),
        server(
            {home,
             self.keys_.ring,
             directory,
             document,
             gate,
             timers,
             random,
             pool,
             self.log,
             {},
             [this](const core::InstanceName& peer) { health.saw_inbound(peer, timers.instant()); },
             true,
             [this](const core::InstanceName& copy, std::vector<core::HeadFinding> findings) {
               head_loops.found_as_hub(copy, std::move(findings));
             },
             [this](const core::InstanceName& hub, const core::WireId& log) {
               head_loops.pull(hub, log);
             }}),
        exchange({home, self.keys_.ring, directory, link, gate, timers, random, pool, 30s, document,
                  health}),
        loops{home, self.keys_.ring, gate, timers, random, pool, wake_ups, self.log},
        tasks(self.ground_.io.get_executor(), self.log),
        planted(planted_before(exchange, self.plant, self.lives)),
        delivery{
            gate,  planted ? *planted : exchange, timers, random, wake_ups, health, self.log, home,
            tasks, delivery_settings(peers)},
        deliveries(self.ground_.io.get_executor(), delivery),
        head_exchange({home, self.keys_.ring, directory, exchange, timers, pool, 500}),
        heads{gate, head_exchange, timers, random, self.log, home, tasks, {}},
        head_loops(self.ground_.io.get_executor(), heads),
        api{home,
            self.keys_.ring,
            gate,
            timers,
            random,
            pool,
            {},
            wake_ups,
            health,
            self.log,
            {},
            api::RateLimit{1000},
            api::RateLimit{1000}},
        reader(store->open_reader().value()) {}

  static federation::OwnDocument::Settings settings_of(const SimInstance& self) {
    federation::OwnDocument::Settings settings;
    settings.endpoints.push_back(endpoint_of(self.name_));
    settings.tls_pins.push_back(Digest::from_bytes(Bytes(Digest::size, 't')).value());
    settings.transaction_bytes_max = 1024 * 1024;
    settings.transaction_entries_max = 500;
    return settings;
  }
  static routing::DeliverySettings delivery_settings(
      const std::vector<federation::StaticPeer>& peers) {
    routing::DeliverySettings settings;
    for (const auto& peer : peers) settings.configured.push_back(peer.name);
    return settings;
  }

  asio::awaitable<void> begin(Log& lines) {
    // The store may fail just now; a daemon would be started again by its supervisor.
    for (;;) {
      const Result<> renewed = co_await document.renew();
      if (renewed) break;
      const routing::SteadyPoint due = timers.steady_now() + 1s;
      co_await timers.sleep_until(due);
    }
    tasks.start("signing loop", federation::run_signing_loop(loops));
    tasks.start("inbox loop", federation::run_inbox_loop(loops));
    tasks.start("expiry loop", federation::run_expiry_loop(loops));
    tasks.start("document renewal", document.run(lines));
    directory.on_new_life([this](const core::InstanceName& peer) { head_loops.compare_all(peer); });
    deliveries.start();
    head_loops.start();
  }

  std::unique_ptr<store::Store> store;
  core::Home home;
  SkewedTimers timers;
  DiceRandom random;
  InlinePool pool;
  routing::WakeUps wake_ups;
  routing::PeerHealth health;
  SimGate gate;
  SimLink link;
  federation::PeerDirectory directory;
  federation::OwnDocument document;
  federation::FederationServer server;
  federation::HttpPeerExchange exchange;
  federation::LoopParts loops;
  routing::TaskGroup tasks;
  std::unique_ptr<routing::PeerExchange> planted;
  routing::Delivery delivery;
  routing::DeliveryLoops deliveries;
  federation::HttpHeadExchange head_exchange;
  routing::HeadParts heads;
  routing::HeadLoops head_loops;
  api::ApiParts api;
  std::unique_ptr<store::Reader> reader;
};

SimInstance::SimInstance(Ground ground, const std::string& name, std::filesystem::path folder,
                         Dice dice)
    : SimInstance(ground, name, std::move(folder), dice,
                  keys_from(dice, name, ground.timers.now())) {}

SimInstance::SimInstance(Ground ground, const std::string& name, std::filesystem::path folder,
                         Dice dice, SimKeys keys)
    : ground_(ground),
      name_(core::InstanceName::parse(name).value()),
      folder_(std::move(folder)),
      dice_(dice),
      random_(dice_.fork()),
      keys_(std::move(keys)) {
  std::filesystem::create_directory(folder_);
  std::filesystem::permissions(folder_, std::filesystem::perms{0700});
}

SimInstance::~SimInstance() {
  if (life_) crash();
}

federation::StaticPeer SimInstance::as_peer() const {
  return {name_, keys_.ring.iid(), {endpoint_of(name_)}};
}

void SimInstance::boot(const std::vector<federation::StaticPeer>& peers) {
  const auto fate = std::make_shared<StoreFate>();
  store::SqliteOptions options;
  options.path = folder_ / "store.db";
  options.claim.instance_name = name_;
  options.claim.iid = keys_.ring.iid();
  options.claim.new_epoch = core::StoreEpoch::from_bytes(random_.bytes(16)).value();
  options.claim.fence = store::Fence::from_bytes(random_.bytes(16)).value();
  options.claim.master_key = store::MasterKeyId::from_bytes(keys_.master.id()).value();
  options.claim.now = ground_.timers.now();
  options.decorate = decorated_by(fate, plant, ground_.timers);
  if (plant == Plant::consent_outside) options.cache.consents_max = 0;
  auto opened = store::open_sqlite_store(options);
  if (!opened) {
    std::fprintf(stderr, "%s: %s\n", name_.text().c_str(), opened.error().detail.c_str());
    std::abort();
  }
  ++lives;
  life_ = std::make_unique<Life>(*this, std::move(opened).value(), fate, peers);
  ground_.network.attach(
      name_, [this](federation::HttpRequest request, std::shared_ptr<ReplySlot> slot) {
        life_->tasks.start("request", serve(life_->server, std::move(request), std::move(slot)));
      });
  life_->tasks.start("begin", life_->begin(log));
}

void SimInstance::crash() {
  ground_.network.detach(name_);
  life_->gate.die();
  life_->tasks.stop();
  ground_.timers.settle();
  if (life_->tasks.count() != 0) {
    std::fprintf(stderr, "%s: %zu tasks outlive the life they belong to\n", name_.text().c_str(),
                 life_->tasks.count());
    std::abort();
  }
  life_.reset();
  wants_to_die_ = false;
}

api::ApiParts& SimInstance::api() {
  return life_->api;
}
const core::Home& SimInstance::home() const {
  return life_->home;
}
void SimInstance::start(const std::string& what, asio::awaitable<void> work) {
  life_->tasks.start(what, std::move(work));
}
Result<bool> SimInstance::has_untold() {
  std::int64_t last_n = 0;
  CPC_TRY(look([&](core::Snapshot& store) -> Result<> {
    CPC_TRY(last_n, store.last_n());
    return success();
  }));
  return last_n > life_->store->gate().last_n();
}
Result<> SimInstance::look(const std::function<Result<>(core::Snapshot&)>& look) {
  return life_->reader->read(look);
}

}  // namespace cpc::sim
