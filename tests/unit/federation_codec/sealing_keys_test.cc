#include "federation/sealing_keys.h"

#include <catch2/catch.hpp>

namespace cpc::federation {
namespace {

using namespace std::chrono_literals;

const TimePoint start = from_milliseconds(1'800'000'000'000);

crypto::SealingKey key_of(char letter) {
  return crypto::SealingKey::from_private(crypto::Seed::from_bytes(Bytes(32, letter)).value());
}

}  // namespace

TEST_CASE("a sealing key is due where there is none, and a month after the last") {
  SealingKeys keys;
  CHECK(keys.is_due(start));
  CHECK(keys.newest() == nullptr);
  keys.add(key_of('a'), start);
  CHECK_FALSE(keys.is_due(start));
  CHECK_FALSE(keys.is_due(start + 24h * 30 - 1ms));
  CHECK(keys.is_due(start + 24h * 30));
}

TEST_CASE("the newest key is published, whatever the order in which they were found") {
  SealingKeys keys;
  keys.add(key_of('b'), start + 1h);
  keys.add(key_of('a'), start);
  CHECK(keys.newest()->id() == key_of('b').id());
  CHECK(keys.find(key_of('a').id()) != nullptr);
  CHECK(keys.find(key_of('c').id()) == nullptr);
}

TEST_CASE("a key opens for nine days after the next one was made, and is forgotten then") {
  SealingKeys keys;
  keys.add(key_of('a'), start);
  keys.add(key_of('b'), start + 24h * 30);
  CHECK(keys.drop_old(start + 24h * 39 - 1ms).empty());
  CHECK(keys.find(key_of('a').id()) != nullptr);
  CHECK(keys.drop_old(start + 24h * 39) == std::vector<TimePoint>{start});
  CHECK(keys.find(key_of('a').id()) == nullptr);
  CHECK(keys.drop_old(start + 24h * 3900).empty());
  CHECK(keys.newest()->id() == key_of('b').id());
}

}  // namespace cpc::federation
