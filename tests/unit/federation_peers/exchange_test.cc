// The asking side against the answering side, with clocks, keys and connections as they are in
// bad times.

#include "routing/retry_schedule.h"
#include "tests/unit/federation_peers/world.h"

namespace cpc::tests {
namespace {

using routing::FailureClass;

template <class T>
std::string detail_of(const Result<T>& result) {
  return result ? "" : result.error().detail;
}

std::string last_code(const KeptLog& log) {
  return log.lines.empty() ? "" : log.lines.back().value("code");
}

TEST_CASE("a peer that just began says retry, and is asked again by its clock") {
  World world;
  REQUIRE(world.greet());
  world.alpha.timers.skew = -30s;
  world.restart(world.beta);
  const int before = world.beta.host().requests;
  CHECK(detail_of(world.greet()) == "");
  CHECK(world.beta.host().requests == before + 2);
  CHECK(last_code(world.beta.log) == "RETRY");
  world.timers.pass(10s);
  CHECK(detail_of(world.greet()) == "");  // The peer's clock is known now.
  CHECK(world.beta.host().requests == before + 3);
}

TEST_CASE("clocks far apart cost one more request, either way") {
  for (const Milliseconds skew : {Milliseconds{10min}, Milliseconds{-4min}}) {
    World world;
    REQUIRE(world.greet());
    world.alpha.timers.skew = skew;
    const int before = world.beta.host().requests;
    CHECK(detail_of(world.greet()) == "");
    CHECK(world.beta.host().requests == before + 2);
    CHECK(last_code(world.beta.log) == "CLOCK_SKEW");
  }
}

TEST_CASE("a clock that was ahead at the start and is set right refuses nobody") {
  World world;
  REQUIRE(world.greet());
  world.beta.timers.skew = 48h;
  world.restart(world.beta);
  world.timers.pass(10s);
  world.beta.timers.skew = 0s;
  REQUIRE(world.run(world.beta.document->renew()));
  const int before = world.beta.host().requests;
  CHECK(detail_of(world.greet()) == "");
  CHECK(world.beta.host().requests == before + 1);
}

TEST_CASE("a copy of a request from before the start is refused, though its nonce is forgotten") {
  World world;
  REQUIRE(world.greet());
  const federation::HttpRequest seen = world.beta.host().last;
  world.timers.pass(2s);
  world.restart(world.beta);
  const auto replayed = world.begin(
      world.network.exchange({world.beta.home.name, world.beta.settings.endpoints, {}}, seen, {}));
  world.timers.pass(1s);
  CHECK(read_problem((*replayed)->value()).value().code == federation::WireCode::retry);
}

TEST_CASE("a request that a broken connection delivered twice is signed anew, not given up") {
  World world;
  REQUIRE(world.greet());
  world.beta.host().sends_twice = true;
  const int before = world.beta.host().requests;
  CHECK(detail_of(world.greet()) == "");
  CHECK(world.beta.host().requests == before + 3);
  CHECK(last_code(world.beta.log) == "REPLAY");
}

TEST_CASE("a peer's new TLS key is learnt at once, also right after the last look") {
  World world;
  REQUIRE(world.greet());
  world.beta.host().tls_key = id_of<Digest>("another");
  world.restart(world.beta);
  world.timers.pass(2s);
  const int before = world.beta.host().fetches;
  CHECK(detail_of(world.greet()) == "");
  CHECK(world.beta.host().fetches == before + 1);
}

TEST_CASE("a TLS key that the document does not name gets nothing") {
  World world;
  REQUIRE(world.greet());
  world.beta.host().tls_key = id_of<Digest>("who sits in between");
  const int before = world.beta.host().requests;
  CHECK(failure_of(world.greet()) == ErrorCode::denied);
  CHECK(world.beta.host().requests == before);
  world.beta.host().is_up = false;
  CHECK(failure_of(world.greet()) == ErrorCode::unavailable);
}

TEST_CASE("a greeting tells of a new document, and it is fetched at once, and once a minute") {
  World world;
  REQUIRE(world.greet());
  world.timers.pass(10s);
  REQUIRE(world.run(world.alpha.document->renew()));
  REQUIRE(world.greet());
  CHECK(world.alpha.host().fetches == 2);
  REQUIRE(world.run(world.alpha.document->renew()));
  REQUIRE(world.greet());  // beta has asked for news just now.
  CHECK(world.alpha.host().fetches == 2);
  world.timers.pass(1min);
  REQUIRE(world.greet());
  CHECK(world.alpha.host().fetches == 3);
  const auto known = world.beta.directory->known(world.alpha.home.name);
  CHECK(known->operational_serial == world.alpha.document->serial());
}

TEST_CASE("a store that fails makes us busy, not new") {
  World world;
  REQUIRE(world.greet());
  world.beta.gate.failures = 1;
  const auto greeted = world.greet();
  CHECK(detail_of(greeted).starts_with("BUSY"));
  CHECK(routing::failure_of(greeted.error()).kind == FailureClass::asked_for_time);
}

TEST_CASE("a signature lives for a minute") {
  World world;
  REQUIRE(world.greet());
  const auto parsed = federation::parse_request_signature(world.beta.host().last);
  REQUIRE(parsed.has_value());
  CHECK(parsed.value().expires - parsed.value().created == 60s);
}

TEST_CASE(
    "what strangers send leaves one line a minute for each code, with who they say they are") {
  World world;
  federation::HttpRequest request;
  request.method = "POST";
  request.path = "/cpc/fed/v1/hello";
  request.headers.list.push_back({"cpc-origin", "beta.cpc\nlevel=info"});
  const auto knock = [&] {
    const auto reply = world.begin(world.network.exchange(
        {world.beta.home.name, world.beta.settings.endpoints, {}}, request, {}));
    world.timers.pass(100ms);
    CHECK((*reply)->value().status == 400);
  };
  for (int i = 0; i < 500; ++i) knock();
  REQUIRE(world.beta.log.count("federation request refused") == 1);
  CHECK(world.beta.log.lines.back().value("claimed_origin") == "beta.cpc\nlevel=info");
  world.timers.pass(1min);
  knock();
  REQUIRE(world.beta.log.count("federation request refused") == 2);
  CHECK(world.beta.log.lines.back().value("left_out") == "499");
}

TEST_CASE("what a peer takes in one transaction bounds what it is sent") {
  World world;
  const core::DeliveryLimits ours;
  const auto limits = [&] { return world.alpha.exchange->limits_of(world.beta.home.name, ours); };
  CHECK(limits().entries_max == ours.entries_max);
  CHECK(limits().bytes_max == ours.bytes_max);
  world.beta.settings.transaction_entries_max = 7;
  world.beta.settings.transaction_bytes_max = 256 * 1024;
  world.restart(world.beta);
  world.timers.pass(1s);
  REQUIRE(world.greet());
  CHECK(limits().entries_max == 7);
  CHECK(limits().bytes_max == federation::delivery_bytes_max(256 * 1024));
  CHECK(limits().bytes_max < 256 * 1024);
  CHECK(limits().lanes_max == ours.lanes_max);
}

}  // namespace
}  // namespace cpc::tests
