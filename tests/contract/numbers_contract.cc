// n, the number of a change: given in commit order, never twice, and highest on the conversation.
#include "tests/contract/filled_rows.h"

namespace cpc::contract {
namespace {

const std::string ann = "ann@alpha.cpc", bob = "bob@beta.cpc";

void start_conversation(World& world) {
  world.put(conversation(1, ann, bob), member(1, ann), member(1, bob));
}

std::int64_t n_of_conversation(World& world) {
  return world.committed<core::Conversation>({id_of<core::ConversationId>(1)})->n;
}

}  // namespace

TEST_CASE("rows are numbered in the order in which closures changed them", "[contract]") {
  World world;
  start_conversation(world);
  const auto put = [](std::uint64_t id) {
    return [id](core::Transaction& tx) -> Result<> {
      tx.put(ordered(1, id, static_cast<std::int64_t>(id), ann));
      return success();
    };
  };
  const auto before = world.gate().last_n();
  // Ids and closures run against each other, so that no other order looks right by accident.
  const auto batch = world.run_all({put(5), put(2), put(9)});
  std::vector<std::int64_t> ns;
  for (const std::uint64_t id : {5, 2, 9}) {
    ns.push_back(world.committed<core::Event>(ordered(1, id, 1, ann).key())->n);
  }
  CHECK(ns == std::vector<std::int64_t>{before + 1, before + 2, before + 3});
  CHECK(n_of_conversation(world) == before + 4);
  CHECK(batch.committed.n == before + 4);
  CHECK(world.gate().last_n() == before + 4);
}

TEST_CASE("a conversation has the highest n of what is in it, even when nobody put it",
          "[contract]") {
  World world;
  start_conversation(world);
  const auto key = ordered(1, 1, 1, ann).key();
  const auto raises = [&](const core::Closure& change) {
    const auto before = n_of_conversation(world);
    REQUIRE(world.run(change));
    return n_of_conversation(world) > before && n_of_conversation(world) == world.gate().last_n();
  };
  CHECK(raises([](core::Transaction& tx) -> Result<> {
    tx.put(ordered(1, 1, 1, ann));
    return success();
  }));
  CHECK(raises([](core::Transaction& tx) -> Result<> {
    auto row = member(1, bob);
    row.read_seq = 1;
    tx.put(row);
    return success();
  }));
  world.reopen(2);  // The conversation is not in memory now.
  CHECK(raises([&](core::Transaction& tx) -> Result<> {
    tx.erase(key);
    return success();
  }));
  const auto still = world.committed<core::Conversation>({id_of<core::ConversationId>(1)});
  CHECK(same_but_n(*still, conversation(1, ann, bob)));
}

TEST_CASE("inside closures n is zero, whatever was put and whatever is stored", "[contract]") {
  World world;
  start_conversation(world);
  for (const int start : {2, 3}) {
    auto row = ordered(1, 1, 1, ann);
    row.n = 12345;
    CHECK(world.run([&](core::Transaction& tx) -> Result<> {
      tx.put(row);
      CPC_TRY(const auto event, tx.find(row.key()));
      return event->n == 0 ? Result<>{success()} : fail(ErrorCode::internal, "n shows");
    }));
    CHECK(world.committed<core::Event>(row.key())->n < 12345);
    for (int time = 0; time < 2; ++time) {
      CHECK(world.run([&](core::Transaction& tx) -> Result<> {
        CPC_TRY(const auto event, tx.find(row.key()));
        CPC_TRY(const auto chat, tx.find(core::ConversationKey{id_of<core::ConversationId>(1)}));
        CPC_TRY(const auto person, tx.find(member(1, ann).key()));
        return event->n + chat->n + person->n == 0 ? Result<>{success()}
                                                   : fail(ErrorCode::internal, "n shows");
      }));
    }
    world.reopen(static_cast<std::uint64_t>(start));
  }
}

TEST_CASE("every visible kind is numbered and numbers go on after another start", "[contract]") {
  World world;
  std::set<std::int64_t> seen;
  for (std::uint64_t start = 2; start < 5; ++start) {
    store::AllRows::each([&]<class Row>() {
      if constexpr (store::Visible<Row>) {
        const Row row = filled<Row>(start * 1000);
        world.put(row);
        const auto n = world.committed<Row>(row.key())->n;
        CHECK(n > (seen.empty() ? 0 : *seen.rbegin()));
        seen.insert(n);
      }
    });
    world.reopen(start);
    CHECK(world.gate().last_n() == *seen.rbegin());
    world.look(
        [&](core::Snapshot& snapshot) { CHECK(snapshot.last_n().value() == *seen.rbegin()); });
  }
}

TEST_CASE("a batch that was taken back gives its numbers to the next one", "[contract]") {
  World world;
  start_conversation(world);
  const auto before = world.gate().last_n();
  world.faults->before = failing("commit");
  CHECK_FALSE(world.run([](core::Transaction& tx) -> Result<> {
    tx.put(ordered(1, 1, 1, ann));
    return success();
  }));
  world.faults->before = nullptr;
  world.put(ordered(1, 2, 1, ann));
  CHECK(world.committed<core::Event>(ordered(1, 2, 1, ann).key())->n == before + 1);
}

}  // namespace cpc::contract
