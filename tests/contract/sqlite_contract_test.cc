// The contract of the store on SQLite, and what only a store in a file promises.
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "store/sqlite_database.h"
#include "store/sqlite_store.h"
#include "tests/contract/explained.h"
#include "tests/contract/store_contract.h"
#include "tests/support/temporary_folder.h"

namespace cpc::contract {
namespace {

namespace fs = std::filesystem;

fs::path store_in(const tests::TemporaryFolder& folder) {
  return folder / "store.db";
}

class SqliteEngine final : public Engine {
 public:
  Result<std::unique_ptr<store::Store>> open(const Wishes& wishes) override {
    return store::open_sqlite_store(
        {store_in(folder), wishes.claim, wishes.cache, wishes.decorate});
  }
  std::unique_ptr<store::Connection> connect() override {
    return store::SqliteDatabase{store_in(folder)}.connect(store::Access::write).value();
  }
  void back_up() override { copy(folder.path(), folder / "backup"); }
  void restore() override { copy(folder / "backup", folder.path()); }

  tests::TemporaryFolder folder;

 private:
  /// The database without the files beside it: what an operator keeps.
  static void copy(const fs::path& from, const fs::path& to) {
    fs::create_directory(to);
    fs::copy_file(from / "store.db", to / "store.db", fs::copy_options::overwrite_existing);
    for (const char* ending : {"store.db-wal", "store.db-shm"}) fs::remove(to / ending);
  }
};

mode_t mode_of(const fs::path& path) {
  struct stat found {};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  return found.st_mode & 07777;
}

std::string content_of(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

void write(const fs::path& path, const std::string& content) {
  std::ofstream{path, std::ios::binary} << content;
  fs::permissions(path, fs::perms{0600});
}

Error refusal(const fs::path& path) {
  const auto opened = store::open_sqlite_store({path, claim()});
  REQUIRE_FALSE(opened);
  return opened.error();
}

bool says(const Error& error, const std::string& part) {
  return error.detail.find(part) != std::string::npos;
}

std::string setting(store::Connection& connection, const std::string& name) {
  std::string found;
  REQUIRE(connection.query("PRAGMA " + name, {}, [&](store::SqlRow& row) -> Result<> {
    if (const auto* text = std::get_if<std::string>(&row.front())) found = *text;
    if (const auto* integer = std::get_if<std::int64_t>(&row.front())) {
      found = std::to_string(*integer);
    }
    return success();
  }));
  return found;
}

}  // namespace

std::unique_ptr<Engine> make_engine() {
  return std::make_unique<SqliteEngine>();
}

TEST_CASE("nobody else can read the store's files", "[sqlite]") {
  const auto old = ::umask(0);
  tests::TemporaryFolder folder;
  auto store = store::open_sqlite_store({store_in(folder), claim()});
  ::umask(old);
  REQUIRE(store);
  for (const char* ending : {"", ".lock", ".highwater", "-wal", "-shm"}) {
    INFO(ending);
    CHECK(mode_of(store_in(folder).string() + ending) == 0600);
  }
}

TEST_CASE("a folder or file that is open to others is refused with the command that mends it",
          "[sqlite]") {
  tests::TemporaryFolder folder;
  fs::permissions(folder.path(), fs::perms{0755});
  CHECK(says(refusal(store_in(folder)), "chmod 700"));
  CHECK_FALSE(fs::exists(store_in(folder)));
  fs::permissions(folder.path(), fs::perms{0700});
  REQUIRE(store::open_sqlite_store({store_in(folder), claim()}));
  fs::permissions(store_in(folder), fs::perms{0640});
  CHECK(says(refusal(store_in(folder)), "chmod 600"));
  CHECK(refusal(folder / "missing" / "store.db").code == ErrorCode::unavailable);
}

TEST_CASE("every connection has the settings that make commits durable and deletes real",
          "[sqlite]") {
  SqliteEngine engine;
  auto opened = engine.open({claim()});
  REQUIRE(opened);
  store::SqliteDatabase database{store_in(engine.folder)};
  for (const auto access : {store::Access::write, store::Access::read}) {
    auto connection = database.connect(access).value();
    CHECK(setting(*connection, "journal_mode") == "wal");
    CHECK(setting(*connection, "synchronous") == "2");
    CHECK(setting(*connection, "secure_delete") == "1");
    CHECK(setting(*connection, "foreign_keys") == "1");
    CHECK(setting(*connection, "busy_timeout") == std::to_string(store::busy_timeout_ms));
  }
  auto reading = database.connect(store::Access::read).value();
  CHECK_FALSE(reading->execute("DELETE FROM owner", {}));
}

TEST_CASE("a setting that does not take is refused", "[sqlite]") {
  // A database in memory cannot have a write-ahead log.
  const auto connection = store::SqliteDatabase{":memory:"}.connect(store::Access::write);
  REQUIRE_FALSE(connection);
  CHECK(connection.error().code == ErrorCode::unavailable);
  CHECK(says(connection.error(), "journal_mode"));
}

TEST_CASE("a file that is no store is told from one and left as it is", "[sqlite]") {
  tests::TemporaryFolder folder;
  write(store_in(folder), "dear diary, this is no database at all");
  const auto text = content_of(store_in(folder));
  CHECK(refusal(store_in(folder)).code == ErrorCode::invalid);
  CHECK(says(refusal(store_in(folder)), "not a database"));
  CHECK(content_of(store_in(folder)) == text);

  const std::string torn = std::string("SQLite format 3\0", 16) + std::string(5000, 'x');
  write(store_in(folder), torn);
  CHECK(refusal(store_in(folder)).code == ErrorCode::invalid);
  CHECK(content_of(store_in(folder)) == torn);
}

TEST_CASE("the database of another program is refused and left as it is", "[sqlite]") {
  tests::TemporaryFolder folder;
  write(store_in(folder), "");
  {
    auto other = store::SqliteDatabase{store_in(folder)}.connect(store::Access::write).value();
    REQUIRE(other->run_script("CREATE TABLE recipes (name TEXT)"));
  }
  const auto before = content_of(store_in(folder));
  CHECK(says(refusal(store_in(folder)), "not a store of cpcd"));
  CHECK(content_of(store_in(folder)) == before);
}

namespace {

fs::path mark_in(const tests::TemporaryFolder& folder) {
  return store_in(folder).string() + ".highwater";
}

/// A life of the store: opens it, puts these accounts, and gives what it found.
store::Ownership live(const tests::TemporaryFolder& folder, std::uint64_t start,
                      const std::vector<std::string>& locals = {}) {
  auto store = store::open_sqlite_store({store_in(folder), claim(start)}).value();
  for (const std::string& local : locals) {
    REQUIRE(store->gate()
                .run_batch({{{},
                             [&](core::Transaction& tx) -> Result<> {
                               tx.put(account(local));
                               return success();
                             }}})
                .results.front());
  }
  return store->ownership();
}

}  // namespace

TEST_CASE("the mark beside the store knows each commit as soon as it is made", "[sqlite]") {
  tests::TemporaryFolder folder;
  auto store = store::open_sqlite_store({store_in(folder), claim()}).value();
  const auto numbers = [](int boot, int batch) {
    char line[64];
    std::snprintf(line, sizeof line, "%019d %019d\n", boot, batch);
    return std::string{line};
  };
  CHECK(content_of(mark_in(folder)) == numbers(1, 0));
  for (int batch = 1; batch < 4; ++batch) {
    REQUIRE(store->gate()
                .run_batch({{{},
                             [&](core::Transaction& tx) -> Result<> {
                               tx.put(account("ann", batch));
                               return success();
                             }}})
                .results.front());
    CHECK(content_of(mark_in(folder)) == numbers(1, batch));
  }
  store.reset();
  CHECK(content_of(mark_in(folder)) == numbers(1, 3));
  CHECK_FALSE(live(folder, 2).is_restored);
  CHECK(content_of(mark_in(folder)) == numbers(2, 3));
}

TEST_CASE("a mark that cannot be read, or is gone, makes the store a copy", "[sqlite]") {
  tests::TemporaryFolder folder;
  std::uint64_t start = 1;
  REQUIRE(live(folder, start).is_new);
  for (const char* text : {"", "1", "1 2", "1 2\nx", "-1 2\n", "one two\n"}) {
    INFO(text);
    write(mark_in(folder), text);
    const auto ownership = live(folder, ++start);
    CHECK(ownership.is_restored);
    CHECK(ownership.store_epoch == claim(start).new_epoch);
    CHECK(ownership.boot_counter == static_cast<std::int64_t>(start));
    CHECK_FALSE(live(folder, ++start).is_restored);
  }
  fs::remove(mark_in(folder));
  CHECK(live(folder, ++start).is_restored);
  CHECK_FALSE(live(folder, ++start).is_restored);
}

TEST_CASE("a copy from the middle of a run is known as an old one, however that run ended",
          "[sqlite]") {
  tests::TemporaryFolder folder;
  (void)live(folder, 1, {"ann"});
  fs::copy_file(store_in(folder), folder / "copy.db");
  {
    auto store = store::open_sqlite_store({store_in(folder), claim(2)}).value();
    fs::remove(folder / "copy.db");
    auto meddler = store::SqliteDatabase{store_in(folder)}.connect(store::Access::write).value();
    REQUIRE(meddler->run_script("VACUUM INTO '" + (folder / "copy.db").string() + "'"));
    REQUIRE(store->gate()
                .run_batch({{{},
                             [&](core::Transaction& tx) -> Result<> {
                               tx.put(account("bob"));
                               return success();
                             }}})
                .results.front());
    // As a crash leaves it: what follows the commit is not waited for.
    fs::copy_file(mark_in(folder), folder / "mark");
  }
  fs::rename(folder / "mark", mark_in(folder));
  fs::rename(folder / "copy.db", store_in(folder));
  fs::permissions(store_in(folder), fs::perms{0600});
  const auto ownership = live(folder, 3);
  CHECK(ownership.is_restored);
  CHECK(ownership.store_epoch == claim(3).new_epoch);
  CHECK(ownership.boot_counter == 3);
}

TEST_CASE("an empty database where a store has been is refused, not filled", "[sqlite]") {
  tests::TemporaryFolder folder;
  (void)live(folder, 1, {"ann"});
  fs::rename(store_in(folder), folder / "kept.db");
  CHECK(says(refusal(store_in(folder)), "Put the database back"));
  CHECK_FALSE(fs::exists(store_in(folder)));
  write(store_in(folder), "");
  CHECK(says(refusal(store_in(folder)), "Put the database back"));
  fs::rename(folder / "kept.db", store_in(folder));
  CHECK_FALSE(live(folder, 2).is_restored);
  fs::remove(store_in(folder));
  fs::remove(mark_in(folder));
  CHECK(live(folder, 3).is_new);
}

TEST_CASE("two names of one file meet at one lock", "[sqlite]") {
  tests::TemporaryFolder folder;
  tests::TemporaryFolder elsewhere;
  const auto store = store::open_sqlite_store({store_in(folder), claim()}).value();
  fs::create_symlink(store_in(folder), store_in(elsewhere));
  CHECK(refusal(store_in(elsewhere)).code == ErrorCode::conflict);
  fs::create_directory_symlink(folder.path(), elsewhere / "folder");
  CHECK(refusal(elsewhere / "folder" / "store.db").code == ErrorCode::conflict);
  fs::create_symlink(elsewhere / "nothing.db", elsewhere / "dangling.db");
  CHECK(refusal(elsewhere / "dangling.db").code == ErrorCode::invalid);
  CHECK(refusal(folder / "." / ".." / folder.path().filename() / "store.db").code ==
        ErrorCode::conflict);
}

TEST_CASE("a writer that another program locks out is unavailable and then works", "[sqlite]") {
  World world;
  auto meddler = world.engine->connect();
  world.put(account("ann"));
  REQUIRE(meddler->begin(store::Access::write));
  world.look([](core::Snapshot& s) { CHECK(s.find(core::AccountKey{"ann"}).value()); });
  REQUIRE(meddler->rollback());
  world.put(account("bob"));
}

TEST_CASE("no range of a snapshot scans a table", "[sqlite]") {
  World world;
  core::ContactRequest request;
  request.owner = "ann";
  request.from = address("bob@beta.cpc");
  core::Consent consent;
  consent.owner = "ann";
  world.put(conversation(1, "ann@alpha.cpc", "bob@beta.cpc"), member(1, "ann@alpha.cpc"),
            ordered(1, 1, 1, "ann@alpha.cpc"), request, consent);
  const auto plans = explained_plans(world.engine->connect(), "EXPLAIN QUERY PLAN");
  CHECK(plans.size() >= 30);
  for (const auto& plan : plans) {
    INFO(plan.sql);
    for (const auto& step : plan.steps) {
      INFO(step);
      const bool is_scan = step.starts_with("SCAN ");
      // Reading a whole index is right where the index holds only what is asked for, and for the
      // lists of peers and directories, which are read in order up to their limit.
      const bool is_meant = step.find("INDEX lanes_owing") != std::string::npos ||
                            step.find("INDEX inbox_frames_waiting") != std::string::npos ||
                            step.find("INDEX events_signable") != std::string::npos ||
                            step.find("INDEX events_waiting") != std::string::npos ||
                            step.starts_with("SCAN peers USING INDEX") ||
                            step.starts_with("SCAN directories USING INDEX") ||
                            step.starts_with("SCAN (subquery");
      CHECK((!is_scan || is_meant));
      // Only what is drawn from several conversations at once has to be sorted.
      const bool is_sort = step.find("TEMP B-TREE FOR ORDER BY") != std::string::npos;
      CHECK((!is_sort || plan.sql.find("FROM members") != std::string::npos));
    }
  }
}

}  // namespace cpc::contract
