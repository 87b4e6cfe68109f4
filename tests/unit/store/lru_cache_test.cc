#include "store/lru_cache.h"

#include <catch2/catch.hpp>

namespace cpc::store {
namespace {

using Cache = LruCache<core::Account>;

core::Account account(const std::string& local, std::int64_t requests_sent = 0) {
  core::Account row;
  row.local = local;
  row.requests_sent = requests_sent;
  return row;
}

void put(Cache& cache, const std::string& local) {
  cache.put({local}, account(local));
}
bool knows(const Cache& cache, const std::string& local) {
  return cache.peek({local}) != nullptr;
}

}  // namespace

TEST_CASE("a cache never holds more rows than it may", "[unit]") {
  Cache cache{3};
  for (int i = 0; i < 50; ++i) {
    put(cache, "p" + std::to_string(i));
    CHECK(cache.size() <= 3);
  }
  CHECK(cache.size() == 3);
}

TEST_CASE("the row that was not used for longest goes first", "[unit]") {
  Cache cache{3};
  for (const char* local : {"ann", "bob", "cleo"}) put(cache, local);
  CHECK(cache.find({"ann"}));  // A use.
  (void)cache.peek({"bob"});   // None.
  put(cache, "dan");
  CHECK(knows(cache, "ann"));
  CHECK_FALSE(knows(cache, "bob"));
  put(cache, "cleo");  // Putting again is a use and takes no further place.
  put(cache, "eve");
  CHECK(knows(cache, "cleo"));
  CHECK_FALSE(knows(cache, "ann"));
  CHECK(cache.size() == 3);
}

TEST_CASE("a cache tells known absence from not knowing", "[unit]") {
  Cache cache{3};
  CHECK(cache.find({"ann"}) == nullptr);
  cache.put({"ann"}, std::nullopt);
  REQUIRE(cache.find({"ann"}));
  CHECK_FALSE(cache.find({"ann"})->has_value());
  cache.put({"ann"}, account("ann", 4));
  CHECK((*cache.find({"ann"}))->requests_sent == 4);
}

TEST_CASE("a cache without room keeps nothing, a cleared one forgets", "[unit]") {
  Cache none{0};
  put(none, "ann");
  CHECK_FALSE(knows(none, "ann"));
  CHECK_FALSE(none.keeps_rows());
  Cache cache{3};
  put(cache, "ann");
  cache.clear();
  CHECK_FALSE(knows(cache, "ann"));
  CHECK(cache.size() == 0);
}

}  // namespace cpc::store
