// cpcctl peer evidence
#include <catch2/catch.hpp>

#include "daemon/admin_protocol/codec.h"
#include "tests/unit/cli/fixture.h"

namespace cpc::cli {
namespace {

using admin_protocol::PeerEvidence;
using admin_protocol::PeerEvidenceRequest;

PeerEvidence some() {
  PeerEvidence evidence;
  evidence.name = "west.cpc";
  evidence.iid = "iid-1";
  evidence.rows = {{4, from_milliseconds(60'000), "FORK", {"log c-1 fork 1/5"}},
                   {2, from_milliseconds(0), "", {"consent ok 0/3", "log c-2 ok 1/9"}},
                   {0, from_milliseconds(0), "", {}}};
  return evidence;
}

TEST_CASE("peer evidence tells what was signed, the latest first") {
  Cpcctl cpcctl;
  cpcctl.daemon.answer<PeerEvidenceRequest>(some());
  const Said said = cpcctl({"peer", "evidence", "west.cpc"});
  CHECK(said.status == 0);
  CHECK(said.out == R"(NUMBER  TAKEN                 WHAT          LANE
     4  1970-01-01 00:01:00Z  FORK          log c-1 fork 1/5
     2  1970-01-01 00:00:00Z  acknowledged  consent ok 0/3
                                            log c-2 ok 1/9
     0  1970-01-01 00:00:00Z  hello         -
3 signed answers of west.cpc (iid-1)
)");
  CHECK(cpcctl.daemon.asked[0].body == R"({"name":"west.cpc"})");
  CHECK(cpcctl({"peer", "evidence", "west.cpc", "--json"}).out ==
        admin_protocol::encode(some()) + "\n");
}

TEST_CASE("one signed answer is written out as one JSON document") {
  Cpcctl cpcctl;
  PeerEvidence one = some();
  one.rows.resize(1);
  one.proof = R"({"v":1})";
  one.document = "{}";
  cpcctl.daemon.answer<PeerEvidenceRequest>(one);
  const Said said = cpcctl({"peer", "evidence", "west.cpc", "--number", "4"});
  CHECK(said.status == 0);
  CHECK(said.out == admin_protocol::encode(one) + "\n");
  CHECK(cpcctl.daemon.asked[0].body == R"({"name":"west.cpc","number":4})");
  // What has a place of its own has a number below zero.
  CHECK(cpcctl({"peer", "evidence", "west.cpc", "--number", "-2"}).status == 0);
  CHECK(cpcctl.daemon.asked[1].body == R"({"name":"west.cpc","number":-2})");
}

TEST_CASE("peer evidence refuses what is no name and no number, and tells what is not there") {
  Cpcctl cpcctl;
  CHECK(cpcctl({"peer", "evidence", "West"}).status == exit_usage);
  CHECK(cpcctl({"peer", "evidence", "west.cpc", "--number", "one"}).status == exit_usage);
  CHECK(cpcctl.daemon.asked.empty());
  cpcctl.daemon.refuse<PeerEvidenceRequest>({"not_found.evidence", "no", "none", "look"});
  CHECK(cpcctl({"peer", "evidence", "west.cpc", "--number", "9"}).status == exit_not_found);
}

}  // namespace
}  // namespace cpc::cli
