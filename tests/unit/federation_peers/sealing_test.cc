// Transactions are sealed to the peer they are for, by keys that follow each other.

#include "federation/sealed_body.h"
#include "tests/unit/federation_peers/world.h"

namespace cpc::tests {
namespace {

struct Delivery : World {
  Result<core::Answer> deliver() {
    return run(alpha.exchange->deliver(beta.home.name, core::Batch{}));
  }
  [[nodiscard]] std::string last_type() const {
    return std::string{beta.host().last.headers.find("content-type").value_or("")};
  }
  [[nodiscard]] bool was_readable() const {
    return beta.host().last.body.find("store_epoch") != Bytes::npos;
  }
  /// beta's answer to `body` under alpha's own signature, in a transaction of this id.
  std::string code_of(const Bytes& body, const std::string& id = "AAAAAAAAAAAAAAAAAAAAAA",
                      std::string_view type = federation::sealed_type) {
    federation::HttpRequest request;
    request.method = "PUT";
    request.path = "/cpc/fed/v1/txn/" + id;
    request.headers.list.push_back({"content-type", std::string{type}});
    request.body = body;
    federation::RequestSigning signing{"alpha.cpc", "beta.cpc", alpha.timers.now(), {}};
    signing.nonce = federation::Nonce::from_bytes(alpha.random.bytes(16)).value();
    REQUIRE(sign_request(request, signing, *alpha.keys.signing(alpha.timers.now())));
    const federation::LinkTarget target{beta.home.name, beta.settings.endpoints, {}};
    const auto reply = run(network.exchange(target, std::move(request), {}));
    if (reply.value().status == 200) return "ok";
    return std::string{to_text(read_problem(reply.value()).value().code)};
  }
  [[nodiscard]] Bytes sealed(const std::string& id, const core::Iid& from, const core::Iid& to) {
    const Bytes body =
        federation::encode_batch(core::Batch{}, {alpha.home.epoch, alpha.home.boot_counter});
    const auto randomness = crypto::Seed::from_bytes(alpha.random.bytes(32)).value();
    return federation::seal_body(beta.keys.sealing.newest()->public_key(), {from, to, id}, body,
                                 randomness);
  }
};

const std::string one_id = "AAAAAAAAAAAAAAAAAAAAAA";
const std::string other_id = "BBBBBBBBBBBBBBBBBBBBBA";

TEST_CASE("a transaction to a peer with a sealing key is sealed, each time anew") {
  Delivery world;
  REQUIRE(world.deliver());
  CHECK(world.last_type() == "application/cpc-sealed");
  CHECK_FALSE(world.was_readable());
  const Bytes first = world.beta.host().last.body;
  REQUIRE(world.deliver());
  const Bytes second = world.beta.host().last.body;
  CHECK(first.substr(0, 32) == second.substr(0, 32));
  CHECK(first.substr(32, 32) != second.substr(32, 32));
}

TEST_CASE("a peer without a sealing key is sent plain transactions") {
  Delivery world;
  world.beta.keys.sealing = {};
  world.restart(world.beta);
  world.timers.pass(1min);
  REQUIRE(world.deliver());
  CHECK(world.last_type() == "application/cpc-txn+json");
  CHECK(world.was_readable());
}

TEST_CASE("a key that a peer does not have any more costs a look at its document, and no message") {
  Delivery world;
  REQUIRE(world.deliver());
  world.beta.keys.sealing = {};
  const crypto::KeyId next = world.beta.make_sealing_key("next");
  REQUIRE(world.run(world.beta.document->renew()));
  const int fetches = world.beta.host().fetches;
  REQUIRE(world.deliver());
  CHECK(world.beta.host().fetches == fetches + 1);
  CHECK(federation::sealed_to(world.beta.host().last.body).value() == next);
}

TEST_CASE("what was sealed to the key before the newest still opens") {
  Delivery world;
  REQUIRE(world.deliver());
  world.timers.pass(1h);
  world.beta.make_sealing_key("next");
  const int fetches = world.beta.host().fetches;
  REQUIRE(world.deliver());
  CHECK(world.beta.host().fetches == fetches);
}

TEST_CASE("a sealed body opens in the transaction it was made for, and nowhere else") {
  Delivery world;
  const core::Iid& alpha = world.alpha.home.iid;
  const core::Iid& beta = world.beta.home.iid;
  REQUIRE(world.code_of(world.sealed(one_id, alpha, beta), one_id) == "ok");
  CHECK(world.code_of(world.sealed(one_id, alpha, beta), other_id) == "MALFORMED");
  CHECK(world.code_of(world.sealed(one_id, beta, beta), one_id) == "MALFORMED");
  CHECK(world.code_of(world.sealed(one_id, alpha, alpha), one_id) == "MALFORMED");
  Bytes altered = world.sealed(one_id, alpha, beta);
  altered.back() = static_cast<char>(altered.back() ^ 1);
  CHECK(world.code_of(altered, one_id) == "MALFORMED");
}

TEST_CASE("what is sealed to an unknown key, cut, or of another type is refused by its code") {
  Delivery world;
  Bytes body = world.sealed(one_id, world.alpha.home.iid, world.beta.home.iid);
  CHECK(world.code_of(body.substr(0, 79)) == "MALFORMED");
  CHECK(world.code_of({}) == "MALFORMED");
  CHECK(world.code_of(body, one_id, "application/cpc-txn+json") == "MALFORMED");
  CHECK(world.code_of(body, one_id, "text/plain") == "MALFORMED");
  body[0] = static_cast<char>(body[0] ^ 1);
  CHECK(world.code_of(body) == "UNKNOWN_SEALING_KEY");
}

}  // namespace
}  // namespace cpc::tests
