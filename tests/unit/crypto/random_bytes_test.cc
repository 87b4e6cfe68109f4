#include "crypto/random_bytes.h"

#include <catch2/catch.hpp>
#include <set>

namespace cpc::crypto {

TEST_CASE("random bytes come in exactly the number asked for") {
  for (const std::size_t count : {0, 1, 12, 32, 1000}) CHECK(random_bytes(count).size() == count);
}

TEST_CASE("no two random values are alike") {
  std::set<Bytes> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random_bytes(16));
  CHECK(seen.size() == 1000);
}

TEST_CASE("every octet of random bytes is random, the last as the first") {
  for (const std::size_t at : {0, 17, 31}) {
    std::set<char> seen;
    for (int i = 0; i < 200; ++i) seen.insert(random_bytes(32)[at]);
    CHECK(seen.size() > 50);  // About 139 are expected.
  }
}

TEST_CASE("a random identifier has its full length and is not zero") {
  using ThingId = Id<16, struct ThingTag>;
  const auto id = random_id<ThingId>();
  CHECK(!id.is_zero());
  CHECK(random_id<ThingId>() != id);
}

}  // namespace cpc::crypto
