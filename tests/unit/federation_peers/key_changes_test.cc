// Signing keys follow each other between two instances: what is new is found out at once, what is
// revoked is refused at once, and what waited is signed anew before it travels.

#include "core/contact.h"
#include "federation/frame_codec.h"
#include "federation/resigning_loop.h"
#include "tests/unit/federation_peers/world.h"

namespace cpc::tests {
namespace {

struct Changing : World {
  crypto::SigningKey next_key() const { return Side::key("alpha.cpc/next"); }

  /// As `cpcctl key rotate --ahead-hours 0`, and as `cpcctl key revoke` for the first key.
  void follow(bool is_revoking) {
    federation::DelegationChange change;
    const TimePoint now = alpha.timers.now();
    change.new_key.emplace(federation::DelegationChange::NewKey{next_key().public_key(), now});
    if (is_revoking) change.revoked = alpha.signing().id();
    const federation::DelegationRequest request{alpha.keys.delegation(), std::move(change)};
    auto next = federation::next_delegation(request, alpha.root(), {}, now);
    alpha.keys.follow(std::move(next).value(), next_key());
    REQUIRE(run(alpha.document->renew()));
  }
  Result<> deliver(const crypto::SigningKey& key) {
    core::ConsentFrame frame;
    frame.from.address = address("ann@alpha.cpc");
    frame.to = address("ben@beta.cpc");
    core::FramePart part;
    part.first = 1;
    part.items.push_back({frame.id, federation::sign_frame(frame, key).jws});
    core::Batch batch;
    batch.frames = std::move(part);
    const auto answer = run(alpha.exchange->deliver(beta.home.name, std::move(batch)));
    if (!answer) return answer.error();
    return success();
  }
  std::optional<federation::WireCode> code_of_hello(const crypto::SigningKey& key) {
    REQUIRE(greet());
    federation::HttpRequest request = beta.host().last;
    std::erase_if(request.headers.list, [](const auto& header) {
      return header.name.starts_with("cpc-") || header.name.starts_with("signature") ||
             header.name == "content-digest";
    });
    federation::RequestSigning signing{"alpha.cpc", "beta.cpc", alpha.timers.now(), {}};
    signing.nonce = federation::Nonce::from_bytes(alpha.random.bytes(16)).value();
    REQUIRE(sign_request(request, signing, key));
    const federation::LinkTarget target{beta.home.name, beta.settings.endpoints, {}};
    const auto reply = run(network.exchange(target, std::move(request), {}));
    if (reply.value().status == 200) return std::nullopt;
    return read_problem(reply.value()).value().code;
  }
};

}  // namespace

TEST_CASE("a key that takes over at once is looked up once, and nothing is refused") {
  Changing world;
  REQUIRE(world.greet());
  world.timers.pass(2min);
  world.follow(false);
  const int fetches = world.alpha.host().fetches;
  REQUIRE(world.greet());
  REQUIRE(world.greet());
  CHECK(world.alpha.host().fetches == fetches + 1);
  CHECK(world.code_of_hello(world.alpha.signing()) == std::nullopt);  // They overlap.
}

TEST_CASE("a revoked key is refused as soon as the peer has heard of another one") {
  Changing world;
  CHECK(world.code_of_hello(world.alpha.signing()) == std::nullopt);
  world.timers.pass(2min);
  world.follow(true);
  CHECK(world.code_of_hello(world.alpha.signing()) == federation::WireCode::unknown_key);
  CHECK(world.code_of_hello(world.next_key()) == std::nullopt);
}

TEST_CASE("what a revoked key signed is not sent, and is asked to be signed anew") {
  Changing world;
  int asked = 0;
  world.alpha.wants_signing = [&] { ++asked; };
  world.restart(world.alpha);
  world.timers.pass(2min);
  REQUIRE(world.deliver(world.alpha.signing()));
  world.follow(true);
  const int before = world.beta.host().requests;
  CHECK(failure_of(world.deliver(world.alpha.signing())) == ErrorCode::unavailable);
  CHECK(asked == 1);
  CHECK(world.beta.host().requests == before);
  CHECK(why(world.deliver(world.next_key())) == "ok");
  CHECK(asked == 1);
}

}  // namespace cpc::tests
