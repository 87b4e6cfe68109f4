// cpcctl route says "possible" only where nothing is known to stand in the way.

#include "daemon/route_findings.h"

#include <catch2/catch.hpp>

#include "crypto/digest.h"
#include "tests/support/document_draft.h"

namespace {

using namespace cpc;
using namespace cpc::daemon;
using admin_protocol::Route;

constexpr TimePoint then = from_milliseconds(1'800'000'000'000);
const core::InstanceName west = core::InstanceName::parse("west.cpc").value();

crypto::SigningKey key_of(const std::string& label) {
  return crypto::SigningKey::from_seed(
      crypto::Seed::from_bytes(crypto::sha256(label).view()).value());
}

core::Iid iid_of(const std::string& root) {
  return federation::iid_of(key_of(root).public_key());
}

/// What the store holds after the document of the instance with this root was accepted `then`.
core::Peer met(const std::string& root) {
  const auto draft = tests::document_draft(west, key_of(root), key_of("signing"), then);
  core::Peer row;
  row.name = west;
  row.iid = iid_of(root);
  row.document = draft.signed_by(key_of(root), key_of("signing"));
  row.delegation_serial = 1;
  row.operational_serial = 1;
  row.fetched_at = then;
  return row;
}

core::Lane lane(std::string blocked) {
  core::Lane made;
  made.peer = west;
  made.blocked = std::move(blocked);
  return made;
}

Route judged(const std::optional<core::Peer>& row, const std::vector<core::Lane>& lanes = {},
             TimePoint now = then, bool is_allowed = true) {
  Route route;
  route.endpoints.push_back({"198.51.100.7:8470", "configuration", is_allowed, ""});
  const federation::StaticPeer configured{west, iid_of("root"), {}};
  const federation::TrustPolicy policy;
  judge_route(west, federation::standing_of(&configured, row), row, lanes, {policy}, now, route);
  return route;
}

std::vector<std::string> codes(const Route& route) {
  std::vector<std::string> found;
  for (const auto& finding : route.findings) {
    CHECK_FALSE(finding.what.empty());
    CHECK_FALSE(finding.todo.empty());
    found.push_back(finding.code);
  }
  return found;
}

using Codes = std::vector<std::string>;

TEST_CASE("a peer that was never met, or is known as the configured one, can be delivered to") {
  const Route strange = judged(std::nullopt);
  CHECK(strange.deliverable);
  CHECK(codes(strange).empty());
  CHECK_FALSE(strange.document);
  const Route known = judged(met("root"), {lane("")});
  CHECK(known.deliverable);
  CHECK(codes(known).empty());
  REQUIRE(known.document);
  CHECK(known.document->expires_at == then + federation::operational_life_max);
}

TEST_CASE("a name that is bound to another iid is a conflict, and its document is not the peer's") {
  const Route route = judged(met("another root"));
  CHECK_FALSE(route.deliverable);
  REQUIRE(codes(route) == Codes{"identity_conflict"});
  CHECK(route.findings[0].what.find(to_text(iid_of("another root"))) != std::string::npos);
  CHECK_FALSE(route.document);
}

TEST_CASE("an expired document serves for a day, which is a finding, and then stops delivery") {
  const auto expires = then + federation::operational_life_max;
  CHECK(codes(judged(met("root"), {}, expires - Milliseconds{1})).empty());
  const Route stale = judged(met("root"), {}, expires);
  CHECK(stale.deliverable);
  CHECK(codes(stale) == Codes{"document_expired"});
  CHECK(stale.document);
  const Route over = judged(met("root"), {}, expires + std::chrono::hours{24});
  CHECK_FALSE(over.deliverable);
  REQUIRE(codes(over) == Codes{"document_expired"});
  CHECK(over.findings[0].stops);
}

TEST_CASE("blocked lanes are counted with their reasons; other lanes can still be delivered") {
  const Route route = judged(met("root"), {lane("FORK"), lane(""), lane("FORK")});
  CHECK(route.deliverable);
  REQUIRE(codes(route) == Codes{"lane_blocked"});
  CHECK(route.findings[0].what.starts_with("2 lanes have stopped for good (FORK)"));
  CHECK(judged(met("root"), {lane("FORK")}).findings[0].what.starts_with("1 lane has"));
}

TEST_CASE("without an endpoint that may be connected to nothing is delivered") {
  const Route route = judged(met("root"), {}, then, false);
  CHECK_FALSE(route.deliverable);
  CHECK(codes(route) == Codes{"no_endpoint"});
}

TEST_CASE("what directories say of a name counts, unless the operator vouches for it") {
  using State = federation::DirectoryWord::State;
  federation::Standing peer;
  const federation::TrustPolicy policy;
  const auto judged_by = [&](const federation::DirectoryWord& word) {
    Route route;
    judge_route(west, peer, std::nullopt, {}, {policy}, then, route);
    judge_directories(west, peer, word, policy, route);
    return route;
  };
  CHECK_FALSE(judged_by({}).deliverable);
  const Route listed = judged_by({State::active, {}, false, ""});
  CHECK(listed.deliverable);
  REQUIRE(codes(listed) == Codes{"not_met"});
  CHECK(listed.findings[0].todo.find("--probe") != std::string::npos);

  peer.iid = iid_of("root");
  peer.trust = core::Trust::directory;
  const Route gone = judged_by({State::gone, {}, false, "towns says so"});
  CHECK_FALSE(gone.deliverable);
  CHECK(codes(gone).back() == "directory_gone");
  CHECK(gone.findings.back().what == "towns says so");
  CHECK(gone.findings.back().todo.find("cpcctl peer pin west.cpc IID") != std::string::npos);
  CHECK(codes(judged_by({State::contested, {}, false, "towns says so"})).back() ==
        "identity_conflict");

  peer.trust = core::Trust::pinned;
  CHECK(codes(judged_by({State::gone, {}, false, "towns says so"})) == codes(judged_by({})));
}

}  // namespace
