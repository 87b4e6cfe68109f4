// What the operator orders stands, also against a document that was on its way when he gave the
// order.

#include "tests/unit/federation_peers/table_resolver.h"
#include "tests/unit/federation_peers/world.h"

namespace cpc::tests {
namespace {

/// alpha met beta on the first use of its name, and asks for its document again.
struct Asked : World {
  Asked() {
    alpha.resolver = &dns;
    alpha.trust.tofu = true;
    start(alpha, {});
    dns.say(8470, beta.home.iid);
    REQUIRE(find(Asker::us));
    asked = begin(alpha.directory->refresh_now(beta.home.name));
    REQUIRE(network.under_way == 1);
  }
  /// The document that was asked for arrives; gives what became of the question.
  std::optional<ErrorCode> arrive() {
    timers.pass(1s);
    REQUIRE(asked->has_value());
    return failure_of(**asked);
  }
  [[nodiscard]] std::optional<core::Peer> row() {
    return snapshot_of(alpha.gate.store)->find(core::PeerKey{beta.home.name}).value();
  }
  TableResolver dns;
  Outcome<federation::PeerDirectory::Identity> asked;
};

TEST_CASE("a peer that is blocked while its document is fetched stays blocked") {
  Asked world;
  REQUIRE(world.run(world.alpha.directory->block(world.beta.home.name, true)));
  CHECK(world.arrive() == ErrorCode::unavailable);
  CHECK(world.row()->is_blocked);
  CHECK(world.row()->trust == core::Trust::tofu);
  CHECK(failure_of(world.find(Asker::us)) == ErrorCode::not_found);
}

TEST_CASE("a peer that is pinned while its document is fetched stays pinned") {
  Asked world;
  const core::Iid iid = world.beta.home.iid;
  REQUIRE(world.run(world.alpha.directory->add(world.beta.home.name, iid, {})));
  CHECK(world.arrive() == ErrorCode::unavailable);
  CHECK(world.row()->trust == core::Trust::pinned);
  CHECK(world.row()->source == "operator");
  CHECK(world.find(Asker::us));
}

TEST_CASE("a name that is freed while its document is fetched is not bound by that") {
  Asked world;
  REQUIRE(world.run(world.alpha.directory->forget(world.beta.home.name, true)));
  CHECK(world.arrive() == ErrorCode::unavailable);
  CHECK_FALSE(world.row());
  CHECK(world.find(Asker::us));  // Met again, by a question of its own.
  CHECK(world.row()->trust == core::Trust::tofu);
}

TEST_CASE("a name that is bound anew while its document is fetched is the other one at once") {
  Asked world;
  const auto other_root = Side::key("other/root"), other_signing = Side::key("other/signing");
  DocumentDraft draft = world.beta.draft();
  draft.delegation.iid = draft.operational.iid = federation::iid_of(other_root.public_key());
  draft.delegation.keys.front().key = other_signing.public_key();
  const core::Iid other = draft.delegation.iid;
  REQUIRE(world.run(world.alpha.directory->rebind(world.beta.home.name, other)));
  CHECK(world.arrive() == ErrorCode::unavailable);
  CHECK(world.row()->iid == other);
  // What the old one answered late is no evidence of anything.
  const core::EvidenceKey key{world.beta.home.name, core::evidence_of_identity};
  CHECK_FALSE(world.alpha.gate.store.rows<core::Evidence>().contains(key));
  const Bytes document = draft.signed_by(other_root, other_signing);
  world.beta.host().answer =
      [document](federation::HttpRequest) -> asio::awaitable<federation::HttpReply> {
    co_return federation::HttpReply{200, {}, document};
  };
  world.dns.say(8470, other);
  const auto found = world.find(Asker::us);
  REQUIRE(found);
  CHECK(found.value()->iid == other);
}

TEST_CASE("a peer that is asked anew is asked anew, though an older question is under way") {
  Asked world;
  const int before = world.beta.host().fetches;
  const auto anew = world.begin(world.alpha.directory->forget_caches(world.beta.home.name));
  CHECK(world.arrive() == ErrorCode::unavailable);
  REQUIRE(anew->has_value());
  CHECK((*anew)->has_value());
  CHECK(world.beta.host().fetches == before + 1);
}

}  // namespace
}  // namespace cpc::tests
