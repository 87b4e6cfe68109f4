#include <catch2/catch.hpp>

#include "tests/unit/cli/fixture.h"

namespace {

using namespace cpc;
using namespace cpc::cli;
using namespace cpc::admin_protocol;

Route west() {
  Route route;
  route.name = "west.cpc";
  route.iid = "iid-of-west";
  route.trust = "pinned";
  route.dns.emplace();
  route.dns->srv = "_cpc-fed._tcp.west.cpc";
  route.dns->txt = "_cpc.west.cpc";
  route.dns->resolvers = {"192.0.2.53:53"};
  route.dns->endpoints = {"198.51.100.7:8470", "10.0.0.1:8470"};
  route.dns->ttl_ms = 300'000;
  route.endpoints = {{"198.51.100.7:8470", "dns", true, ""},
                     {"10.0.0.1:8470", "dns", false, "10.0.0.1 is private"}};
  route.deliverable = true;
  return route;
}

TEST_CASE("route shows each step") {
  Cpcctl cpcctl;
  cpcctl.daemon.answer<RouteRequest>(west());
  const Said said = cpcctl({"route", "anna@west.cpc"});
  CHECK(said.status == 0);
  CHECK(said.out == R"(to          west.cpc
trust       pinned
iid         iid-of-west
document    none of this iid yet
dns asked   192.0.2.53:53 for SRV _cpc-fed._tcp.west.cpc, TXT _cpc.west.cpc
dns answer  198.51.100.7:8470, 10.0.0.1:8470; TTL 5 min, not validated
dns iid     not told
endpoint    198.51.100.7:8470 from dns, allowed
endpoint    10.0.0.1:8470 from dns, refused: 10.0.0.1 is private
delivery    possible
)");
  CHECK(cpcctl.daemon.asked[0].body == R"({"address":"anna@west.cpc","probe":false})");
  CHECK(cpcctl({"route", "west.cpc", "--json"}).out == encode(west()) + "\n");
}

TEST_CASE("a route that leads nowhere, and a probe that fails, are status 9") {
  Cpcctl cpcctl;
  Route route = west();
  route.probe = RouteProbe{true, 12, ""};
  cpcctl.daemon.answer<RouteRequest>(route);
  const Said good = cpcctl({"route", "west.cpc", "--probe"});
  CHECK(good.status == 0);
  CHECK(good.out.find("probe       hello answered and proved in 12 ms\n") != std::string::npos);
  CHECK(cpcctl.daemon.asked[0].body ==
        R"({"address":"west.cpc","probe":true,"patience_ms":30000})");
  route.probe = RouteProbe{false, 5000, "no endpoint of the peer answers"};
  cpcctl.daemon.answer<RouteRequest>(route);
  CHECK(cpcctl({"route", "west.cpc", "--probe"}).status == 9);
  CHECK(cpcctl({"route", "west.cpc", "--probe", "--json"}).status == 9);
  route = west();
  route.deliverable = false;
  cpcctl.daemon.answer<RouteRequest>(route);
  CHECK(cpcctl({"route", "west.cpc"}).status == 9);
}

TEST_CASE("route tells what stands in the way, with what to do, in its status too") {
  Cpcctl cpcctl;
  Route route = west();
  route.findings = {{"lane_blocked", false, "a lane has stopped", "look at it"}};
  cpcctl.daemon.answer<RouteRequest>(route);
  const Said partly = cpcctl({"route", "west.cpc"});
  CHECK(partly.status == 7);
  CHECK(partly.out.find("finding     a lane has stopped\n"
                        "do          look at it\n"
                        "delivery    possible, but see the finding\n") != std::string::npos);
  route.findings.push_back({"identity_conflict", true, "another iid", "ask"});
  route.deliverable = false;
  cpcctl.daemon.answer<RouteRequest>(route);
  const Said not_at_all = cpcctl({"route", "west.cpc"});
  CHECK(not_at_all.status == 9);
  CHECK(not_at_all.out.find("delivery    not possible\n") != std::string::npos);
  // What the probe found matters more than what stopped before.
  route = west();
  route.findings = {{"lane_blocked", false, "", ""}};
  route.probe = RouteProbe{false, 5000, "no endpoint of the peer answers"};
  cpcctl.daemon.answer<RouteRequest>(route);
  CHECK(cpcctl({"route", "west.cpc", "--probe"}).status == 9);
}

TEST_CASE("the daemon is told how long cpcctl waits for a probe, and ends it before that") {
  Cpcctl cpcctl;
  cpcctl.daemon.answer<RouteRequest>(west());
  cpcctl({"--timeout", "7", "route", "west.cpc", "--probe"});
  CHECK(cpcctl.daemon.asked[0].body == R"({"address":"west.cpc","probe":true,"patience_ms":7000})");
}

TEST_CASE("a name that is not configured is status 5") {
  Cpcctl cpcctl;
  cpcctl.daemon.refuse<RouteRequest>({"not_found.peer", "the route was not shown", "", ""});
  CHECK(cpcctl({"route", "west.cpc"}).status == 5);
}

}  // namespace
