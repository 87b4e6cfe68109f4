// Batches: what closures see of each other, what is left of those that fail, and what a failed
// flush costs the others.
#include "tests/contract/store_contract.h"

namespace cpc::contract {
namespace {

core::Closure put_account(const std::string& local, std::int64_t requests_sent = 0) {
  return [=](core::Transaction& tx) -> Result<> {
    tx.put(account(local, requests_sent));
    tx.touched().accounts[local].everything = true;
    return success();
  };
}

std::set<std::string> touched_by(const store::BatchResult& batch) {
  std::set<std::string> locals;
  for (const auto& [local, touched] : batch.committed.touched.accounts) locals.insert(local);
  return locals;
}

/// A row that no engine accepts: the flush fails on the table's CHECK.
Result<> put_impossible(core::Transaction& tx) {
  auto event = unordered(1, 1, 1, "ann@alpha.cpc");
  event.state = static_cast<core::EventState>(9);
  tx.put(event);
  tx.put(account("impossible"));
  return success();
}

core::Closure expect_sent(const std::string& local, std::int64_t requests_sent) {
  return [=](core::Transaction& tx) -> Result<> {
    CPC_TRY(const auto found, tx.find(core::AccountKey{local}));
    if (!found) return fail(ErrorCode::not_found, local);
    if (found->requests_sent == requests_sent) return success();
    return fail(ErrorCode::conflict, std::to_string(found->requests_sent));
  };
}

bool exists(World& world, const std::string& local) {
  return world.committed<core::Account>({local}).has_value();
}

}  // namespace

TEST_CASE("a closure sees what an earlier one of its batch put and erased", "[contract]") {
  World world;
  world.put(account("old"));
  const auto batch = world.run_all({put_account("ann", 7), expect_sent("ann", 7),
                                    [](core::Transaction& tx) -> Result<> {
                                      tx.erase(core::AccountKey{"old"});
                                      return success();
                                    },
                                    expect_sent("old", 0)});
  CHECK(batch.results[1]);
  REQUIRE_FALSE(batch.results[3]);
  CHECK(batch.results[3].error().code == ErrorCode::not_found);
  CHECK(world.gate().statistics().commits == 2);
}

TEST_CASE("a failed closure leaves nothing and does not disturb its batch", "[contract]") {
  World world;
  const auto batch = world.run_all({put_account("ann"),
                                    [](core::Transaction& tx) -> Result<> {
                                      tx.put(account("ann", 99));
                                      tx.put(account("bob"));
                                      tx.touched().accounts["bob"].everything = true;
                                      return fail(ErrorCode::denied, "no");
                                    },
                                    expect_sent("ann", 0), put_account("cleo")});
  CHECK(batch.results[0]);
  REQUIRE_FALSE(batch.results[1]);
  CHECK(batch.results[1].error().code == ErrorCode::denied);
  CHECK(batch.results[2]);
  CHECK(batch.results[3]);
  CHECK(touched_by(batch) == std::set<std::string>{"ann", "cleo"});
  CHECK(world.committed<core::Account>({"ann"})->requests_sent == 0);
  CHECK_FALSE(exists(world, "bob"));
  CHECK(exists(world, "cleo"));
}

TEST_CASE("a closure that throws fails alone", "[contract]") {
  World world;
  const auto batch = world.run_all({put_account("ann"), [](core::Transaction& tx) -> Result<> {
                                      tx.put(account("bob"));
                                      throw std::runtime_error("a bug");
                                    }});
  CHECK(batch.results[0]);
  REQUIRE_FALSE(batch.results[1]);
  CHECK(batch.results[1].error().code == ErrorCode::internal);
  CHECK(exists(world, "ann"));
  CHECK_FALSE(exists(world, "bob"));
}

TEST_CASE("when a flush fails, each closure is run again alone and only the guilty one fails",
          "[contract]") {
  World world;
  int runs = 0;
  const auto batch =
      world.run_all({put_account("ann"), put_impossible, [&](core::Transaction& tx) -> Result<> {
                       ++runs;
                       return put_account("bob")(tx);
                     }});
  CHECK(batch.results[0]);
  REQUIRE_FALSE(batch.results[1]);
  CHECK(batch.results[1].error().code == ErrorCode::unavailable);
  CHECK(batch.results[2]);
  CHECK(runs == 2);
  CHECK(exists(world, "ann"));
  CHECK(exists(world, "bob"));
  CHECK_FALSE(exists(world, "impossible"));
  CHECK(touched_by(batch) == std::set<std::string>{"ann", "bob"});
  CHECK(world.gate().statistics().reruns == 1);
  CHECK(world.gate().statistics().commits == 2);
}

TEST_CASE("a flush that fails at any of its calls leaves nothing and spoils nothing",
          "[contract]") {
  World world;
  const std::string call =
      GENERATE("begin", "execute", "upsert accounts", "upsert peers", "erase frames", "commit");
  core::Frame frame{instance("beta.cpc"), 1, "jws"};
  world.put(frame);
  const core::Closure work = [&](core::Transaction& tx) -> Result<> {
    tx.put(account("ann"));
    core::Peer peer;
    peer.name = instance("beta.cpc");
    tx.put(peer);
    tx.erase(frame.key());
    return success();
  };
  const auto n = world.gate().last_n();
  world.faults->before = failing(call);
  const auto refused = world.run(work);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::unavailable);
  world.faults->before = nullptr;
  CHECK_FALSE(exists(world, "ann"));
  CHECK(world.committed<core::Frame>(frame.key()));
  CHECK(world.gate().last_n() == n);
  CHECK_FALSE(world.run(expect_sent("ann", 0)));  // The cache did not believe it either.
  CHECK(world.run(work));
  CHECK(exists(world, "ann"));
  CHECK_FALSE(world.committed<core::Frame>(frame.key()));
}

TEST_CASE("the cache changes only after the commit", "[contract]") {
  World world;
  world.put(account("ann", 1));
  REQUIRE(world.run(expect_sent("ann", 1)));
  world.faults->before = failing("commit");
  CHECK_FALSE(world.run(put_account("ann", 2)));
  world.faults->before = nullptr;
  CHECK(world.run(expect_sent("ann", 1)));
  CHECK(world.run(put_account("ann", 3)));
  const auto asked = world.faults->calls;
  CHECK(world.run(expect_sent("ann", 3)));
  CHECK(world.faults->calls == asked);  // Answered from memory.
  CHECK(world.gate().statistics().cache_hits > 0);
}

TEST_CASE("absence is remembered, and forgotten when the row is put", "[contract]") {
  World world;
  CHECK_FALSE(world.run(expect_sent("ann", 0)));
  const auto asked = world.faults->calls;
  CHECK_FALSE(world.run(expect_sent("ann", 0)));
  CHECK(world.faults->calls == asked);
  world.put(account("ann", 5));
  CHECK(world.run(expect_sent("ann", 5)));
}

TEST_CASE("bodies, frames and idempotency keys are never kept in memory", "[contract]") {
  World world;
  const auto event = ordered(1, 1, 1, "ann@alpha.cpc");
  world.put(event);
  for (int time = 0; time < 2; ++time) {
    const auto asked = world.faults->calls;
    CHECK(world.run([&](core::Transaction& tx) -> Result<> {
      CPC_TRY(const auto found, tx.find(event.key()));
      return found ? Result<>{success()} : fail(ErrorCode::not_found, "event");
    }));
    CHECK(world.faults->calls > asked);
  }
}

TEST_CASE("a small cache forgets, and nothing else changes", "[contract]") {
  World world{{.accounts_max = 2}};
  for (int i = 0; i < 8; ++i) world.put(account("p" + std::to_string(i), i));
  for (int i = 0; i < 8; ++i) CHECK(world.run(expect_sent("p" + std::to_string(i), i)));
}

TEST_CASE("a put that changes nothing is not written and gets no n", "[contract]") {
  World world;
  auto row = conversation(1, "ann@alpha.cpc", "bob@beta.cpc");
  world.put(row, account("ann", 1));
  const auto n = world.gate().last_n();
  const auto commits = world.gate().statistics().commits;
  world.put(row, account("ann", 1));
  CHECK(world.gate().last_n() == n);
  CHECK(world.gate().statistics().commits == commits);
  row.drafts = 1;
  world.put(row);
  CHECK(world.gate().last_n() == n + 1);
}

TEST_CASE("a batch that only reads needs no commit and still wakes", "[contract]") {
  World world;
  const auto batch = world.run_all({[](core::Transaction& tx) -> Result<> {
    tx.touched().inbox = true;
    return success();
  }});
  CHECK(batch.committed.touched.inbox);
  CHECK(world.gate().statistics().commits == 0);
}

TEST_CASE("a store that cannot be read refuses the batch and recovers", "[contract]") {
  World world;
  world.put(account("ann", 1));
  world.reopen(2);
  world.faults->before = failing("find");
  const auto refused = world.gate().run_batch(
      {{{core::AccountKey{"ann"}}, expect_sent("ann", 1)}, {{}, put_account("bob")}});
  for (const auto& result : refused.results) {
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::unavailable);
  }
  world.faults->before = nullptr;
  CHECK_FALSE(exists(world, "bob"));
  CHECK(world.run(expect_sent("ann", 1)));  // The failure was not taken for absence.
}

TEST_CASE("a commit that took place although it reported a failure counts as done", "[contract]") {
  World world;
  world.faults->after = failing("commit");
  const auto batch = world.run_all({put_account("ann"), put_account("bob")});
  world.faults->after = nullptr;
  CHECK(batch.results[0]);
  CHECK(batch.results[1]);
  CHECK(world.gate().statistics().reruns == 0);
  CHECK(exists(world, "ann"));
  world.put(account("cleo"));
  CHECK(exists(world, "cleo"));
}

namespace {

/// Takes the transaction back, as a deadlock would, the first `times` calls that begin with `call`.
std::function<Result<>(const std::string&)> taking_back(const std::string& call, int times) {
  return [call, left = times](const std::string& name) mutable -> Result<> {
    if (!name.starts_with(call) || left-- <= 0) return success();
    return fail(ErrorCode::conflict, "planted: taken back");
  };
}

}  // namespace

TEST_CASE("what the engine takes back for a reason that passes is run again whole", "[contract]") {
  World world;
  for (const std::string call : {"execute", "upsert accounts", "commit"}) {
    INFO(call);
    const auto before = world.gate().statistics();
    world.faults->before = taking_back(call, store::Gate::repeats_max);
    const auto batch = world.run_all({put_account("ann-" + call), put_account("bob-" + call)});
    world.faults->before = nullptr;
    CHECK(batch.results[0]);
    CHECK(batch.results[1]);
    CHECK(exists(world, "ann-" + call));
    CHECK(exists(world, "bob-" + call));
    CHECK(world.gate().statistics().repeats == before.repeats + store::Gate::repeats_max);
    CHECK(world.gate().statistics().reruns == before.reruns);
    CHECK(world.gate().statistics().commits == before.commits + 1);
  }
}

TEST_CASE("what the engine takes back again and again is refused in the end", "[contract]") {
  World world;
  world.faults->before = taking_back("upsert", 1000);
  const auto batch = world.run_all({put_account("ann"), put_account("bob")});
  world.faults->before = nullptr;
  for (const auto& result : batch.results) {
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::unavailable);
  }
  CHECK_FALSE(exists(world, "ann"));
  world.put(account("cleo"));
}

TEST_CASE("after a commit in doubt the gate asks the store before it goes on", "[contract]") {
  World world;
  world.put(account("ann", 1));
  world.faults->after = failing("commit");
  world.faults->before = failing("query");
  const auto doubtful = world.run(put_account("ann", 2));
  REQUIRE_FALSE(doubtful);
  CHECK(doubtful.error().code == ErrorCode::unavailable);
  world.faults->after = nullptr;
  CHECK_FALSE(world.run(put_account("bob")));  // Still cannot ask.
  world.faults->before = nullptr;
  // It had taken place, and whom it would have woken is told that something may have been missed.
  const auto next = world.run_all({expect_sent("ann", 2)});
  CHECK(next.results.front());
  CHECK(next.committed.has_gap);
  CHECK(next.committed.touched.drafts);
  CHECK(next.committed.touched.inbox);
  CHECK_FALSE(world.run_all({expect_sent("ann", 2)}).committed.has_gap);
  CHECK(world.run(put_account("bob")));
  CHECK(exists(world, "bob"));
}

TEST_CASE("a doubt can be settled without writing anything", "[contract]") {
  World world;
  CHECK_FALSE(world.gate().is_in_doubt());
  world.faults->after = failing("commit");
  world.faults->before = failing("query");
  CHECK_FALSE(world.run(put_account("ann")));
  CHECK(world.gate().is_in_doubt());
  CHECK(world.run_all({}).failure);
  CHECK(world.gate().is_in_doubt());
  world.faults->after = world.faults->before = nullptr;
  const auto settled = world.run_all({});
  CHECK_FALSE(world.gate().is_in_doubt());
  CHECK(settled.committed.has_gap);
  CHECK_FALSE(settled.failure);
}

TEST_CASE("a gate that was fenced off stores nothing and stays closed", "[contract]") {
  World world;
  world.put(account("ann"));
  auto meddler = world.engine->connect();
  REQUIRE(meddler->execute("UPDATE owner SET fence = $1 WHERE id = 1",
                           store::SqlRow{store::Blob{id_of<store::Fence>(99).bytes()}}));
  const auto refused = world.run_all({put_account("bob"), put_account("cleo")});
  for (const auto& result : refused.results) {
    REQUIRE_FALSE(result);
    CHECK(result.error().detail.find("fenced off") != std::string::npos);
  }
  CHECK(world.gate().is_closed());
  CHECK_FALSE(exists(world, "bob"));
  REQUIRE(meddler->execute("UPDATE owner SET fence = $1 WHERE id = 1",
                           store::SqlRow{store::Blob{claim(1).fence.bytes()}}));
  CHECK_FALSE(world.run(put_account("bob")));
  CHECK_FALSE(world.run(expect_sent("ann", 0)));
}

}  // namespace cpc::contract
