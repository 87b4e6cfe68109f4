#include "routing/delivery_loop.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/lane_turns.h"
#include "routing/within.h"

namespace cpc::routing {

namespace asio = boost::asio;

// One peer's loop. What it must remember beyond the store and PeerHealth.
struct DeliveryLoops::PeerLoop {
  PeerLoop(core::InstanceName peer, const asio::any_io_executor& executor)
      : name(std::move(peer)), signal(executor) {}
  core::InstanceName name;
  Signal signal;
  Pace pace;
  Wait wait;
  std::optional<core::Credit> credit;  // Of the peer's last answer.
  core::LaneTurns turns;
  bool has_work = false;  // Set by a wake-up, cleared before the store is read.
  // What the store keeps of the peer's answers; read with the first delivery.
  std::optional<core::EvidenceBook> evidence;
};

namespace {

struct BlockedLane {
  core::LaneKey key;
  std::string code;
};

std::string_view to_text(core::LaneKind kind) {
  switch (kind) {
    case core::LaneKind::log:
      return "log";
    case core::LaneKind::submission:
      return "submission";
    case core::LaneKind::consent:
      return "consent";
    case core::LaneKind::receipts:
      return "receipts";
  }
  return "unknown";
}

Result<std::vector<BlockedLane>> with_codes(core::Transaction& tx,
                                            const std::vector<core::LaneKey>& keys) {
  std::vector<BlockedLane> lanes;
  for (const core::LaneKey& key : keys) {
    CPC_TRY(const auto lane, tx.find(key));
    lanes.push_back({key, lane ? lane->blocked : std::string{}});
  }
  return lanes;
}

// The peer's signed answer, in the commit that it changes something in.
Result<> keep_evidence(core::Transaction& tx, const core::EvidenceBook::Plan& plan) {
  for (const core::EvidenceKey& key : plan.gone) tx.erase(key);
  for (const core::EvidenceKey& key : plan.contradicted) {
    CPC_TRY(auto row, tx.find(key));
    if (!row) continue;
    row->code = core::evidence_contradicted;
    tx.put(*std::move(row));
  }
  tx.put(plan.row);
  return success();
}

}  // namespace

DeliveryLoops::DeliveryLoops(const asio::any_io_executor& executor, Delivery& parts)
    : executor_(executor),
      parts_(parts),
      failing_(executor, parts.settings.failing_peers_max),
      first_meetings_(executor, parts.settings.first_meetings_max) {}

DeliveryLoops::~DeliveryLoops() {
  parts_.health.on_probe({});
}

void DeliveryLoops::start() {
  // First listen, then read: a commit in between wakes a loop that looks once too often.
  registration_ = parts_.wake_ups.listen([this](const core::Committed& committed) {
    for (const core::InstanceName& peer : committed.touched.peers) wake(peer);
    if (committed.has_gap) parts_.tasks.start("delivery after a gap", sweep());
  });
  parts_.health.on_probe([this](const core::InstanceName& peer) { wake(peer); });
  parts_.tasks.start("delivery", greet_then_sweep());
}

void DeliveryLoops::wake(const core::InstanceName& peer) {
  const auto found = loops_.find(peer);
  if (found == loops_.end()) {
    open(peer, parts_.timers.steady_now(), true);
    return;
  }
  found->second->has_work = true;
  found->second->signal.notify();
}

void DeliveryLoops::open(const core::InstanceName& peer, SteadyPoint first_turn_at, bool has_work) {
  if (peer == parts_.home.name || loops_.contains(peer) || parts_.tasks.is_stopping()) return;
  auto loop = std::make_shared<PeerLoop>(peer, executor_);
  loop->pace.limits = parts_.settings.limits;
  loop->wait = {parts_.timers.steady_now(), first_turn_at, false};
  loop->has_work = has_work;
  loops_.emplace(peer, loop);
  parts_.tasks.start("delivery to " + peer.text(), run_peer(std::move(loop)));
}

Task<std::vector<core::InstanceName>> DeliveryLoops::owing() {
  std::vector<core::InstanceName> peers;
  const Result<> read = co_await parts_.store.read([&](core::Snapshot& store) -> Result<> {
    CPC_TRY(peers, store.owing_peers());
    return success();
  });
  note_store(read);
  if (!read) co_return read.error();
  co_return peers;
}

// Asked until the store answers: what a failed look would have found, nothing else wakes.
asio::awaitable<std::vector<core::InstanceName>> DeliveryLoops::owing_at_last() {
  Milliseconds pause = pause_min;
  Result<std::vector<core::InstanceName>> owed = co_await owing();
  while (!owed) {
    co_await parts_.timers.sleep_until(parts_.timers.steady_now() + pause);
    pause = std::min(pause * 2, pause_max);
    owed = co_await owing();
  }
  co_return std::move(owed).value();
}

asio::awaitable<void> DeliveryLoops::greet_at_start() {
  std::vector<core::InstanceName> peers = co_await owing_at_last();
  for (const core::InstanceName& peer : parts_.settings.configured) {
    if (std::ranges::find(peers, peer) == peers.end()) peers.push_back(peer);
  }
  const SteadyPoint now = parts_.timers.steady_now();
  for (std::size_t i = 0; i < peers.size(); ++i) {
    open(peers[i], first_greeting_at(i, peers.size(), now), false);
  }
}

// The sweep is the net below the wake-ups: it finds what a loop that ended by an exception left.
asio::awaitable<void> DeliveryLoops::greet_then_sweep() {
  co_await greet_at_start();
  for (;;) {
    co_await parts_.timers.sleep_until(parts_.timers.steady_now() + parts_.settings.sweep_interval);
    co_await sweep();
  }
}

asio::awaitable<void> DeliveryLoops::sweep() {
  const std::vector<core::InstanceName> owed = co_await owing_at_last();
  for (const core::InstanceName& peer : owed) wake(peer);
}

asio::awaitable<void> DeliveryLoops::run_peer(std::shared_ptr<PeerLoop> loop) {
  // However the loop ends, a later wake-up finds it gone and starts another.
  struct Leaving {
    DeliveryLoops& self;
    const PeerLoop& loop;
    ~Leaving() { self.loops_.erase(loop.name); }
  };
  const Leaving leaving{*this, *loop};
  for (;;) {
    const bool is_wanted = co_await until_turn(loop);
    if (!is_wanted) co_return;
    loop->has_work = false;
    TurnEnd end{};
    if (greets_first(loop->pace, parts_.health.of(loop->name))) {
      end = co_await greet(loop);
    } else {
      end = co_await deliver(loop);
    }
    const core::DeliveryLimits full = parts_.peers.limits_of(loop->name, parts_.settings.limits);
    const NextStep next =
        next_step(loop->pace, end, full, parts_.timers.steady_now(), parts_.settings.idle_max);
    loop->pace = next.pace;
    loop->wait = next.wait;
  }
}

// False when the loop had nothing to do for so long that it may end. Nothing runs between that
// answer and the loop's leaving the map, so no wake-up falls between.
asio::awaitable<bool> DeliveryLoops::until_turn(std::shared_ptr<PeerLoop> loop) {
  for (;;) {
    const PeerStatus status = parts_.health.of(loop->name);
    const SteadyPoint at = go_at(loop->wait, loop->has_work, loop->pace, status);
    if (at <= parts_.timers.steady_now()) {
      co_return loop->has_work || !loop->wait.is_idle || status.state == Reachability::unreachable;
    }
    co_await loop->signal.wait_until(parts_.timers, at);
  }
}

// Peers that are not known to be healthy share what they may hold of the connections.
asio::awaitable<Permits::Permit> DeliveryLoops::permit_for(core::InstanceName peer) {
  const Reachability state = parts_.health.of(peer).state;
  Permits::Permit permit;
  if (state == Reachability::unreachable) permit = co_await failing_.acquire();
  if (state == Reachability::never) permit = co_await first_meetings_.acquire();
  co_return permit;
}

asio::awaitable<TurnEnd> DeliveryLoops::greet(std::shared_ptr<PeerLoop> loop) {
  const Permits::Permit permit = co_await permit_for(loop->name);
  const Result<> greeted =
      co_await within(parts_.timers, parts_.settings.greeting_max, parts_.peers.greet(loop->name));
  if (!greeted) co_return note_failure(*loop, greeted.error());
  // Not a success yet: a peer that greets and takes nothing would be tried every two seconds.
  co_return TurnEnd::greeted;
}

asio::awaitable<TurnEnd> DeliveryLoops::deliver(std::shared_ptr<PeerLoop> loop) {
  const Permits::Permit permit = co_await permit_for(loop->name);
  // The peer may have told its limits, or others, since the pace was set.
  loop->pace.limits =
      lower_of(loop->pace.limits, parts_.peers.limits_of(loop->name, parts_.settings.limits));
  core::Batch batch;
  const Result<> read = co_await parts_.store.read([&](core::Snapshot& store) -> Result<> {
    do {
      CPC_TRY(batch, core::owed_to(store, parts_.home, loop->name,
                                   within_credit(loop->pace.limits, loop->credit), &loop->turns));
    } while (loop->turns.note_idle(batch.idle) && batch.is_empty());
    if (loop->evidence) return success();
    CPC_TRY(const auto kept, store.evidence_of(loop->name, core::evidence_rows_in_all_max));
    loop->evidence.emplace(kept);
    return success();
  });
  note_store(read);
  if (!read) co_return TurnEnd::store_failed;
  if (batch.is_empty()) {
    if (loop->pace.has_greeted) note_success(loop->name);
    co_return TurnEnd::nothing_owed;
  }

  const Result<core::Answer> answer = co_await within(parts_.timers, parts_.settings.delivery_max,
                                                      parts_.peers.deliver(loop->name, batch));
  if (!answer) co_return note_failure(*loop, answer.error());
  note_success(loop->name);
  loop->credit = answer.value().credit;

  std::optional<core::EvidenceBook::Plan> kept;
  if (auto fresh = core::evidence_of(loop->name, batch, answer.value(), parts_.timers.now())) {
    kept = loop->evidence->plan(*std::move(fresh));
  }
  core::DeliveryOutcome outcome;
  std::vector<BlockedLane> blocked;
  const Result<> recorded = co_await parts_.store.transact(
      keys_of_answer(loop->name, batch), [&](core::Transaction& tx) -> Result<> {
        CPC_TRY(outcome, core::apply_answer(tx, parts_.home, loop->name, batch, answer.value()));
        CPC_TRY(blocked, with_codes(tx, outcome.blocked));
        return kept ? keep_evidence(tx, *kept) : success();
      });
  if (!recorded) {
    loop->evidence.reset();  // It may have been stored nevertheless.
    co_return TurnEnd::store_failed;
  }
  if (kept) loop->evidence->note(*kept);
  loop->turns.note_outcome(loop->name, batch, outcome);
  for (const BlockedLane& lane : blocked) {
    parts_.log.warn("a lane is blocked", {{"peer", loop->name.text()},
                                          {"lane", to_text(lane.key.kind)},
                                          {"conversation", to_text(lane.key.conversation)},
                                          {"code", lane.code},
                                          {"evidence", kept ? kept->row.number : 0}});
  }
  for (const core::LeftOut& item : outcome.left_out) {
    parts_.log.warn("the peer will never take an item; it is left out",
                    {{"peer", loop->name.text()},
                     {"lane", to_text(item.lane.kind)},
                     {"conversation", to_text(item.lane.conversation)},
                     {"position", item.position},
                     {"code", item.code},
                     {"evidence", kept ? kept->row.number : 0}});
  }
  co_return has_no_room(loop->credit) ? TurnEnd::deferred : turn_end(outcome);
}

TurnEnd DeliveryLoops::note_failure(const PeerLoop& loop, const Error& error) {
  const Failure failure = failure_of(error);
  const TurnEnd end = turn_end(failure, error, loop.pace);
  if (end != TurnEnd::failed) return end;
  const Instant now = parts_.timers.instant();
  if (parts_.health.failed(loop.name, failure, now, jitter())) {
    parts_.log.warn(
        "peer became unreachable",
        {{"peer", loop.name.text()}, {"reason", failure.word}, {"detail", error.detail}});
  }
  return end;
}

void DeliveryLoops::note_success(const core::InstanceName& peer) {
  if (parts_.health.succeeded(peer, parts_.timers.now())) {
    parts_.log.info("peer became reachable", {{"peer", peer.text()}});
  }
}

// One line when the store cannot be read and one when it can, however many loops ask it; what
// cannot be written is told where it is committed.
void DeliveryLoops::note_store(const Result<>& outcome) {
  if (outcome.has_value() != is_store_failing_) return;
  is_store_failing_ = !is_store_failing_;
  if (is_store_failing_) {
    parts_.log.warn("delivery waits for the store", {{"detail", outcome.error().detail}});
  } else {
    parts_.log.info("delivery goes on, the store is back", {});
  }
}

double DeliveryLoops::jitter() {
  const Bytes drawn = parts_.random.bytes(2);
  const auto high = static_cast<unsigned char>(drawn.at(0));
  const auto low = static_cast<unsigned char>(drawn.at(1));
  return (high * 256.0 + low) / 65535.0;
}

}  // namespace cpc::routing
