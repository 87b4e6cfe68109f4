// Opening a store: what survives, who may not, and which life of the store it is.
#include <sys/wait.h>
#include <unistd.h>

#include "store/migrator.h"
#include "tests/contract/store_contract.h"

namespace cpc::contract {
namespace {

std::string refusal(World& world, const store::Claim& claim) {
  const auto opened = world.engine->open({claim});
  REQUIRE_FALSE(opened);
  return opened.error().detail;
}

bool says(const std::string& detail, const std::string& part) {
  return detail.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a new store has the epoch it was given and counts its starts", "[contract]") {
  World world;
  CHECK(world.store->ownership().is_new);
  CHECK_FALSE(world.store->ownership().is_restored);
  CHECK(world.store->ownership().store_epoch == claim(1).new_epoch);
  CHECK(world.store->ownership().boot_counter == 1);
  for (std::uint64_t start = 2; start < 5; ++start) {
    world.put(account("p" + std::to_string(start)));
    world.reopen(start);
    CHECK_FALSE(world.store->ownership().is_new);
    CHECK_FALSE(world.store->ownership().is_restored);
    CHECK(world.store->ownership().store_epoch == claim(1).new_epoch);
    CHECK(world.store->ownership().boot_counter == static_cast<std::int64_t>(start));
    CHECK(world.gate().batch() == static_cast<std::int64_t>(start) - 1);
  }
}

TEST_CASE("what was committed is there after another start", "[contract]") {
  World world;
  world.put(account("ann", 1));
  world.put(account("bob", 2));
  world.faults->before = failing("commit");
  (void)world.run([](core::Transaction& tx) -> Result<> {
    tx.put(account("ann", 9));
    return success();
  });
  world.faults->before = nullptr;
  world.reopen(2);
  CHECK(world.committed<core::Account>({"ann"})->requests_sent == 1);
  CHECK(world.committed<core::Account>({"bob"})->requests_sent == 2);
}

TEST_CASE("a process that dies between flush and commit loses only that batch", "[contract]") {
  World world;
  world.put(account("ann"));
  world.store.reset();
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto faults = std::make_shared<Faults>();
    auto opened = world.engine->open({claim(2), {}, decorated_with(faults)});
    if (!opened) ::_exit(1);
    const auto put = [&](const std::string& local) {
      return opened.value()->gate().run_batch({{{}, [&](core::Transaction& tx) -> Result<> {
                                                  tx.put(account(local));
                                                  return success();
                                                }}});
    };
    if (!put("bob").results.front()) ::_exit(2);
    faults->before = [](const std::string& call) -> Result<> {
      if (call == "commit") ::_exit(42);
      return success();
    };
    (void)put("cleo");
    ::_exit(3);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 42);
  world.reopen(3);
  CHECK_FALSE(world.store->ownership().is_restored);
  CHECK(world.store->ownership().boot_counter == 3);
  CHECK(world.committed<core::Account>({"ann"}));
  CHECK(world.committed<core::Account>({"bob"}));
  CHECK_FALSE(world.committed<core::Account>({"cleo"}));
  world.put(account("cleo"));
}

TEST_CASE("a second daemon is refused while the first one runs, and told which", "[contract]") {
  World world;
  world.put(account("ann"));
  CHECK(says(refusal(world, claim(2)), std::to_string(::getpid())));
  world.put(account("bob"));  // The first one did not notice.
  world.reopen(3);
  CHECK(world.store->ownership().boot_counter == 2);
}

TEST_CASE("the store of another instance is refused and not changed", "[contract]") {
  World world;
  world.put(account("ann"));
  world.store.reset();
  auto other_name = claim(2);
  other_name.instance_name = instance("omega.cpc");
  const auto detail = refusal(world, other_name);
  CHECK(says(detail, "belongs to alpha.cpc"));
  CHECK(says(detail, "omega.cpc"));
  auto other_iid = claim(2);
  other_iid.iid = id_of<core::Iid>(78);
  CHECK(says(refusal(world, other_iid), to_text(other_iid.iid)));
  world.reopen(3);
  CHECK(world.store->ownership().boot_counter == 2);
  CHECK(world.committed<core::Account>({"ann"}));
}

TEST_CASE("a store of another master key is refused, before anybody misses a word", "[contract]") {
  World world;
  world.put(account("ann"));
  world.store.reset();
  auto other = claim(2);
  other.master_key = id_of<store::MasterKeyId>(6);
  CHECK(says(refusal(world, other), "another master key"));
  world.reopen(3);
  CHECK(world.store->ownership().boot_counter == 2);
}

TEST_CASE("a store with a newer schema is refused with both versions, and not changed",
          "[contract]") {
  World world;
  world.store.reset();
  const auto newest = store::known_migrations().back().number;
  auto meddler = world.engine->connect();
  REQUIRE(meddler->execute("INSERT INTO schema_migrations VALUES ($1, 'of_the_future', 0)",
                           store::SqlRow{newest + 3}));
  const auto detail = refusal(world, claim(2));
  CHECK(says(detail, "schema " + std::to_string(newest + 3)));
  CHECK(says(detail, "up to " + std::to_string(newest)));
  REQUIRE(
      meddler->execute("DELETE FROM schema_migrations WHERE number > $1", store::SqlRow{newest}));
  world.reopen(3);
  CHECK(world.store->ownership().boot_counter == 2);
}

TEST_CASE("a migration that fails is taken back and named", "[contract]") {
  World world;
  auto connection = world.engine->connect();
  std::vector<store::Migration> known(store::known_migrations().begin(),
                                      store::known_migrations().end());
  const auto newest = known.back().number;
  known.push_back({newest + 1, "add_first", "CREATE TABLE first (id INTEGER) STRICT;"});
  known.push_back({newest + 2, "add_second", "CREATE TABLE second (id INTEGER) STRICT; NONSENSE;"});
  const auto failed = store::migrate(*connection, known, from_milliseconds(1));
  REQUIRE_FALSE(failed);
  CHECK(says(failed.error().detail, "add_second"));
  CHECK(store::schema_number(*connection, known).value() == newest + 1);
  const auto tables = connection->table_names().value();
  CHECK(std::count(tables.begin(), tables.end(), "first") == 1);
  CHECK(std::count(tables.begin(), tables.end(), "second") == 0);
}

TEST_CASE("a peer of before there was trust counts as pinned since its document was fetched",
          "[contract]") {
  World world;
  world.store.reset();
  auto connection = world.engine->connect();
  const auto known = store::known_migrations();
  const std::string first{known.front().script};
  const auto begin = first.find("CREATE TABLE peers");
  const std::string table = first.substr(begin, first.find(';', begin) - begin + 1);
  REQUIRE(connection->run_script("DROP TABLE peers;" + table));
  const auto iid = id_of<core::Iid>(7);
  const store::SqlRow row{std::string{"beta.cpc"},
                          store::Blob{iid.bytes()},
                          store::Blob{"the document"},
                          std::int64_t{3},
                          std::int64_t{4},
                          std::int64_t{1700000000000},
                          store::Blob{Bytes(16, 'e')},
                          std::int64_t{2}};
  REQUIRE(connection->execute("INSERT INTO peers VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", row));
  REQUIRE(connection->run_script(known[1].script));
  world.reopen(2);
  const auto peer = world.committed<core::Peer>({instance("beta.cpc")});
  REQUIRE(peer);
  CHECK(peer->iid == iid);
  CHECK(peer->document == "the document");
  CHECK(peer->trust == core::Trust::pinned);
  CHECK(peer->source == "configuration");
  CHECK(peer->accepted_at == from_milliseconds(1700000000000));
  CHECK_FALSE(peer->is_blocked);
  CHECK_FALSE(peer->rival);
}

TEST_CASE("an old backup that was put back starts a new life of the store", "[contract]") {
  World world;
  world.put(account("ann"));
  world.store.reset();
  world.engine->back_up();
  world.reopen(2);
  world.put(account("bob"));
  world.store.reset();
  world.engine->restore();
  world.reopen(3);
  CHECK(world.store->ownership().is_restored);
  CHECK(world.store->ownership().store_epoch == claim(3).new_epoch);
  CHECK(world.store->ownership().boot_counter == 3);
  CHECK(world.committed<core::Account>({"ann"}));
  CHECK_FALSE(world.committed<core::Account>({"bob"}));
  world.reopen(4);
  CHECK_FALSE(world.store->ownership().is_restored);
  CHECK(world.store->ownership().store_epoch == claim(3).new_epoch);
}

TEST_CASE("a claim with a blank in it is refused", "[contract]") {
  World world;
  world.store.reset();
  auto blank = claim(2);
  blank.fence = {};
  CHECK(says(refusal(world, blank), "fence"));
  blank = claim(2);
  blank.master_key = {};
  CHECK(says(refusal(world, blank), "master key"));
}

TEST_CASE("a reader sees one state for as long as it looks, and cannot write", "[contract]") {
  World world;
  world.put(account("ann", 1));
  world.look([&](core::Snapshot& snapshot) {
    CHECK(snapshot.find(core::AccountKey{"ann"}).value()->requests_sent == 1);
    world.put(account("ann", 2), account("bob"));
    CHECK(snapshot.find(core::AccountKey{"ann"}).value()->requests_sent == 1);
    CHECK_FALSE(snapshot.find(core::AccountKey{"bob"}).value());
  });
  CHECK(world.committed<core::Account>({"ann"})->requests_sent == 2);
}

TEST_CASE("a reader passes on what its closure returned, and survives what it threw",
          "[contract]") {
  World world;
  auto reader = world.store->open_reader();
  REQUIRE(reader);
  const auto failed = reader.value()->read(
      [](core::Snapshot&) -> Result<> { return fail(ErrorCode::not_found, "nothing"); });
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == ErrorCode::not_found);
  const auto threw =
      reader.value()->read([](core::Snapshot&) -> Result<> { throw std::runtime_error("a bug"); });
  REQUIRE_FALSE(threw);
  CHECK(threw.error().code == ErrorCode::internal);
  CHECK(reader.value()->read([](core::Snapshot& snapshot) -> Result<> {
    CPC_TRY(snapshot.last_n());
    return success();
  }));
}

}  // namespace cpc::contract
