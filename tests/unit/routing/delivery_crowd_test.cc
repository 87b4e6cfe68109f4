// Many peers, starts and stops. The single peer's story is delivery_loop_test.cc.
#include <catch2/catch.hpp>

#include "tests/unit/routing/delivery_world.h"

namespace cpc::tests {
namespace {

using namespace std::chrono_literals;
using routing::Reachability;

// How long the slowest of 40 messages to peer 0 takes, while `dead` others are owed in vain.
Milliseconds slowest_message(int dead, int* under_way_max) {
  Outside outside;
  Daemon daemon{outside};
  for (int i = 1; i <= dead; ++i) outside.peers.peer(i).is_up = false;
  daemon.owe(0);
  for (int i = 1; i <= dead; ++i) {
    // As commit() would, without copying the rows a thousand times.
    outside.rows.of<core::Lane>()[{peer_name(i), core::LaneKind::consent, {}}] =
        core::Lane{peer_name(i), core::LaneKind::consent, {}, {0, 1}, {}, {}};
    outside.rows.of<core::Frame>()[{peer_name(i), 1}] = core::Frame{peer_name(i), 1, "frame"};
  }
  daemon.start();
  outside.timers.pass(2min);
  Milliseconds slowest{};
  for (int i = 0; i < 40; ++i) {
    daemon.owe(0);
    const TimePoint owed_at = outside.timers.now();
    outside.timers.pass(1s);
    slowest = std::max(slowest, outside.peers.peer(0).last_held_at - owed_at);
  }
  CHECK(outside.peers.peer(0).held.size() == 41);
  *under_way_max = outside.peers.under_way_max;
  return slowest;
}

TEST_CASE("a thousand dead peers do not slow a healthy one") {
  int alone = 0;
  int crowded = 0;
  CHECK(slowest_message(0, &alone) == 50ms);
  CHECK(slowest_message(1000, &crowded) == 50ms);
  CHECK(alone == 1);
  CHECK(crowded > 10);  // The dead were tried.
  CHECK(crowded <= 50 + 10 + 1);
}

TEST_CASE("failing peers together hold at most their share of the connections") {
  Outside outside;
  Daemon daemon{outside};
  daemon.start();
  for (int i = 1; i <= 60; ++i) daemon.owe(i);
  outside.timers.pass(1min);
  for (int i = 1; i <= 60; ++i) CHECK_FALSE(daemon.owes(i));
  for (int i = 1; i <= 60; ++i) outside.peers.peer(i).is_up = false;
  for (int i = 1; i <= 60; ++i) daemon.owe(i);
  outside.timers.pass(20s);
  outside.peers.under_way_max = 0;
  outside.timers.pass(10min);
  CHECK(outside.peers.under_way_max == 10);
}

TEST_CASE("up to 20 peers are greeted at once after a start") {
  Outside outside;
  routing::DeliverySettings settings;
  for (int i = 1; i <= 20; ++i) settings.configured.push_back(peer_name(i));
  Daemon daemon{outside, settings};
  const TimePoint start = outside.timers.now();
  daemon.start();
  outside.timers.pass(1s);
  for (int i = 1; i <= 20; ++i) {
    REQUIRE(outside.peers.peer(i).greetings == 1);
    CHECK(outside.peers.peer(i).tried_at.front() == start);
  }
}

TEST_CASE("more than 20 peers are greeted over 60 s, but new work does not wait for its turn") {
  Outside outside;
  routing::DeliverySettings settings;
  for (int i = 1; i <= 60; ++i) settings.configured.push_back(peer_name(i));
  Daemon daemon{outside, settings};
  daemon.start();
  outside.timers.pass(10s);
  int greeted = 0;
  for (int i = 1; i <= 60; ++i) greeted += outside.peers.peer(i).greetings;
  CHECK(greeted == 11);  // One a second, the first at once.
  daemon.owe(60);
  outside.timers.pass(500ms);
  CHECK(outside.peers.peer(60).held.size() == 1);
  outside.timers.pass(50s);
  for (int i = 1; i <= 60; ++i) CHECK(outside.peers.peer(i).greetings == 1);
}

TEST_CASE("what was owed before the start is delivered after it, and configured peers are met") {
  Outside outside;
  {
    Daemon before{outside};
    before.owe(1, 2);
  }
  routing::DeliverySettings settings;
  settings.configured = {peer_name(1), peer_name(2)};
  Daemon daemon{outside, settings};
  daemon.start();
  outside.timers.pass(1s);
  CHECK(outside.peers.peer(1).held.size() == 2);
  CHECK(outside.peers.peer(1).greetings == 1);
  CHECK(outside.peers.peer(2).greetings == 1);
  CHECK(daemon.health.of(peer_name(2)).state == Reachability::reachable);
}

TEST_CASE("a daemon killed between delivery and record delivers again, and nothing is doubled") {
  Outside outside;
  {
    Daemon daemon{outside};
    daemon.start();
    daemon.owe(1, 3);
    daemon.gate.dies_at_commit = true;
    outside.timers.pass(1s);
    CHECK(outside.peers.peer(1).held.size() == 3);
    CHECK(daemon.owes(1));  // The record was lost.
  }
  Daemon daemon{outside};
  daemon.start();
  outside.timers.pass(1s);
  const FakePeer& peer = outside.peers.peer(1);
  CHECK_FALSE(daemon.owes(1));
  CHECK(peer.batches == std::vector<std::size_t>{3, 3});
  CHECK(peer.held.size() == 3);
  CHECK(peer.duplicates == 3);
}

TEST_CASE("stop ends every loop, wherever it waits, and takes no shutdown for a failure") {
  Outside outside;
  auto daemon = std::make_unique<Daemon>(outside);
  outside.peers.peer(1).latency = 5s;   // In a greeting.
  outside.peers.peer(2).is_up = false;  // In back-off.
  outside.peers.peer(3).defers = 1000;  // In a pause.
  daemon->start();
  for (int i = 1; i <= 4; ++i) daemon->owe(i);  // The fourth idles.
  outside.timers.pass(14s);
  outside.peers.peer(1).latency = 30s;
  daemon->owe(1);
  for (int i = 10; i < 80; ++i) {  // More than the permits for peers that we have not met.
    outside.peers.peer(i).latency = 15s;
    daemon->owe(i);
  }
  outside.timers.pass(1s);
  const std::size_t lines = outside.log.lines.size();
  CHECK(daemon->tasks.count() == 75);
  daemon->stop();
  CHECK(daemon->tasks.count() == 0);
  CHECK(daemon->loops.loops() == 0);
  CHECK(outside.timers.sleepers() == 0);
  CHECK(outside.log.lines.size() == lines);
  CHECK_FALSE(daemon->health.is_failing(peer_name(1)));
  daemon->owe(1);
  outside.timers.pass(1s);
  CHECK(daemon->tasks.count() == 0);
}

}  // namespace
}  // namespace cpc::tests
