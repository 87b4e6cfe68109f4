// A transaction that is full is full: what is left waits for the next one, unread.

#include "core/delivery.h"
#include "tests/support/two_instances.h"

namespace cpc::core {
namespace {

using tests::Federation;
using tests::make_pair;
using tests::Pair;

}  // namespace

TEST_CASE("once an entry did not fit, no further lane is looked at, and all arrive in the end") {
  Federation world{{"alpha.cpc", "beta.cpc"}};
  const Pair one = make_pair(world, world.at(0), world.at(1), world.at(0));
  const Pair two = make_pair(world, world.at(0), world.at(1), world.at(0));
  for (const Pair* pair : {&one, &two}) {
    for (const std::size_t size : {10U, 10'000U, 10U}) {
      REQUIRE(pair->hub.send(pair->at_hub, pair->hub_id, std::string(size, 'x')));
    }
    pair->hub.sign_drafts();
  }
  one.hub.limits.bytes_max = 5000;
  const Batch batch = Federation::owed(one.hub, one.copy);
  REQUIRE(batch.logs.size() == 1);
  CHECK(batch.logs.front().items.size() == 1);
  world.settle();
  for (const Pair* pair : {&one, &two}) {
    CHECK(pair->copy.texts(pair->at_copy, pair->copy_id).size() == 4);
  }
}

}  // namespace cpc::core
