// What a conversation is called, who orders it, and that both sides agree on it.

#include "core/conversation.h"

#include <set>

#include "tests/support/two_instances.h"

namespace cpc::core {
namespace {

using tests::Federation;
using tests::id_of;
using tests::Instance;
using tests::make_pair;
using tests::Pair;

Person person(const std::string& label) {
  return {id_of<Iid>(label + "iid"), label, id_of<Incarnation>(label + "inc")};
}

}  // namespace

TEST_CASE("the wire id and the hub are the same from both ends") {
  int hubs[2] = {0, 0};
  for (int i = 0; i < 64; ++i) {
    const Person one = person("anna" + std::to_string(i));
    const Person other = person("ben");
    const WireId id = direct_wire_id(one, other);
    CHECK(id == direct_wire_id(other, one));
    CHECK(is_hub(id, one.iid, other.iid) != is_hub(id, other.iid, one.iid));
    ++hubs[is_hub(id, one.iid, other.iid) ? 0 : 1];
  }
  CHECK(hubs[0] > 8);
  CHECK(hubs[1] > 8);
  CHECK(is_hub(WireId{}, person("a").iid, person("a").iid));
}

TEST_CASE("another life of either person is another conversation") {
  const Person anna = person("anna");
  const Person ben = person("ben");
  Person again = ben;
  again.incarnation = id_of<Incarnation>("next life");
  Person elsewhere = ben;
  elsewhere.iid = id_of<Iid>("elsewhere");
  Person renamed = ben;
  renamed.local = "bena";
  const std::set<WireId> ids{direct_wire_id(anna, ben), direct_wire_id(anna, again),
                             direct_wire_id(anna, elsewhere), direct_wire_id(anna, renamed)};
  CHECK(ids.size() == 4);
}

TEST_CASE("both sides agree on wire id, hub and log, whoever began and whoever orders") {
  for (const std::size_t hub : {0U, 1U}) {
    for (const std::size_t asking : {0U, 1U}) {
      Federation world{{"alpha.cpc", "beta.cpc"}};
      const Pair pair = make_pair(world, world.at(hub), world.at(1 - hub), world.at(asking));
      const auto here = pair.hub.conversation(pair.hub_id);
      const auto there = pair.copy.conversation(pair.copy_id);
      CHECK(here.wire_id == there.wire_id);
      CHECK(here.hub == pair.hub.name());
      CHECK(there.hub == pair.hub.name());
      CHECK(here.head == there.head);
      CHECK(here.head.position.seq > 0);

      REQUIRE(pair.hub.send(pair.at_hub, pair.hub_id, "from the hub"));
      REQUIRE(pair.copy.send(pair.at_copy, pair.copy_id, "from the copy"));
      world.settle();
      const auto seen = pair.hub.texts(pair.at_hub, pair.hub_id);
      CHECK(seen.size() == 3);
      CHECK(seen == pair.copy.texts(pair.at_copy, pair.copy_id));
    }
  }
}

TEST_CASE("one conversation per pair, under one local id before and after the grant") {
  Federation world{{"alpha.cpc", "beta.cpc"}};
  Instance& alpha = world.at(0);
  Instance& beta = world.at(1);
  alpha.add_person("anna");
  beta.add_person("ben");
  const auto id = alpha.open("anna", beta.person("ben"));
  CHECK(alpha.open("anna", beta.person("ben")) == id);
  REQUIRE(alpha.send("anna", id, "hello"));
  world.settle();
  const auto theirs = *beta.conversation_with("ben", alpha.person("anna"));
  REQUIRE(beta.grant("ben", alpha.person("anna")));
  world.settle();
  CHECK(alpha.open("anna", beta.person("ben")) == id);
  CHECK(beta.open("ben", alpha.person("anna")) == theirs);
  CHECK(alpha.store.rows<Conversation>().size() == 1);
  CHECK(beta.store.rows<Conversation>().size() == 1);
}

TEST_CASE("a conversation is numbered behind everything that changed in it") {
  Federation world{{"alpha.cpc", "beta.cpc"}};
  const Pair pair = make_pair(world, world.at(0), world.at(1), world.at(0));
  for (Instance* one : {&pair.hub, &pair.copy}) {
    for (const auto& [key, event] : one->store.rows<Event>()) {
      CHECK(event.n < one->conversation(event.conversation).n);
    }
    for (const auto& [key, member] : one->store.rows<Member>()) {
      CHECK(member.n < one->conversation(member.conversation).n);
    }
  }
}

TEST_CASE("who begins a conversation that the other one sees already wakes both") {
  Federation world{{"alpha.cpc"}};
  Instance& alpha = world.at(0);
  alpha.add_person("anna");
  alpha.add_person("ben");
  const ConversationId id = alpha.open("anna", alpha.person("ben"));
  const auto begun = alpha.store.transact([&](Transaction& tx) -> Result<> {
    Moment at = alpha.moment();
    CPC_TRY(start_direct(tx, alpha.home(), at, alpha.person("ben"), alpha.person("anna")));
    return success();
  });
  REQUIRE(begun);
  CHECK(begun.value().touched.accounts.at("ben").everything);
  CHECK(begun.value().touched.accounts.at("anna").conversations.contains(id));
}

TEST_CASE("a closure that runs twice makes the same rows as one that runs once") {
  Federation once{{"alpha.cpc", "beta.cpc"}};
  Federation twice{{"alpha.cpc", "beta.cpc"}};
  for (Instance& one : twice.all()) one.store.runs_twice = true;
  for (Federation* world : {&once, &twice}) {
    const Pair pair = make_pair(*world, world->at(0), world->at(1), world->at(1));
    REQUIRE(pair.hub.send(pair.at_hub, pair.hub_id, "one"));
    REQUIRE(pair.copy.send(pair.at_copy, pair.copy_id, "two"));
    world->settle();
  }
  for (std::size_t i : {0U, 1U}) {
    CHECK(once.at(i).store.tables().rows() == twice.at(i).store.tables().rows());
    CHECK(once.at(i).store.last_n() == twice.at(i).store.last_n());
    const auto& ours = once.at(i).store.rows<Event>();
    const auto& theirs = twice.at(i).store.rows<Event>();
    CHECK(std::ranges::equal(ours, theirs, [](const auto& a, const auto& b) {
      return a.first == b.first && a.second.link == b.second.link &&
             a.second.sealed_body == b.second.sealed_body;
    }));
  }
}

}  // namespace cpc::core
