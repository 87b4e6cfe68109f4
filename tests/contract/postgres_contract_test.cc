// The contract of the store on PostgreSQL, and what only a store behind a server promises.
//
// CPC_POSTGRES says how to reach a server that is ours to use: tests/support/postgres_server.py.
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "store/postgres_database.h"
#include "store/postgres_store.h"
#include "tests/contract/explained.h"
#include "tests/contract/store_contract.h"
#include "tests/support/temporary_folder.h"

namespace cpc::contract {
namespace {

using store::PostgresDatabase;

std::string server() {
  const char* const dsn = std::getenv("CPC_POSTGRES");
  if (dsn == nullptr) FAIL("CPC_POSTGRES is not set; run this by tests/support/postgres_server.py");
  return dsn;
}

PostgresDatabase database_at(const std::string& dsn) {
  return {store::parse_postgres_dsn(dsn, "a test").value(), PostgresDatabase::Locking::none};
}

void administer(const std::string& sql) {
  auto connection = database_at(server() + " dbname=postgres").connect(store::Access::write);
  if (!connection) FAIL(connection.error().detail);
  const auto done = connection.value()->execute(sql, {});
  if (!done) FAIL(done.error().detail);
}

/// A schema of one database; a database of its own would cost a checkpoint.
class PostgresEngine final : public Engine {
 public:
  PostgresEngine() { administer("CREATE SCHEMA " + name); }

  Result<std::unique_ptr<store::Store>> open(const Wishes& wishes) override {
    return store::open_postgres_store(
        {dsn(), folder.path(), wishes.claim, wishes.cache, wishes.decorate});
  }
  std::unique_ptr<store::Connection> connect() override {
    return database_at(dsn()).connect(store::Access::write).value();
  }
  void back_up() override {
    administer("CREATE SCHEMA " + copy());
    for (const std::string& table : tables()) {
      administer("CREATE TABLE " + copy() + "." + table + " AS TABLE " + name + "." + table);
    }
  }
  void restore() override {
    for (const std::string& table : tables()) {
      administer("DELETE FROM " + name + "." + table);
      administer("INSERT INTO " + name + "." + table + " TABLE " + copy() + "." + table);
    }
  }

  std::string dsn() const {
    return server() + " dbname=postgres options='-c search_path=" + name + "'";
  }

  tests::TemporaryFolder folder;
  const std::string name = "store_" + std::to_string(next++);

 private:
  std::vector<std::string> tables() { return connect()->table_names().value(); }
  std::string copy() const { return name + "_copy"; }
  static inline int next = 1;
};

PostgresEngine& postgres(World& world) {
  return dynamic_cast<PostgresEngine&>(*world.engine);
}

bool says(const Error& error, const std::string& part) {
  INFO(error.detail);
  return error.detail.find(part) != std::string::npos;
}

std::string text_of(store::Connection& connection, const std::string& sql) {
  std::string found;
  REQUIRE(connection.query(sql, {}, [&](store::SqlRow& row) -> Result<> {
    if (const auto* text = std::get_if<std::string>(&row.front())) found = *text;
    if (const auto* integer = std::get_if<std::int64_t>(&row.front())) {
      found = std::to_string(*integer);
    }
    return success();
  }));
  return found;
}

/// Ends every session of daemons, as a server does that restarts.
void end_sessions() {
  administer(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
      "WHERE application_name LIKE 'cpcd%'");
}

core::Closure put_account(const std::string& local) {
  return [local](core::Transaction& tx) -> Result<> {
    tx.put(account(local));
    return success();
  };
}

void check_both_stored(World& world, const store::BatchResult& batch) {
  for (const auto& result : batch.results) {
    if (!result) FAIL(result.error().detail);
  }
  CHECK(world.committed<core::Account>({"ann"}));
  CHECK(world.committed<core::Account>({"bob"}));
}

}  // namespace

std::unique_ptr<Engine> make_engine() {
  return std::make_unique<PostgresEngine>();
}

TEST_CASE("every session has the settings that make commits durable and plans steady",
          "[postgres]") {
  World world;
  for (const auto access : {store::Access::write, store::Access::read}) {
    auto connection = database_at(postgres(world).dsn()).connect(access).value();
    CHECK(text_of(*connection, "SELECT current_setting('fsync')") == "on");
    CHECK(text_of(*connection, "SELECT current_setting('synchronous_commit')") == "on");
    CHECK(text_of(*connection, "SELECT current_setting('full_page_writes')") == "on");
    CHECK(text_of(*connection, "SELECT current_setting('statement_timeout')") == "30s");
    CHECK(text_of(*connection, "SELECT current_setting('enable_seqscan')") == "off");
    CHECK((text_of(*connection, "SELECT current_setting('default_transaction_read_only')") ==
           "on") == (access == store::Access::read));
  }
  auto reading = database_at(postgres(world).dsn()).connect(store::Access::read).value();
  CHECK_FALSE(reading->execute("DELETE FROM owner", {}));
}

TEST_CASE("a session that a database weakens gets its durable commits nevertheless", "[postgres]") {
  World world;
  administer("ALTER DATABASE postgres SET synchronous_commit = off");
  auto connection = world.engine->connect();
  administer("ALTER DATABASE postgres RESET synchronous_commit");
  CHECK(text_of(*connection, "SELECT current_setting('synchronous_commit')") == "on");
}

TEST_CASE("a server that does not sync what it commits is refused, and told which setting",
          "[postgres]") {
  World world;
  world.store.reset();
  administer("ALTER SYSTEM SET fsync = off");
  administer("SELECT pg_reload_conf()");
  Result<std::unique_ptr<store::Store>> opened = world.engine->open({claim(2)});
  for (int look = 0; look < 100 && opened; ++look) {  // The server reads it when it gets round.
    opened.value().reset();
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
    opened = world.engine->open({claim(2)});
  }
  // Put back over a session of libpq's own words, because ours are refused now.
  const auto mended = std::system(("psql -X -q -d '" + server() +
                                   " dbname=postgres' -c 'ALTER SYSTEM RESET fsync' -c 'SELECT "
                                   "pg_reload_conf()' >/dev/null")
                                      .c_str());
  REQUIRE(mended == 0);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ErrorCode::unavailable);
  CHECK(says(opened.error(), "fsync = off"));
}

TEST_CASE("a database that is open elsewhere is refused, and the holder named", "[postgres]") {
  World world;
  tests::TemporaryFolder elsewhere;
  const auto second =
      store::open_postgres_store({postgres(world).dsn(), elsewhere.path(), claim(2)});
  REQUIRE_FALSE(second);
  CHECK(second.error().code == ErrorCode::conflict);
  CHECK(says(second.error(), "cpcd process " + std::to_string(::getpid())));
  world.put(account("ann"));
  world.store.reset();
  CHECK(store::open_postgres_store({postgres(world).dsn(), elsewhere.path(), claim(3)}));
}

TEST_CASE("sessions that end between two batches are not noticed by anybody", "[postgres]") {
  World world;
  auto reader = world.store->open_reader().value();
  world.put(account("ann"));
  end_sessions();
  world.put(account("bob"));
  CHECK(reader->read([](core::Snapshot& snapshot) -> Result<> {
    CPC_TRY(const auto bob, snapshot.find(core::AccountKey{"bob"}));
    return bob ? Result<>{success()} : fail(ErrorCode::not_found, "bob");
  }));
  CHECK(world.gate().statistics().reruns == 0);
}

TEST_CASE("a session that ends in the middle of a batch costs nothing but a second run",
          "[postgres]") {
  World world;
  for (const std::string call : {"execute", "upsert accounts", "upsert peers", "commit"}) {
    INFO(call);
    bool is_cut = false;
    world.faults->before = [&](const std::string& name) -> Result<> {
      if (name.starts_with(call) && !std::exchange(is_cut, true)) end_sessions();
      return success();
    };
    const auto batch =
        world.run_all({put_account("ann" + call), [&](core::Transaction& tx) -> Result<> {
                         core::Peer peer;
                         peer.name = instance("beta.cpc");
                         peer.fetched_at = from_milliseconds(world.gate().statistics().commits);
                         tx.put(peer);
                         return success();
                       }});
    world.faults->before = nullptr;
    CHECK(is_cut);
    for (const auto& result : batch.results) {
      if (!result) FAIL(result.error().detail);
    }
    CHECK(world.committed<core::Account>({"ann" + call}));
  }
  CHECK(world.gate().statistics().reruns == 0);
  CHECK(world.gate().statistics().commits == 4);
}

TEST_CASE("a session that ends after the commit, before its answer, is not taken for a failure",
          "[postgres]") {
  World world;
  world.faults->after = [&](const std::string& name) -> Result<> {
    if (name != "commit") return success();
    end_sessions();
    return fail(ErrorCode::conflict, "planted: the answer was lost");
  };
  const auto batch = world.run_all({put_account("ann"), put_account("bob")});
  world.faults->after = nullptr;
  check_both_stored(world, batch);
  CHECK(world.gate().statistics().commits == 1);
}

TEST_CASE("a commit that is still under way on a lost session is waited for, not repeated",
          "[postgres]") {
  World world;
  world.put(account("before"));
  // Stands for the session that we lost: it has counted the batch and commits a little later.
  auto lost = world.engine->connect();
  std::thread ending;
  world.faults->before = [&](const std::string& name) -> Result<> {
    if (name != "commit" || ending.joinable()) return success();
    // Ours ends here; its transaction goes on in the other.
    end_sessions();
    const auto batch = world.gate().batch() + 1;
    REQUIRE(lost->begin(store::Access::write));
    REQUIRE(lost->execute("UPDATE owner SET batch = $1 WHERE id = 1", store::SqlRow{batch}));
    ending = std::thread{[&] {
      std::this_thread::sleep_for(std::chrono::milliseconds{300});
      (void)lost->commit();
    }};
    return fail(ErrorCode::unavailable, "planted: the session was lost while it committed");
  };
  const auto batch = world.run_all({put_account("ann")});
  ending.join();
  CHECK(batch.results.front());  // The count says that the commit took place.
  CHECK(world.gate().statistics().reruns == 0);
  CHECK(world.gate().statistics().repeats == 0);
}

TEST_CASE("a deadlock and a row that somebody else holds end by themselves", "[postgres]") {
  World world;
  world.put(account("ann"));
  auto meddler = world.engine->connect();
  REQUIRE(meddler->begin(store::Access::write));
  REQUIRE(meddler->execute("UPDATE accounts SET requests_sent = 9 WHERE local = 'ann'", {}));
  std::thread ending{[&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
    (void)meddler->rollback();
  }};
  CHECK(world.run(put_account("bob")));
  world.put(account("ann", 5));
  ending.join();
  CHECK(world.committed<core::Account>({"ann"})->requests_sent == 5);
}

TEST_CASE("an address where no server listens is told, and nothing of the password", "[postgres]") {
  tests::TemporaryFolder folder;
  const auto opened = store::open_postgres_store(
      {"host=" + folder.path().string() + " password=hush-hush dbname=x", folder.path(), claim()});
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ErrorCode::unavailable);
  CHECK(says(opened.error(), "storage.postgres_dsn_file"));
  CHECK_FALSE(says(opened.error(), "hush-hush"));
}

TEST_CASE("the database of another program is refused and left as it is", "[postgres]") {
  PostgresEngine engine;
  REQUIRE(engine.connect()->execute("CREATE TABLE recipes (name text)", {}));
  const auto opened = engine.open({claim()});
  REQUIRE_FALSE(opened);
  CHECK(says(opened.error(), "not a store of cpcd"));
  CHECK(engine.connect()->table_names().value() == std::vector<std::string>{"recipes"});
}

TEST_CASE("an empty database where a store has been is refused, not filled", "[postgres]") {
  World world;
  world.put(account("ann"));
  world.store.reset();
  auto& engine = postgres(world);
  administer("DROP SCHEMA " + engine.name + " CASCADE");
  administer("CREATE SCHEMA " + engine.name);
  const auto opened = engine.open({claim(2)});
  REQUIRE_FALSE(opened);
  CHECK(says(opened.error(), "Put the database back"));
  CHECK(engine.connect()->table_names().value().empty());
}

TEST_CASE("texts come back octet by octet, and one with a NUL is refused", "[postgres]") {
  World world;
  auto odd = account("ann");
  odd.password_hash = "a\"b\\c{d,e}f'g NULL \xc3\xa4\n\t$1";
  auto other = account("bob");
  other.password_hash = "";
  world.put(odd, other);  // Two rows: they travel in arrays.
  CHECK(world.committed<core::Account>({"ann"})->password_hash == odd.password_hash);
  CHECK(world.committed<core::Account>({"bob"})->password_hash.empty());
  odd.password_hash = std::string("a\0b", 3);
  const auto refused = world.run([&](core::Transaction& tx) -> Result<> {
    tx.put(odd);
    return success();
  });
  REQUIRE_FALSE(refused);
  CHECK(says(refused.error(), "does not take such a value"));
  world.put(account("cleo"));
}

TEST_CASE("no range of a snapshot scans a table", "[postgres]") {
  World world;
  core::ContactRequest request;
  request.owner = "ann";
  request.from = address("bob@beta.cpc");
  core::Consent consent;
  consent.owner = "ann";
  world.put(conversation(1, "ann@alpha.cpc", "bob@beta.cpc"), member(1, "ann@alpha.cpc"),
            ordered(1, 1, 1, "ann@alpha.cpc"), request, consent);
  const auto plans = explained_plans(world.engine->connect(), "EXPLAIN (COSTS OFF)");
  CHECK(plans.size() >= 30);
  for (const auto& plan : plans) {
    INFO(plan.sql);
    for (const auto& step : plan.steps) {
      INFO(step);
      CHECK(step.find("Seq Scan") == std::string::npos);
      // Only what is drawn from several conversations or kinds at once has to be sorted.
      const bool is_sort =
          step.find("Sort") != std::string::npos && step.find("Key") == std::string::npos;
      CHECK((!is_sort || plan.sql.find("FROM members") != std::string::npos));
    }
  }
}

}  // namespace cpc::contract
