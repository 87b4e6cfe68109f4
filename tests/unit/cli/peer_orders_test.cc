// cpcctl peer add, pin, refresh, rebind, forget, block and allow.
#include <catch2/catch.hpp>

#include "tests/unit/cli/fixture.h"

namespace {

using namespace cpc;
using namespace cpc::cli;
using namespace cpc::admin_protocol;

constexpr const char* iid = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";

PeerDetail west() {
  PeerDetail detail;
  detail.peer.name = "west.cpc";
  detail.peer.iid = iid;
  detail.document = {4, 90, std::nullopt};
  return detail;
}

TEST_CASE("peer add and peer pin ask for what was typed and tell to whom the name is pinned") {
  Cpcctl cpcctl;
  cpcctl.daemon.answer<PeerAddRequest>(west());
  cpcctl.daemon.answer<PeerPinRequest>(west());
  const std::string told = std::string{"west.cpc is pinned to "} + iid + "\n";
  const Said added = cpcctl({"peer", "add", "west.cpc", "--iid", iid, "--endpoint",
                             "198.51.100.7:8470", "--endpoint", "[2001:db8::7]:8470"});
  CHECK(added.status == 0);
  CHECK(added.out == told);
  CHECK(cpcctl.daemon.asked.back().body ==
        std::string{R"({"name":"west.cpc","iid":")"} + iid +
            R"(","endpoints":["198.51.100.7:8470","[2001:db8::7]:8470"]})");
  CHECK(cpcctl({"peer", "add", "west.cpc", "--endpoint", "198.51.100.7:8470"}).status == 0);
  CHECK(cpcctl.daemon.asked.back().body ==
        R"({"name":"west.cpc","endpoints":["198.51.100.7:8470"]})");
  CHECK(cpcctl({"peer", "pin", "west.cpc", iid}).out == told);
  CHECK(cpcctl({"peer", "add", "nobody"}).status == exit_usage);
  CHECK(cpcctl({"peer", "pin", "west.cpc"}).status == exit_usage);
}

TEST_CASE("an iid that the operator has not compared is no success") {
  Cpcctl cpcctl;
  cpcctl.daemon.refuse<PeerAddRequest>({"precond.iid_unconfirmed", "nothing was changed", "", ""});
  CHECK(cpcctl({"peer", "add", "west.cpc", "--endpoint", "198.51.100.7:8470"}).status ==
        exit_refused);
}

TEST_CASE("peer refresh tells which document is there now") {
  Cpcctl cpcctl;
  cpcctl.daemon.answer<PeerRefreshRequest>(west());
  CHECK(cpcctl({"peer", "refresh", "west.cpc"}).out ==
        "fetched the document of west.cpc: delegation 4, operational 90\n");
}

TEST_CASE("a name is bound anew only when it is typed or given again") {
  Cpcctl cpcctl;
  cpcctl.daemon.answer<PeerRebindRequest>({"west.cpc", iid, 2, 1});
  CHECK(cpcctl({"peer", "rebind", "west.cpc", iid}).status == exit_refused);
  CHECK(cpcctl({"peer", "rebind", "west.cpc", iid, "--yes=sud.cpc"}).status == exit_refused);
  cpcctl.terminal.interactive = true;
  cpcctl.terminal.typed = {"sud.cpc"};
  CHECK(cpcctl({"peer", "rebind", "west.cpc", iid}).status == exit_refused);
  CHECK(cpcctl.daemon.asked.empty());
  cpcctl.terminal.typed = {"west.cpc"};
  const Said typed = cpcctl({"peer", "rebind", "west.cpc", iid});
  CHECK(typed.status == 0);
  CHECK(typed.err.find("conversations with its people end for good") != std::string::npos);
  const Said said = cpcctl({"peer", "rebind", "west.cpc", iid, "--yes=west.cpc"});
  CHECK(said.out == std::string{"west.cpc is "} + iid +
                        " from now on; 2 conversations ended, 1 waiting request or answer "
                        "dropped\n");
  CHECK(cpcctl.daemon.asked.back().body ==
        std::string{R"({"name":"west.cpc","iid":")"} + iid + "\"}");
}

TEST_CASE("forgetting insists only with the name given again; block and allow are two words") {
  Cpcctl cpcctl;
  cpcctl.daemon.answer<PeerForgetRequest>({"west.cpc"});
  cpcctl.daemon.answer<PeerBlockRequest>({"west.cpc", true});
  CHECK(cpcctl({"peer", "forget", "west.cpc"}).out == "forgot west.cpc\n");
  CHECK(cpcctl.daemon.asked.back().body == R"({"name":"west.cpc","even_so":false})");
  CHECK(cpcctl({"peer", "forget", "west.cpc", "--yes=sud.cpc"}).status == 0);
  CHECK(cpcctl.daemon.asked.back().body == R"({"name":"west.cpc","even_so":false})");
  CHECK(cpcctl({"peer", "forget", "west.cpc", "--yes=west.cpc"}).status == 0);
  CHECK(cpcctl.daemon.asked.back().body == R"({"name":"west.cpc","even_so":true})");
  CHECK(cpcctl({"peer", "block", "west.cpc"}).out == "blocked west.cpc\n");
  CHECK(cpcctl.daemon.asked.back().body == R"({"name":"west.cpc","blocked":true})");
  CHECK(cpcctl({"peer", "allow", "west.cpc"}).out == "allowed west.cpc\n");
  CHECK(cpcctl.daemon.asked.back().body == R"({"name":"west.cpc","blocked":false})");
}

TEST_CASE("a conflict of identities is shown with both and the way out, and counted in status") {
  Cpcctl cpcctl;
  PeerDetail detail = west();
  detail.peer.state = PeerState::conflict;
  detail.peer.trust = "dnssec";
  detail.peer.source = "dns";
  detail.peer.other_iid = "the other one";
  detail.peer.other_source = "the document where it should be";
  cpcctl.daemon.answer<PeerShowRequest>(detail);
  const std::string out = cpcctl({"peer", "show", "west.cpc"}).out;
  CHECK(out.find("dnssec, by dns\n") != std::string::npos);
  CHECK(out.find("iid the other one claims the name, by the document where it should be\n") !=
        std::string::npos);
  CHECK(out.find("cpcctl peer rebind west.cpc IID\n") != std::string::npos);
  Status status;
  status.peers = {5, 3, 1};
  cpcctl.daemon.answer<StatusRequest>(status);
  CHECK(cpcctl({"status"}).out.find("1 name that two instances claim") != std::string::npos);
}

}  // namespace
