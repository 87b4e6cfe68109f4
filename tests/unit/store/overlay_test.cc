#include "store/overlay.h"

#include <catch2/catch.hpp>

#include "store/flush.h"
#include "tests/unit/store/memory_connection.h"

namespace cpc::store {
namespace {

core::Account account(const std::string& local, std::int64_t requests_sent = 0) {
  core::Account row;
  row.local = local;
  row.requests_sent = requests_sent;
  return row;
}

struct Bench {
  MemoryConnection store;
  Caches caches = make_caches({});
  Statistics statistics;
  Batch batch{store, caches, statistics};

  void keep(const core::Account& row) {
    REQUIRE(store.upsert_all(table_of<core::Account>(), std::vector<SqlRow>{row_to_sql(row)}));
    store.calls.clear();
  }
  static std::optional<std::int64_t> sent(core::Transaction& tx, const std::string& local) {
    const auto found = tx.find(core::AccountKey{local}).value();
    return found ? std::optional{found->requests_sent} : std::nullopt;
  }
};

}  // namespace

TEST_CASE("an overlay reads its own changes first, then the batch, the cache, the store",
          "[unit]") {
  Bench bench;
  bench.keep(account("ann", 1));
  bench.keep(account("bob", 1));
  bench.caches.of<core::Account>().put({"bob"}, account("bob", 2));
  Overlay first{bench.batch};
  CHECK(Bench::sent(first, "ann") == 1);
  CHECK(Bench::sent(first, "bob") == 2);
  first.put(account("bob", 3));
  CHECK(Bench::sent(first, "bob") == 3);
  first.merge();
  Overlay second{bench.batch};
  CHECK(Bench::sent(second, "bob") == 3);
  second.erase(core::AccountKey{"bob"});
  CHECK_FALSE(Bench::sent(second, "bob"));
  second.put(account("bob", 4));
  CHECK(Bench::sent(second, "bob") == 4);
}

TEST_CASE("an overlay that is dropped leaves its batch as it was", "[unit]") {
  Bench bench;
  bench.keep(account("ann", 1));
  {
    Overlay dropped{bench.batch};
    dropped.put(account("ann", 9));
    dropped.erase(core::AccountKey{"ann"});
    dropped.put(account("bob"));
    dropped.touched().drafts = true;
  }
  Overlay next{bench.batch};
  CHECK(Bench::sent(next, "ann") == 1);
  CHECK_FALSE(Bench::sent(next, "bob"));
  CHECK_FALSE(bench.batch.touched.drafts);
}

TEST_CASE("a batch asks the store once for a key", "[unit]") {
  Bench bench;
  bench.keep(account("ann", 1));
  for (int closure = 0; closure < 3; ++closure) {
    Overlay overlay{bench.batch};
    CHECK(Bench::sent(overlay, "ann") == 1);
    CHECK_FALSE(Bench::sent(overlay, "nobody"));
  }
  CHECK(bench.store.calls == std::vector<std::string>{"find accounts 1", "find accounts 1"});
  CHECK(bench.statistics.unlisted_finds == 2);
}

TEST_CASE("prefetching is one statement per table, for keys that nobody knows yet", "[unit]") {
  Bench bench;
  bench.caches.of<core::Account>().put({"known"}, account("known"));
  const core::PeerKey peer{core::InstanceName::parse("beta.cpc").value()};
  REQUIRE(bench.batch.prefetch({core::AccountKey{"ann"}, peer, core::AccountKey{"known"},
                                core::AccountKey{"bob"}, core::AccountKey{"ann"}}));
  CHECK(bench.store.calls == std::vector<std::string>{"find accounts 2", "find peers 1"});
  REQUIRE(bench.batch.prefetch({core::AccountKey{"ann"}}));
  CHECK(bench.store.calls.size() == 2);
}

TEST_CASE("a flush writes each table once, in the order of the changes, and its rows once",
          "[unit]") {
  Bench bench;
  bench.keep(account("gone"));
  for (int closure = 1; closure <= 3; ++closure) {
    Overlay overlay{bench.batch};
    overlay.put(account("ann", closure));
    overlay.put(account("p" + std::to_string(closure)));
    if (closure == 2) overlay.erase(core::AccountKey{"gone"});
    overlay.merge();
  }
  const auto flush = prepare_flush(bench.batch, {}).value();
  CHECK(flush.rows == 5);
  bench.store.calls.clear();
  CHECK(write_flush(bench.store, flush).value() == Written::yes);
  CHECK(bench.store.calls ==
        std::vector<std::string>{"execute", "upsert accounts 4", "erase accounts 1"});
  CHECK(flush.writes.of<core::Account>().upserts.back().front() == SqlValue{std::string{"p3"}});
}

TEST_CASE("a flush does not write what the store has already", "[unit]") {
  Bench bench;
  bench.keep(account("ann", 1));
  Overlay overlay{bench.batch};
  CHECK(Bench::sent(overlay, "ann") == 1);
  CHECK_FALSE(Bench::sent(overlay, "nobody"));
  overlay.put(account("ann", 5));
  overlay.put(account("ann", 1));
  overlay.erase(core::AccountKey{"nobody"});
  overlay.merge();
  CHECK(prepare_flush(bench.batch, {}).value().rows == 0);
}

TEST_CASE("a flush under a foreign fence writes no row", "[unit]") {
  Bench bench;
  Overlay overlay{bench.batch};
  overlay.put(account("ann"));
  overlay.merge();
  const auto flush = prepare_flush(bench.batch, {}).value();
  bench.store.owner_is_ours = false;
  CHECK(write_flush(bench.store, flush).value() == Written::fenced);
  CHECK(bench.store.calls == std::vector<std::string>{"execute"});
}

TEST_CASE("the caches learn what was committed, with n = 0, and nothing of a dropped batch",
          "[unit]") {
  Bench bench;
  core::Member member;
  member.address = core::Address::parse("ann@alpha.cpc").value();
  Overlay overlay{bench.batch};
  overlay.put(member);
  overlay.erase(core::AccountKey{"bob"});
  overlay.merge();
  CHECK(bench.caches.of<core::Member>().size() == 0);
  const auto flush = prepare_flush(bench.batch, {}).value();
  CHECK(flush.after.last_n == 1);
  CHECK(bench.caches.of<core::Member>().size() == 0);
  remember_flush(bench.batch);
  REQUIRE(bench.caches.of<core::Member>().peek(member.key()));
  CHECK((*bench.caches.of<core::Member>().peek(member.key()))->n == 0);
  REQUIRE(bench.caches.of<core::Account>().peek({"bob"}));
  CHECK_FALSE(bench.caches.of<core::Account>().peek({"bob"})->has_value());
}

}  // namespace cpc::store
