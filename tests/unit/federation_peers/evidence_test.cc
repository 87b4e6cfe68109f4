// What a peer signed can be shown to others.
#include "federation/proof.h"
#include "federation/signing_loop.h"
#include "routing/task_group.h"
#include "tests/unit/federation_peers/world.h"

namespace cpc::tests {
namespace {

using federation::Proof;

core::Answer answer_of(World& world) {
  core::Batch batch;
  core::ReceiptPart receipt;
  receipt.wire_id = id_of<core::WireId>("some log");
  receipt.member = id_of<core::MemberId>("anna");
  receipt.read = {1, 4};
  batch.receipts.push_back(receipt);
  const auto answer = world.run(world.alpha.exchange->deliver(world.beta.home.name, batch));
  REQUIRE(answer.has_value());
  return answer.value();
}

bool proves(World& world, const Proof& proof) {
  return verify_reply(proof.reply, proof.request,
                      world.beta.keys.signing(world.timers.now())->public_key())
      .has_value();
}

TEST_CASE("an answer comes with the signed exchange, which proves itself without the body sent") {
  World world;
  const core::Answer answer = answer_of(world);
  const auto proof = federation::decode_proof(answer.proof);
  REQUIRE(proof.has_value());
  CHECK(proves(world, proof.value()));
  CHECK(proof.value().request.method == "PUT");
  CHECK(proof.value().request.path == world.beta.host().last.path);
  CHECK(proof.value().request.body.empty());
  const auto told = federation::decode_answer(proof.value().reply.body);
  REQUIRE(told.has_value());
  REQUIRE(told.value().lanes.size() == 1);
  CHECK(told.value().lanes[0].wire_id == id_of<core::WireId>("some log"));
  // Our own signature over the request stands there as well: which transaction it was.
  const auto ours = parse_request_signature(proof.value().request);
  REQUIRE(ours.has_value());
  CHECK(world.alpha.keys.signing(world.timers.now())
            ->public_key()
            .verifies(ours.value().signature, ours.value().base));
  CHECK(proof.value().request.headers.find("content-digest") ==
        world.beta.host().last.headers.find("content-digest"));
}

TEST_CASE("a proof in which anything was changed proves nothing") {
  World world;
  const Proof proof = federation::decode_proof(answer_of(world).proof).value();
  Proof changed = proof;
  changed.reply.body.replace(changed.reply.body.find("defer"), 5, "ok");
  CHECK_FALSE(proves(world, changed));
  changed = proof;
  for (auto& header : changed.request.headers.list) {
    if (header.name == "signature") header.value.replace(6, 4, "AAAA");
  }
  CHECK_FALSE(proves(world, changed));
  changed = proof;
  changed.reply.status = 201;
  CHECK_FALSE(proves(world, changed));
  CHECK(proves(world, proof));
}

TEST_CASE("the latest hello of a peer is kept, and a greeting does not fail for want of a store") {
  World world;
  REQUIRE(world.greet());
  world.timers.pass(10s);
  REQUIRE(world.greet());
  const auto& rows = world.alpha.gate.store.rows<core::Evidence>();
  REQUIRE(rows.size() == 1);
  const core::Evidence& row = rows.begin()->second;
  CHECK(row.number == 0);
  CHECK(world.timers.now() - row.at < 5s);
  const auto proof = federation::decode_proof(row.proof);
  REQUIRE(proof.has_value());
  CHECK(proves(world, proof.value()));
  CHECK(federation::decode_hello(proof.value().reply.body).value().mark.epoch ==
        world.beta.home.epoch);
}

TEST_CASE("evidence goes after thirty days, also of a peer that nothing is sent to any more") {
  World world;
  Side& alpha = world.alpha;
  const auto put = [&](std::int64_t number, Milliseconds age) {
    const core::Evidence row{world.beta.home.name, number, world.timers.now() - age, {}, {}, "p"};
    REQUIRE(alpha.gate.store.transact([&](core::Transaction& tx) -> Result<> {
      tx.put(row);
      return success();
    }));
  };
  put(1, 24h * 30 + 1min);
  put(2, 24h * 30 - 30min);
  put(3, 24h * 29);
  routing::WakeUps wake_ups;
  federation::LoopParts parts{alpha.home,   alpha.keys, alpha.gate, alpha.timers,
                              alpha.random, alpha.pool, wake_ups,   alpha.log};
  routing::TaskGroup tasks{world.io.get_executor(), alpha.log};
  tasks.start("expiry", run_expiry_loop(parts));
  const auto& rows = alpha.gate.store.rows<core::Evidence>();
  world.timers.pass(1s);
  REQUIRE(rows.size() == 2);
  CHECK(rows.begin()->second.number == 2);
  world.timers.pass(1h);
  REQUIRE(rows.size() == 1);
  CHECK(rows.begin()->second.number == 3);
  tasks.stop();
  world.timers.settle();
}

TEST_CASE("a proof is read back as it was written, and nothing else is one") {
  federation::HttpRequest request{"PUT", "/a", "b=c", {{{"x", "1"}, {"y", "2"}, {"y", "3"}}}, "z"};
  federation::HttpReply reply{200, {{{"content-type", "a/b"}}}, "{\"quoted\":\"\\u0001\"}"};
  const auto back = federation::decode_proof(encode_proof(request, reply));
  REQUIRE(back.has_value());
  CHECK(back.value().request.path == "/a");
  CHECK(back.value().request.query == "b=c");
  CHECK(back.value().request.headers.find("x") == "1");
  CHECK(back.value().request.headers.count("y") == 0);
  CHECK(back.value().reply.body == reply.body);
  for (const char* text : {"", "{}", "[]", R"({"v":2,"request":{},"reply":{}})",
                           R"({"v":1,"request":{"method":"PUT","path":"/","headers":{"a":1}},)"
                           R"("reply":{"status":200,"headers":{},"body":""}})"}) {
    CHECK_FALSE(federation::decode_proof(text).has_value());
  }
}

}  // namespace
}  // namespace cpc::tests
