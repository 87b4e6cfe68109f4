// What a peer signed is stored with what it changed.
#include <catch2/catch.hpp>

#include "tests/unit/routing/delivery_world.h"

namespace cpc::tests {
namespace {

using namespace std::chrono_literals;

std::map<std::int64_t, core::Evidence> kept(Outside& outside) {
  std::map<std::int64_t, core::Evidence> rows;
  for (const auto& [key, row] : outside.rows.of<core::Evidence>()) rows[key.number] = row;
  return rows;
}

TEST_CASE("the latest signed answer is kept in one row, through a restart of the daemon too") {
  Outside outside;
  outside.peers.peer(1).proof = "signed ";
  for (int life = 0; life < 2; ++life) {
    Daemon daemon{outside};
    daemon.start();
    for (int i = 0; i < 3; ++i) {
      daemon.owe(1);
      outside.timers.pass(1s);
      CHECK_FALSE(daemon.owes(1));
    }
  }
  const auto rows = kept(outside);
  REQUIRE(rows.size() == 1);
  CHECK(rows.begin()->second.proof == "signed 6");
  CHECK(rows.begin()->second.code.empty());
  CHECK(rows.begin()->second.lanes == core::evidence_lane(3, {}));
}

TEST_CASE("an answer that stops a lane stays, and the log names it") {
  Outside outside;
  outside.peers.peer(1).proof = "signed ";
  Daemon daemon{outside};
  daemon.start();
  daemon.owe(1);
  outside.timers.pass(1s);
  outside.peers.peer(1).blocks_with = "BAD_SIGNATURE";
  daemon.owe(1);
  outside.timers.pass(1s);
  const auto rows = kept(outside);
  REQUIRE(rows.size() == 2);
  CHECK(rows.at(2).code == "BAD_SIGNATURE");
  REQUIRE(outside.log.count("a lane is blocked") == 1);
  CHECK(outside.log.lines.back().value("evidence") == "2");
}

TEST_CASE("a peer that asks again for what it acknowledged has both answers kept") {
  Outside outside;
  FakePeer& peer = outside.peers.peer(1);
  peer.proof = "signed ";
  Daemon daemon{outside};
  daemon.start();
  daemon.owe(1, 3);
  outside.timers.pass(1s);
  peer.held.resize(1);  // Its store was restored.
  daemon.owe(1);
  outside.timers.pass(1s);
  const auto rows = kept(outside);
  REQUIRE(rows.size() >= 2);
  CHECK(rows.at(1).code == core::evidence_contradicted);
  CHECK(rows.at(1).proof == "signed 1");
  CHECK(rows.at(2).code == core::evidence_lost);
}

TEST_CASE("what could not be recorded is no evidence, and comes with the next answer") {
  Outside outside;
  outside.peers.peer(1).proof = "signed ";
  Daemon daemon{outside};
  daemon.start();
  outside.timers.pass(1s);
  daemon.owe(1);
  daemon.gate.after_read = [&] { daemon.gate.failures = 1; };  // The next call is the commit.
  outside.timers.pass(100ms);
  daemon.gate.after_read = {};
  CHECK(kept(outside).empty());
  outside.timers.pass(1min);
  const auto rows = kept(outside);
  REQUIRE(rows.size() == 1);
  CHECK(rows.begin()->second.proof == "signed 2");
}

}  // namespace
}  // namespace cpc::tests
