// One instance that owes consent frames to peers, in virtual time: the real loops and rules, a
// store in memory, and peers that can be down, busy, slow or fussy.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <set>

#include "routing/delivery_loop.h"
#include "tests/support/kept_log.h"
#include "tests/support/memory_rows.h"
#include "tests/support/virtual_timers.h"

namespace cpc::tests {

namespace asio = boost::asio;

inline core::InstanceName peer_name(int number) {
  return core::InstanceName::parse("peer" + std::to_string(number) + ".cpc").value();
}

/// The ranges that delivery of frames asks for; the others are empty here.
class LaneSnapshot final : public core::ForAllRows<SnapshotFinds> {
 public:
  explicit LaneSnapshot(MemoryRows& rows) : core::ForAllRows<SnapshotFinds>(rows) {}
  Result<std::int64_t> last_n() override { return std::int64_t{0}; }
  Result<std::vector<core::InstanceName>> owing_peers() override {
    std::set<core::InstanceName> peers;
    for (const auto& [key, lane] : rows_.of<core::Lane>()) {
      if (lane.head > lane.acked && lane.blocked.empty()) peers.insert(key.peer);
    }
    return std::vector<core::InstanceName>(peers.begin(), peers.end());
  }
  Result<std::vector<core::Lane>> owing_lanes(const core::InstanceName& peer,
                                              std::size_t limit) override {
    std::vector<core::Lane> lanes;
    auto& all = rows_.of<core::Lane>();
    for (auto at = all.lower_bound({peer, core::LaneKind::log, {}});
         at != all.end() && at->first.peer == peer && lanes.size() < limit; ++at) {
      if (at->second.head > at->second.acked && at->second.blocked.empty()) {
        lanes.push_back(at->second);
      }
    }
    return lanes;
  }
  Result<std::vector<core::Frame>> frames_after(const core::InstanceName& peer, std::int64_t after,
                                                std::size_t limit) override {
    std::vector<core::Frame> frames;
    auto& all = rows_.of<core::Frame>();
    for (auto at = all.lower_bound({peer, after + 1});
         at != all.end() && at->first.peer == peer && frames.size() < limit; ++at) {
      frames.push_back(at->second);
    }
    return frames;
  }
  template <class T>
  using Rows = Result<std::vector<T>>;
  template <class T>
  static Rows<T> none() {
    return std::vector<T>{};
  }
  using Limit = std::size_t;
  using Name = core::InstanceName;
  using Talk = core::ConversationId;
  Rows<core::Lane> lanes_of(const Name&, Limit) override { return none<core::Lane>(); }
  Result<std::optional<Name>> next_hub(const Name& after) override {
    std::optional<Name> next;
    for (const auto& [key, row] : rows_.of<core::Conversation>()) {
      if (row.hub && *row.hub > after && (!next || *row.hub < *next)) next = row.hub;
    }
    return next;
  }
  Rows<core::Conversation> copies_of(const Name& hub, const Talk& after, Limit limit) override {
    std::vector<core::Conversation> rows;
    for (const auto& [key, row] : rows_.of<core::Conversation>()) {
      if (row.hub == hub && key.id > after && rows.size() < limit) rows.push_back(row);
    }
    return rows;
  }
  Rows<core::Evidence> evidence_of(const Name& peer, Limit) override {
    std::vector<core::Evidence> rows;
    for (const auto& [key, row] : rows_.of<core::Evidence>()) {
      if (key.peer == peer) rows.push_back(row);
    }
    return rows;
  }
  Rows<core::EvidenceAge> evidence_ages(const core::EvidenceKey&, Limit) override {
    return none<core::EvidenceAge>();
  }
  Rows<core::Event> entries_after(const Talk&, core::Position, Limit) override {
    return none<core::Event>();
  }
  Rows<core::Event> submissions_after(const Talk&, std::int64_t, Limit) override {
    return none<core::Event>();
  }
  Rows<core::InboxFrame> inbox_frames(Limit) override { return none<core::InboxFrame>(); }
  Rows<core::Event> signable_drafts(Limit) override { return none<core::Event>(); }
  Rows<core::Event> drafts_before(TimePoint, Limit) override { return none<core::Event>(); }
  Rows<core::Conversation> conversations_of(const core::Address&, std::int64_t, Limit) override {
    return none<core::Conversation>();
  }
  Rows<core::Member> members_of(const Talk&) override { return none<core::Member>(); }
  Rows<core::Event> messages(const MessageRange&) override { return none<core::Event>(); }
  Rows<core::ContactRequest> requests_of(const std::string&, bool, std::int64_t, Limit) override {
    return none<core::ContactRequest>();
  }
  Rows<core::Consent> consents_of(const std::string&, const std::optional<core::ConsentKey>&,
                                  Limit) override {
    return none<core::Consent>();
  }
  Rows<core::Consent> consents_of_type(const std::string&, core::ConsentType, Limit) override {
    return none<core::Consent>();
  }
  Result<core::ChangePage> changes(const core::Address&, std::int64_t, Limit) override {
    return core::ChangePage{};
  }
  Result<core::ChangePage> changes_in(const std::set<Talk>&, const core::Address&, std::int64_t,
                                      std::int64_t, Limit) override {
    return core::ChangePage{};
  }
  Rows<core::Account> accounts(const std::string&, Limit) override { return none<core::Account>(); }
  Rows<core::Peer> peers(Limit) override { return none<core::Peer>(); }
  Rows<core::Directory> directories(Limit) override { return none<core::Directory>(); }
  Rows<core::DirectoryRecord> directory_records(const core::DirectoryId&, std::int64_t,
                                                Limit) override {
    return none<core::DirectoryRecord>();
  }
  Result<std::int64_t> owed_count(const Name&) override { return std::int64_t{0}; }
};

class MemoryGate final : public routing::StoreGate {
 public:
  MemoryGate(asio::io_context& io, MemoryRows& rows, routing::WakeUps& wake_ups)
      : io_(io), rows_(rows), wake_ups_(wake_ups) {}
  int failures = 0;             ///< So many calls from now on fail.
  bool dies_at_commit = false;  ///< The process is killed there: nothing comes back.
  bool is_silent = false;       ///< What is committed wakes nobody.
  int reads = 0;
  std::function<void()> after_read;  ///< What happens while the reader is on its way back.

  Task<> transact(core::Keys, core::Closure closure) override {
    co_await asio::post(asio::as_tuple(asio::use_awaitable));
    if (dies_at_commit) {
      asio::steady_timer forever{io_, asio::steady_timer::time_point::max()};
      co_await forever.async_wait(asio::as_tuple(asio::use_awaitable));
      co_return fail(ErrorCode::unavailable, "killed");
    }
    if (fails()) co_return fail(ErrorCode::unavailable, "the disk is gone");
    co_return commit(closure);
  }
  Task<> read(std::function<Result<>(core::Snapshot&)> look) override {
    co_await asio::post(asio::as_tuple(asio::use_awaitable));
    ++reads;
    if (fails()) co_return fail(ErrorCode::unavailable, "the disk is gone");
    LaneSnapshot snapshot{rows_};
    Result<> looked = look(snapshot);
    if (after_read) after_read();
    co_await asio::post(asio::as_tuple(asio::use_awaitable));
    co_return looked;
  }
  /// As a closure of another part of the daemon would.
  Result<> commit(const core::Closure& closure) {
    MemoryRows copy = rows_;
    MemoryTransaction transaction{copy};
    Result<> done = closure(transaction);
    if (!done) return done;
    rows_ = std::move(copy);
    if (is_silent) return done;
    asio::post(io_, [this, touched = transaction.touched()] { wake_ups_.dispatch({1, touched}); });
    return done;
  }

 private:
  bool fails() { return failures > 0 && failures-- > 0; }
  asio::io_context& io_;
  MemoryRows& rows_;
  routing::WakeUps& wake_ups_;
};

/// What one peer is like, and what it holds.
struct FakePeer {
  bool is_up = true;
  Milliseconds latency{50};
  std::deque<Error> greet_errors;    ///< The next greetings fail with these.
  std::deque<Error> deliver_errors;  ///< The next deliveries fail with these.
  int defers = 0;                    ///< So many transactions are answered with defer.
  std::size_t items_max = 1000;      ///< More in one transaction is too_large.
  std::optional<std::size_t> told;   ///< What its document says of items_max.
  std::string blocks_with;           ///< Answers not_hub with this code.
  std::string refuses_next;          ///< The next item is rejected with this code.
  std::optional<core::Credit> credit;
  std::int64_t skipped = 0;  ///< Positions that hold nothing.
  Bytes proof;               ///< Of its answers, with their number behind it.

  std::vector<Bytes> held;  ///< Frames, in order.
  int duplicates = 0;       ///< Frames that came again.
  int greetings = 0;
  std::vector<TimePoint> tried_at;   ///< Each greeting and delivery.
  std::vector<std::size_t> batches;  ///< Items of each transaction that was answered.
  TimePoint last_held_at{};
};

/// The network: a pool of connections, and peers behind them.
class FakeExchange final : public routing::PeerExchange {
 public:
  FakeExchange(asio::io_context& io, VirtualTimers& timers, std::size_t connections_max)
      : timers_(timers), connections_(io.get_executor(), connections_max) {}

  std::map<core::InstanceName, FakePeer> peers;
  Milliseconds connect_max = std::chrono::seconds{10};
  int under_way = 0;
  int under_way_max = 0;

  FakePeer& peer(int number) { return peers[peer_name(number)]; }

  Task<> greet(core::InstanceName name) override {
    FakePeer& peer = peers[name];
    ++peer.greetings;
    CPC_CO_TRY(co_await reach(name));
    if (!peer.greet_errors.empty()) co_return take(peer.greet_errors);
    co_return success();
  }
  Task<core::Answer> deliver(core::InstanceName name, core::Batch batch) override {
    FakePeer& peer = peers[name];
    CPC_CO_TRY(co_await reach(name));
    if (!peer.deliver_errors.empty()) co_return take(peer.deliver_errors);
    if (batch.frames->items.size() > peer.items_max) {
      co_return fail(ErrorCode::too_large, "TOO_LARGE: less, please");
    }
    co_return answer(peer, *batch.frames);
  }
  core::DeliveryLimits limits_of(const core::InstanceName& name,
                                 core::DeliveryLimits ours) const override {
    const auto found = peers.find(name);
    if (found == peers.end() || !found->second.told) return ours;
    ours.entries_max = std::min(ours.entries_max, *found->second.told);
    return ours;
  }

 private:
  static Error take(std::deque<Error>& errors) {
    Error error = errors.front();
    errors.pop_front();
    return error;
  }
  struct Counted {
    explicit Counted(FakeExchange& exchange) : self(exchange) {
      self.under_way_max = std::max(self.under_way_max, ++self.under_way);
    }
    ~Counted() { --self.under_way; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    FakeExchange& self;
  };

  Task<> reach(core::InstanceName name) {
    FakePeer& peer = peers[name];
    peer.tried_at.push_back(timers_.now());
    const auto connection = co_await connections_.acquire();
    const Counted counted{*this};
    co_await timers_.sleep_until(timers_.steady_now() + (peer.is_up ? peer.latency : connect_max));
    if (!peer.is_up) co_return fail(ErrorCode::unavailable, "no connection");
    co_return success();
  }
  static std::int64_t size_of(const FakePeer& peer) {
    return static_cast<std::int64_t>(peer.held.size());
  }
  core::Answer answer(FakePeer& peer, const core::FramePart& part) {
    peer.batches.push_back(part.items.size());
    core::LaneAnswer lane;
    lane.kind = core::LaneKind::consent;
    if (!peer.blocks_with.empty()) {
      lane.verdict = core::LaneVerdict::not_hub;
      lane.code = peer.blocks_with;
    } else if (!peer.refuses_next.empty()) {
      lane.verdict = core::LaneVerdict::reject;
      lane.code = std::exchange(peer.refuses_next, {});
    } else if (peer.defers > 0) {
      --peer.defers;
      lane.verdict = core::LaneVerdict::defer;
    } else {
      std::int64_t at = part.first;
      if (part.skipped > 0) peer.skipped = std::max(peer.skipped, part.first - 1 - size_of(peer));
      for (const core::FrameItem& item : part.items) {
        if (at++ <= size_of(peer) + peer.skipped) {
          ++peer.duplicates;
          continue;
        }
        peer.held.push_back(item.jws);
        peer.last_held_at = timers_.now();
      }
    }
    lane.position = {0, size_of(peer) + peer.skipped};
    core::Answer answer{{}, 1, timers_.now(), {lane}, peer.credit};
    if (!peer.proof.empty()) answer.proof = peer.proof + std::to_string(peer.batches.size());
    return answer;
  }

  VirtualTimers& timers_;
  routing::Permits connections_;
};

class SeededRandom final : public routing::Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  Bytes bytes(std::size_t count) override {
    Bytes drawn(count, '\0');
    for (char& octet : drawn) octet = static_cast<char>(engine_() & 0xff);
    return drawn;
  }

 private:
  std::mt19937_64 engine_;
};

/// What survives a crash of the daemon: its rows; and the world outside: time and peers.
struct Outside {
  explicit Outside(std::size_t connections_max = 100) : peers(io, timers, connections_max) {}
  asio::io_context io;
  VirtualTimers timers{io};
  FakeExchange peers;
  MemoryRows rows;
  KeptLog log;
};

/// One life of the daemon.
struct Daemon {
  explicit Daemon(Outside& world, routing::DeliverySettings settings = {})
      : outside(world),
        gate(world.io, world.rows, wake_ups),
        tasks(world.io.get_executor(), world.log),
        parts{gate,   world.peers, world.timers, random, wake_ups,
              health, world.log,   home,         tasks,  std::move(settings)},
        loops(world.io.get_executor(), parts) {}
  ~Daemon() { stop(); }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  void start() {
    loops.start();
    outside.timers.settle();
  }
  void stop() {
    tasks.stop();
    outside.timers.settle();
  }

  /// A person does something that `peer` must hear of.
  void owe(int peer, int count = 1) {
    const Result<> done = gate.commit([&](core::Transaction& tx) -> Result<> {
      const core::LaneKey key{peer_name(peer), core::LaneKind::consent, {}};
      CPC_TRY(auto lane, tx.find(key));
      if (!lane) lane = core::Lane{key.peer, key.kind, {}, {}, {}, {}};
      for (int i = 0; i < count; ++i) {
        ++lane->head.seq;
        tx.put(core::Frame{key.peer, lane->head.seq, "frame " + std::to_string(lane->head.seq)});
      }
      tx.put(*lane);
      tx.touched().peers.insert(key.peer);
      return success();
    });
    if (!done) throw std::logic_error("the test's own closure failed");
  }
  [[nodiscard]] bool owes(int peer) {
    const auto& lane =
        outside.rows.of<core::Lane>().at({peer_name(peer), core::LaneKind::consent, {}});
    return lane.head > lane.acked;
  }

  Outside& outside;
  routing::WakeUps wake_ups;
  MemoryGate gate;
  SeededRandom random{7};
  routing::PeerHealth health;
  crypto::MasterKey master = crypto::MasterKey::from_bytes(Bytes(32, 'k')).value();
  core::Home home{core::InstanceName::parse("home.cpc").value(), {}, {}, 1, master};
  routing::TaskGroup tasks;
  routing::Delivery parts;
  routing::DeliveryLoops loops;
};

}  // namespace cpc::tests
