#include "routing/delivery_loop.h"

#include <catch2/catch.hpp>

#include "tests/unit/routing/delivery_world.h"

namespace cpc::tests {
namespace {

using namespace std::chrono_literals;
using routing::Reachability;

TEST_CASE("batches follow each other until nothing is owed") {
  Outside outside;
  routing::DeliverySettings settings;
  settings.limits.entries_max = 10;
  Daemon daemon{outside, settings};
  daemon.owe(1, 95);
  daemon.start();
  CHECK(outside.timers.pass_until([&] { return !daemon.owes(1); }, 1s));
  outside.timers.pass(1min);
  const FakePeer& peer = outside.peers.peer(1);
  CHECK(peer.held.size() == 95);
  CHECK(peer.held.front() == "frame 1");
  CHECK(peer.held.back() == "frame 95");
  CHECK(peer.batches.size() == 10);
  CHECK(peer.duplicates == 0);
  CHECK(outside.rows.of<core::Frame>().empty());
}

TEST_CASE("work for a healthy peer leaves at once, without another greeting") {
  Outside outside;
  Daemon daemon{outside};
  daemon.start();
  daemon.owe(1);
  outside.timers.pass(5min);
  const FakePeer& peer = outside.peers.peer(1);
  CHECK(peer.greetings == 1);
  daemon.owe(1);
  const TimePoint owed_at = outside.timers.now();
  outside.timers.pass(1s);
  CHECK(peer.held.size() == 2);
  CHECK(peer.last_held_at - owed_at == peer.latency);
  CHECK(peer.greetings == 1);
}

TEST_CASE("after a gap in what was told, what is owed leaves at once, not at the next sweep") {
  Outside outside;
  Daemon daemon{outside};
  daemon.start();
  daemon.owe(1);
  outside.timers.pass(1s);
  daemon.gate.is_silent = true;
  daemon.owe(1);
  daemon.owe(2);
  outside.timers.pass(1s);
  CHECK(outside.peers.peer(1).held.size() == 1);
  CHECK(outside.peers.peer(2).held.empty());
  core::Committed gap;
  gap.has_gap = true;
  daemon.wake_ups.dispatch(gap);
  outside.timers.pass(1s);
  CHECK(outside.peers.peer(1).held.size() == 2);
  CHECK(outside.peers.peer(2).held.size() == 1);
}

TEST_CASE("a commit while the loop reads is delivered without another wake-up") {
  for (int seed = 1; seed <= 50; ++seed) {
    Outside outside;
    Daemon daemon{outside};
    std::mt19937 chance(static_cast<unsigned>(seed));
    int owed = 0;
    int between = 0;
    // New work arrives after the look and before its outcome is known, now and then, and the last
    // of it when nothing else will wake the loop any more.
    daemon.gate.after_read = [&] {
      if (between >= 40 || chance() % 3 == 0) return;
      ++between;
      ++owed;
      daemon.owe(1);
    };
    daemon.start();
    for (int turn = 0; turn < 20; ++turn) {
      daemon.owe(1);
      ++owed;
      outside.timers.pass(Milliseconds{chance() % 120});
    }
    outside.timers.pass(30s);
    INFO("seed " << seed);
    CHECK_FALSE(daemon.owes(1));
    CHECK(outside.peers.peer(1).held.size() == static_cast<std::size_t>(owed));
    CHECK(outside.peers.peer(1).duplicates == 0);
  }
}

TEST_CASE("a loop without work ends, and work starts another") {
  Outside outside;
  Daemon daemon{outside};
  daemon.start();
  daemon.owe(1);
  outside.timers.pass(1s);
  CHECK(daemon.loops.loops() == 1);
  outside.timers.pass(11min);
  CHECK(daemon.loops.loops() == 0);
  CHECK(daemon.tasks.count() == 1);
  daemon.owe(1);
  outside.timers.pass(1s);
  CHECK(outside.peers.peer(1).held.size() == 2);
}

TEST_CASE("work that comes in the instant a loop ends for idleness is delivered") {
  for (int offset = -3; offset <= 3; ++offset) {
    Outside outside;
    Daemon daemon{outside};
    daemon.start();
    daemon.owe(1);
    outside.timers.pass(100ms);  // A greeting and a delivery, 50 ms each.
    outside.timers.pass(10min + Milliseconds{offset});
    daemon.owe(1);
    outside.timers.pass(1s);
    INFO("offset " << offset);
    CHECK(outside.peers.peer(1).held.size() == 2);
  }
}

TEST_CASE("a peer that defers is asked again after pauses that double up to 30 s") {
  Outside outside;
  Daemon daemon{outside};
  outside.peers.peer(1).defers = 12;
  outside.peers.peer(1).latency = 0ms;
  daemon.owe(1);
  daemon.start();
  outside.timers.pass(10min);
  const FakePeer& peer = outside.peers.peer(1);
  REQUIRE(peer.tried_at.size() == 14);  // A greeting, 12 deferred, one taken.
  std::vector<Milliseconds> pauses;
  for (std::size_t i = 2; i < peer.tried_at.size(); ++i) {
    pauses.push_back(peer.tried_at[i] - peer.tried_at[i - 1]);
  }
  const std::vector<Milliseconds> expected{250ms, 500ms, 1s,  2s,  4s,  8s,
                                           16s,   30s,   30s, 30s, 30s, 30s};
  CHECK(pauses == expected);
  CHECK(peer.held.size() == 1);
  CHECK(daemon.health.of(peer_name(1)).state == Reachability::reachable);
}

TEST_CASE("new work cuts the pause of a deferred lane short, but not below its least") {
  Outside outside;
  Daemon daemon{outside};
  outside.peers.peer(1).defers = 8;
  daemon.owe(1);
  daemon.start();
  outside.timers.pass(50s);  // Into the first pause of 30 s.
  const std::size_t tried = outside.peers.peer(1).tried_at.size();
  daemon.owe(1);
  outside.timers.pass(1s);
  CHECK(outside.peers.peer(1).tried_at.size() == tried + 1);
  CHECK(outside.peers.peer(1).held.size() == 2);
}

TEST_CASE("an unreachable peer is probed by the schedule and gets everything once it is back") {
  Outside outside;
  Daemon daemon{outside};
  FakePeer& peer = outside.peers.peer(1);
  peer.is_up = false;
  daemon.start();
  daemon.owe(1, 3);
  outside.timers.pass(1h);
  CHECK(daemon.health.is_failing(peer_name(1)));
  CHECK(daemon.health.of(peer_name(1)).last_error == "unreachable");
  CHECK(peer.batches.empty());
  // 2 + 5 + 15 + 30 + 60 s, 2 + 5 + 10 min and two or three of 15 min, each probe taking 10 s.
  CHECK(peer.greetings >= 10);
  CHECK(peer.greetings <= 12);
  peer.is_up = true;
  outside.timers.pass(20min);
  CHECK(peer.held.size() == 3);
  CHECK_FALSE(daemon.health.is_failing(peer_name(1)));
  CHECK(outside.log.count("peer became unreachable") == 1);
  CHECK(outside.log.count("peer became reachable") == 1);
  CHECK(outside.log.lines.size() == 2);
}

TEST_CASE("a peer that was healthy and fails is greeted before it is sent anything again") {
  Outside outside;
  Daemon daemon{outside};
  FakePeer& peer = outside.peers.peer(1);
  daemon.start();
  daemon.owe(1);
  outside.timers.pass(1s);
  peer.is_up = false;
  daemon.owe(1);
  outside.timers.pass(15s);
  CHECK(daemon.health.is_failing(peer_name(1)));
  CHECK(daemon.health.next_try_at(peer_name(1)).has_value());
  peer.is_up = true;
  outside.timers.pass(1min);
  CHECK(peer.held.size() == 2);
  CHECK(peer.greetings == 2 + (daemon.health.of(peer_name(1)).attempts));
}

TEST_CASE("traffic from a failing peer leads to one probe now, at most one in 10 s") {
  Outside outside;
  Daemon daemon{outside};
  FakePeer& peer = outside.peers.peer(1);
  peer.is_up = false;
  outside.peers.connect_max = 100ms;
  daemon.start();
  daemon.owe(1);
  outside.timers.pass(1h);
  const int before = peer.greetings;
  for (int i = 0; i < 90; ++i) {
    daemon.health.saw_inbound(peer_name(1), outside.timers.instant());
    outside.timers.pass(100ms);
  }
  CHECK(peer.greetings == before + 1);
  CHECK(daemon.health.is_failing(peer_name(1)));  // Only our own success ends it.
  peer.is_up = true;
  outside.timers.pass(1s);
  daemon.health.saw_inbound(peer_name(1), outside.timers.instant());
  outside.timers.pass(1s);
  CHECK(peer.held.size() == 1);
}

TEST_CASE("a peer that cannot judge us yet costs a greeting and no time") {
  Outside outside;
  Daemon daemon{outside};
  FakePeer& peer = outside.peers.peer(1);
  peer.deliver_errors.push_back(fail(ErrorCode::unavailable, "RETRY: created before my boot"));
  daemon.start();
  daemon.owe(1);
  outside.timers.pass(200ms);  // Greet, deliver, greet, deliver.
  CHECK(peer.greetings == 2);
  CHECK(peer.held.size() == 1);
  CHECK(outside.log.count("peer became unreachable") == 0);
}

TEST_CASE("a peer that says retry for ever is backed off from") {
  Outside outside;
  Daemon daemon{outside};
  FakePeer& peer = outside.peers.peer(1);
  for (int i = 0; i < 1000; ++i) {
    peer.deliver_errors.push_back(fail(ErrorCode::unavailable, "RETRY: not yet"));
  }
  daemon.start();
  daemon.owe(1);
  outside.timers.pass(1h);
  // Four greetings and four deliveries before the first back-off, then one of each by the schedule.
  CHECK(peer.tried_at.size() >= 8 + 2 * 9);
  CHECK(peer.tried_at.size() <= 8 + 2 * 12);
  CHECK(outside.log.lines.size() == 1);
}

TEST_CASE("a peer that takes less gets smaller transactions") {
  Outside outside;
  Daemon daemon{outside};
  FakePeer& peer = outside.peers.peer(1);
  peer.items_max = 60;
  daemon.start();
  daemon.owe(1, 300);
  outside.timers.pass(10s);
  CHECK(peer.held.size() == 300);
  CHECK(peer.batches.front() == 31);  // 500, 250, 125, 62, 31
  CHECK(outside.log.count("peer became unreachable") == 0);
}

TEST_CASE("a peer that tells what it takes is never sent more, nor made to refuse") {
  Outside outside;
  Daemon daemon{outside};
  FakePeer& peer = outside.peers.peer(1);
  peer.items_max = 60;
  peer.told = 60;
  daemon.start();
  daemon.owe(1, 300);
  outside.timers.pass(10s);
  CHECK(peer.held.size() == 300);
  CHECK(peer.batches == std::vector<std::size_t>(5, 60));
  CHECK(peer.tried_at.size() == 1 + 5);  // A greeting, and nothing twice.
}

TEST_CASE("a wall clock that is set back or forward delays no delivery and hurries none") {
  for (const auto step : {-24h * 30, 24h * 30}) {
    Outside outside;
    Daemon daemon{outside};
    FakePeer& peer = outside.peers.peer(1);
    peer.is_up = false;
    outside.peers.connect_max = 100ms;
    daemon.start();
    daemon.owe(1);
    outside.timers.pass(10s);
    const int before = peer.greetings;
    outside.timers.step_wall(step);
    outside.timers.pass(1s);
    CHECK(peer.greetings <= before + 1);
    peer.is_up = true;
    outside.timers.pass(20s);
    CHECK(peer.held.size() == 1);

    peer.defers = 3;
    outside.timers.step_wall(step);
    daemon.owe(1);
    outside.timers.pass(1s);
    outside.timers.step_wall(step);
    outside.timers.pass(5s);
    CHECK(peer.held.size() == 2);
  }
}

TEST_CASE("a peer that refuses even one item is left alone for an hour, not hammered") {
  Outside outside;
  Daemon daemon{outside};
  FakePeer& peer = outside.peers.peer(1);
  peer.items_max = 0;
  daemon.start();
  daemon.owe(1);
  outside.timers.pass(1h);
  CHECK(daemon.health.of(peer_name(1)).last_error == "TOO_LARGE");
  CHECK(peer.tried_at.size() <= 30);  // Halvings included.
  CHECK(outside.log.lines.size() == 1);
  daemon.loops.wake(peer_name(1));
  outside.timers.pass(5h);
  CHECK(peer.tried_at.size() <= 45);
}

TEST_CASE("a blocked lane is told to the operator once, with peer and code, and sent no more") {
  Outside outside;
  Daemon daemon{outside};
  outside.peers.peer(1).blocks_with = "IDENTITY_CONFLICT";
  daemon.start();
  daemon.owe(1);
  outside.timers.pass(1h);
  REQUIRE(outside.log.count("a lane is blocked") == 1);
  const KeptLog::Line& line = outside.log.lines.back();
  CHECK(line.level == "warn");
  CHECK(line.value("peer") == "peer1.cpc");
  CHECK(line.value("lane") == "consent");
  CHECK(line.value("code") == "IDENTITY_CONFLICT");
  CHECK(outside.peers.peer(1).batches.size() == 1);
}

TEST_CASE("what a peer will never take is left out and told, and what follows is delivered") {
  Outside outside;
  FakePeer& peer = outside.peers.peer(1);
  peer.refuses_next = "MALFORMED";
  Daemon daemon{outside};
  daemon.start();
  daemon.owe(1, 3);
  outside.timers.pass(1min);
  CHECK(peer.held.size() == 2);
  CHECK(peer.skipped == 1);
  REQUIRE(outside.log.count("the peer will never take an item; it is left out") == 1);
  CHECK(outside.log.count("a lane is blocked") == 0);

  daemon.owe(1);
  outside.timers.pass(1min);
  CHECK(peer.held.size() == 3);
}

TEST_CASE("a lane whose last item was left out owes nothing more") {
  Outside outside;
  FakePeer& peer = outside.peers.peer(1);
  peer.refuses_next = "MALFORMED";
  Daemon daemon{outside};
  daemon.start();
  daemon.owe(1);
  outside.timers.pass(1h);
  CHECK(peer.held.empty());
  CHECK(peer.skipped == 1);
  CHECK(peer.batches == std::vector<std::size_t>{1, 0});
}

TEST_CASE("no more is sent at once than the peer said to have room for") {
  Outside outside;
  FakePeer& peer = outside.peers.peer(1);
  peer.credit = core::Credit{3, 1'000'000};
  Daemon daemon{outside};
  daemon.start();
  daemon.owe(1, 20);
  outside.timers.pass(1min);
  REQUIRE(peer.held.size() == 20);
  for (std::size_t i = 1; i < peer.batches.size(); ++i) CHECK(peer.batches[i] <= 3);
}

TEST_CASE("a peer without room is sent one item now and then, until it has some again") {
  Outside outside;
  FakePeer& peer = outside.peers.peer(1);
  peer.credit = core::Credit{0, 0};
  Daemon daemon{outside};
  daemon.start();
  daemon.owe(1, 600);
  outside.timers.pass(1min);
  CHECK(peer.batches.size() >= 5);
  CHECK(peer.batches.size() <= 12);
  for (std::size_t i = 1; i < peer.batches.size(); ++i) CHECK(peer.batches[i] == 1);
  peer.credit = core::Credit{500, 1'000'000};
  outside.timers.pass(1min);
  CHECK(peer.held.size() == 600);
}

TEST_CASE("a failing store delays deliveries and is told once") {
  Outside outside;
  Daemon daemon{outside};
  daemon.gate.failures = 6;
  daemon.start();
  daemon.owe(1);
  daemon.owe(2);
  outside.timers.pass(1min);
  CHECK(outside.peers.peer(1).held.size() == 1);
  CHECK(outside.peers.peer(2).held.size() == 1);
  CHECK(outside.log.count("delivery waits for the store") == 1);
  CHECK(outside.log.count("delivery goes on, the store is back") == 1);
  CHECK(outside.log.count("peer became unreachable") == 0);
}

TEST_CASE("after a gap what is owed leaves, although the store cannot be read at once") {
  Outside outside;
  Daemon daemon{outside};
  daemon.start();
  daemon.owe(1);
  outside.timers.pass(6min);
  auto& lane = outside.rows.of<core::Lane>().at({peer_name(1), core::LaneKind::consent, {}});
  ++lane.head.seq;  // Committed, and nobody was woken.
  const core::FrameKey key{peer_name(1), lane.head.seq};
  outside.rows.of<core::Frame>()[key] = core::Frame{key.peer, key.position, "untold"};
  daemon.gate.failures = 2;
  daemon.wake_ups.dispatch({1, {}, true});
  outside.timers.pass(10s);
  CHECK(outside.peers.peer(1).held.size() == 2);
  CHECK_FALSE(daemon.owes(1));
}

}  // namespace
}  // namespace cpc::tests
