#include "routing/peer_health.h"

#include <catch2/catch.hpp>

namespace cpc::routing {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start{std::chrono::hours{24 * 365 * 56}};
constexpr Instant at(TimePoint wall) {
  return {wall, SteadyPoint{wall - start + 5h}};
}
const Failure no_answer{FailureClass::unreachable, "unreachable"};
const core::InstanceName beta = core::InstanceName::parse("beta.cpc").value();

TEST_CASE("a peer that was never tried is neither reachable nor failing") {
  const PeerHealth health;
  CHECK(health.of(beta).state == Reachability::never);
  CHECK_FALSE(health.is_failing(beta));
  CHECK_FALSE(health.next_try_at(beta).has_value());
  CHECK(health.all().empty());
}

TEST_CASE("failures are counted from the first one, and a success forgets them") {
  PeerHealth health;
  CHECK(health.failed(beta, no_answer, at(start), 0.5));
  CHECK_FALSE(health.failed(beta, {FailureClass::refused, "NOT_PEERED"}, at(start + 2s), 0.5));
  const PeerStatus failing = health.of(beta);
  CHECK(failing.state == Reachability::unreachable);
  CHECK(failing.first_failure == at(start).steady);
  CHECK(failing.attempts == 2);
  CHECK(failing.last_error == "NOT_PEERED");
  CHECK(failing.next_try_at == start + 2s + 1h);
  CHECK(health.next_try_at(beta) == failing.next_try_at);
  CHECK_FALSE(failing.last_success_at.has_value());

  CHECK(health.succeeded(beta, start + 1min));
  CHECK_FALSE(health.succeeded(beta, start + 2min));
  const PeerStatus healthy = health.of(beta);
  CHECK(healthy.state == Reachability::reachable);
  CHECK(healthy.attempts == 0);
  CHECK(healthy.last_error.empty());
  CHECK(healthy.last_success_at == start + 2min);

  CHECK(health.failed(beta, no_answer, at(start + 3min), 0.5));
  CHECK(health.of(beta).first_failure == at(start + 3min).steady);
  CHECK(health.of(beta).last_success_at == start + 2min);
}

TEST_CASE("a wall clock that is set back while a peer fails puts off no try") {
  PeerHealth health;
  health.failed(beta, no_answer, at(start), 0.5);
  Instant later = at(start + 2s);
  CHECK(health.of(beta).try_due == later.steady);
  later.wall -= 24h * 30;
  health.failed(beta, no_answer, later, 0.5);
  CHECK(health.of(beta).try_due == later.steady + 5s);
  CHECK(health.next_try_at(beta) == later.wall + 5s);
  later.steady += 2s;
  health.saw_inbound(beta, later);
  CHECK(health.of(beta).try_due == later.steady);
}

TEST_CASE("what a peer asked for is honoured once") {
  PeerHealth health;
  health.asked_to_wait(beta, 20min);
  health.failed(beta, {FailureClass::asked_for_time, "BUSY"}, at(start), 0.5);
  CHECK(health.next_try_at(beta) == start + 20min);
  health.failed(beta, no_answer, at(start + 20min), 0.5);
  CHECK(health.next_try_at(beta) == start + 20min + 5s);
}

struct Probes {
  PeerHealth health;
  int count = 0;
  Probes() {
    health.on_probe([this](const core::InstanceName&) { ++count; });
  }
  void fail_for_long(FailureClass failure = FailureClass::unreachable) {
    for (int i = 0; i < 20; ++i) health.failed(beta, {failure, "word"}, at(start), 0.5);
  }
};

TEST_CASE("inbound traffic leads to a probe at most every 10 s and ends no failing state") {
  Probes probes;
  probes.fail_for_long();
  probes.health.saw_inbound(beta, at(start + 1s));
  CHECK(probes.count == 1);
  CHECK(probes.health.next_try_at(beta) == start + 1s);
  probes.fail_for_long();  // The probe failed.
  probes.health.saw_inbound(beta, at(start + 11s - 1ms));
  CHECK(probes.count == 1);
  probes.health.saw_inbound(beta, at(start + 11s));
  CHECK(probes.count == 2);
  CHECK(probes.health.is_failing(beta));
  CHECK(probes.health.of(beta).last_contact_at == start + 11s);
}

TEST_CASE("inbound traffic does not cut the wait of a peer that asked for time") {
  Probes probes;
  probes.fail_for_long(FailureClass::asked_for_time);
  probes.health.saw_inbound(beta, at(start + 1s));
  CHECK(probes.count == 0);
  CHECK(probes.health.next_try_at(beta) == start + 15min);
}

TEST_CASE("the operator's retry is not limited, and does nothing for a healthy peer") {
  Probes probes;
  CHECK_FALSE(probes.health.retry_now(beta, at(start)));
  probes.fail_for_long(FailureClass::asked_for_time);
  CHECK(probes.health.retry_now(beta, at(start + 1s)));
  probes.fail_for_long();
  CHECK(probes.health.retry_now(beta, at(start + 2s)));
  CHECK(probes.count == 2);
  probes.health.succeeded(beta, start + 3s);
  CHECK_FALSE(probes.health.retry_now(beta, at(start + 4s)));
  CHECK(probes.count == 2);
}

TEST_CASE("strangers' traffic cannot fill the memory") {
  PeerHealth health;
  const auto name = [](std::size_t i) {
    return core::InstanceName::parse("peer" + std::to_string(i) + ".cpc").value();
  };
  for (std::size_t i = 0; i < PeerHealth::peers_max + 10; ++i)
    health.saw_inbound(name(i), at(start));
  CHECK(health.all().size() == PeerHealth::peers_max);
  CHECK(health.failed(beta, no_answer, at(start), 0.5));  // Whom we write to is always kept.
  CHECK(health.is_failing(beta));
}

}  // namespace
}  // namespace cpc::routing
