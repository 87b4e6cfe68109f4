// Every kind of row, every field: what is put is what is found, in the closure, in the batch, after
// the commit, after another start.
#include "tests/contract/filled_rows.h"

namespace cpc::contract {
namespace {

using store::AllRows;

template <class Row>
std::string kind() {
  return store::table_of<Row>().name;
}

}  // namespace

TEST_CASE("every kind of row is read back with every field as it was put", "[contract]") {
  World world;
  AllRows::each([&]<class Row>() {
    INFO(kind<Row>());
    for (const bool fills_optional : {true, false}) {
      const Row row = filled<Row>(fills_optional ? 1000 : 2000, fills_optional);
      world.put(row);
      const auto found = world.committed<Row>(row.key());
      REQUIRE(found);
      CHECK(same_but_n(*found, row));
    }
  });
  world.reopen(2);
  AllRows::each([&]<class Row>() {
    INFO(kind<Row>());
    const Row row = filled<Row>(1000, true);
    CHECK(world.run([&](core::Transaction& tx) -> Result<> {
      CPC_TRY(const auto found, tx.find(row.key()));
      return found && same_but_n(*found, row) ? Result<>{success()}
                                              : fail(ErrorCode::internal, "not as it was put");
    }));
  });
}

TEST_CASE("putting a row again replaces all of it and only it", "[contract]") {
  World world;
  AllRows::each([&]<class Row>() {
    INFO(kind<Row>());
    const Row row = filled<Row>(1000), other = filled<Row>(3000);
    world.put(row, other);
    Row changed = filled<Row>(5000, false);
    store::RecordMap<Row>::key(
        [](const store::ColumnName&, auto& to, const auto& from) { to = from; }, changed, row);
    world.put(changed);
    CHECK(same_but_n(world.committed<Row>(row.key()).value(), changed));
    CHECK(same_but_n(world.committed<Row>(other.key()).value(), other));
  });
}

TEST_CASE("an erased row is gone and erasing it again does nothing", "[contract]") {
  World world;
  AllRows::each([&]<class Row>() {
    INFO(kind<Row>());
    const Row row = filled<Row>(1000), other = filled<Row>(3000);
    world.put(row, other);
    for (int time = 0; time < 2; ++time) {
      CHECK(world.run([&](core::Transaction& tx) -> Result<> {
        tx.erase(row.key());
        CPC_TRY(const auto found, tx.find(row.key()));
        return found ? fail(ErrorCode::internal, "still there") : Result<>{success()};
      }));
      CHECK_FALSE(world.committed<Row>(row.key()));
    }
    CHECK(world.committed<Row>(other.key()));
    world.reopen(static_cast<std::uint64_t>(world.store->ownership().boot_counter) + 1);
    CHECK_FALSE(world.committed<Row>(row.key()));
  });
}

TEST_CASE("prefetched keys are found without asking the store again", "[contract]") {
  World world;
  AllRows::each([&]<class Row>() { world.put(filled<Row>(1000)); });
  world.reopen(2);
  core::Keys keys;
  AllRows::each([&]<class Row>() {
    keys.emplace_back(filled<Row>(1000).key());
    keys.emplace_back(filled<Row>(1000).key());  // Twice is once.
    keys.emplace_back(filled<Row>(9000).key());  // There is none.
  });
  const auto batch =
      world.gate().run_batch({{keys, [](core::Transaction& tx) -> Result<> {
                                 Result<> all = success();
                                 AllRows::each([&]<class Row>() {
                                   const auto there = tx.find(filled<Row>(1000).key());
                                   const auto absent = tx.find(filled<Row>(9000).key());
                                   const bool right = there && there.value() && absent &&
                                                      !absent.value() &&
                                                      same_but_n(*there.value(), filled<Row>(1000));
                                   if (!right) all = fail(ErrorCode::internal, kind<Row>());
                                 });
                                 return all;
                               }}});
  CHECK(batch.results.front());
  CHECK(world.gate().statistics().unlisted_finds == 0);
}

TEST_CASE("a find that was not announced works, alone, and is counted", "[contract]") {
  World world;
  world.put(account("ann"));
  world.reopen(2);
  CHECK(world.run([](core::Transaction& tx) -> Result<> {
    CPC_TRY(const auto found, tx.find(core::AccountKey{"ann"}));
    return found ? Result<>{success()} : fail(ErrorCode::not_found, "ann");
  }));
  CHECK(world.gate().statistics().unlisted_finds == 1);
}

}  // namespace cpc::contract
