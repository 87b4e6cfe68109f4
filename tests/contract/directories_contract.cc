// Signed directories and their records, as a Snapshot shows them.
#include "tests/contract/store_contract.h"

namespace cpc::contract {
namespace {

core::Directory directory(std::uint64_t id) {
  core::Directory row;
  row.id = id_of<core::DirectoryId>(id);
  return row;
}

core::DirectoryRecord record(std::uint64_t id, std::int64_t version) {
  return {id_of<core::DirectoryId>(id), version, "version " + std::to_string(version)};
}

}  // namespace

TEST_CASE("directories are listed by id", "[contract]") {
  World world;
  world.put(directory(3), directory(1), directory(2));
  world.look([](core::Snapshot& s) {
    const auto all = s.directories(10).value();
    REQUIRE(all.size() == 3);
    CHECK((all[0].id < all[1].id && all[1].id < all[2].id));
    const auto first = s.directories(1).value();
    REQUIRE(first.size() == 1);
    CHECK(first[0].id == all[0].id);
  });
}

TEST_CASE("the records of one directory come by version, after the one asked for", "[contract]") {
  World world;
  world.put(record(1, 2), record(1, 10), record(1, 1), record(2, 3));
  world.look([](core::Snapshot& s) {
    const auto id = id_of<core::DirectoryId>(1);
    const auto all = s.directory_records(id, 0, 10).value();
    REQUIRE(all.size() == 3);
    CHECK((all[0].version == 1 && all[1].version == 2 && all[2].version == 10));
    CHECK(all[2].record == "version 10");
    const auto page = s.directory_records(id, 1, 1).value();
    REQUIRE(page.size() == 1);
    CHECK(page[0].version == 2);
    CHECK(s.directory_records(id, 10, 10).value().empty());
  });
}

}  // namespace cpc::contract
