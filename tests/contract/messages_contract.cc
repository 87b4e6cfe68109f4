// History: what a person sees of a conversation, in display order, page by page.
#include "tests/contract/store_contract.h"

namespace cpc::contract {
namespace {

const std::string ann = "ann@alpha.cpc", bob = "bob@alpha.cpc";

using Ids = std::vector<int>;

core::Snapshot::MessageRange of(const std::string& person) {
  core::Snapshot::MessageRange range;
  range.conversation = id_of<core::ConversationId>(1);
  range.person = address(person);
  return range;
}

core::EventKey key(std::uint64_t id) {
  return ordered(1, id, 1, ann).key();
}

Ids shown(core::Snapshot& snapshot, const core::Snapshot::MessageRange& range) {
  Ids out;
  const auto events = snapshot.messages(range).value();
  for (const auto& event : events) {
    out.push_back(event.id.octets.back());
  }
  return out;
}

/// Six ordered events, of which ann sees four (one was hidden from her) and bob four (likewise, he
/// wrote the one that is hidden); three of ann's and one of bob's without a place.
void fill(World& world) {
  auto join = ordered(1, 90, 2, ann);
  join.type = "member.join";
  auto hidden = ordered(1, 12, 4, bob);
  hidden.is_hidden = true;
  auto later_epoch = ordered(1, 14, 1, ann);
  later_epoch.position = {2, 1};
  auto failed = unordered(1, 31, 500, ann);
  failed.state = core::EventState::failed;
  world.put(ordered(1, 10, 1, ann), join, ordered(1, 11, 3, bob), hidden, ordered(1, 13, 5, ann),
            later_epoch, unordered(1, 32, 900, ann), unordered(1, 30, 900, ann), failed,
            unordered(1, 40, 700, bob), ordered(2, 50, 9, ann));
}

}  // namespace

TEST_CASE("history is the ordered messages, then one's own that have no place yet", "[contract]") {
  World world;
  fill(world);
  world.look([](core::Snapshot& s) {
    CHECK(shown(s, of(ann)) == Ids{10, 11, 13, 14, 31, 30, 32});
    CHECK(shown(s, of(bob)) == Ids{10, 11, 12, 13, 14, 40});
  });
}

TEST_CASE("pages of history join without a gap or a repetition, both ways", "[contract]") {
  World world;
  fill(world);
  const std::size_t limit = GENERATE(1, 2, 3, 4, 5, 6, 7);
  world.look([&](core::Snapshot& s) {
    const Ids all = shown(s, of(ann));
    Ids backwards;
    for (auto range = of(ann);;) {
      range.limit = limit;
      const auto page = shown(s, range);
      if (page.empty()) break;
      CHECK(page.size() <= limit);
      REQUIRE(backwards.size() < all.size());  // Else it would go on for ever.
      backwards.insert(backwards.begin(), page.begin(), page.end());
      range.before = key(static_cast<std::uint64_t>(page.front()));
    }
    CHECK(backwards == all);
    Ids forwards{all.front()};
    for (auto range = of(ann);;) {
      range.limit = limit;
      range.after = key(static_cast<std::uint64_t>(forwards.back()));
      const auto page = shown(s, range);
      if (page.empty()) break;
      CHECK(page.size() <= limit);
      REQUIRE(forwards.size() < all.size());
      forwards.insert(forwards.end(), page.begin(), page.end());
    }
    CHECK(forwards == all);
  });
}

TEST_CASE("history can be read from its first message on", "[contract]") {
  World world;
  fill(world);
  world.look([](core::Snapshot& s) {
    auto range = of(ann);
    range.from_start = true;
    range.limit = 3;
    CHECK(shown(s, range) == Ids{10, 11, 13});
    range.limit = 5;
    CHECK(shown(s, range) == Ids{10, 11, 13, 14, 31});
  });
}

TEST_CASE("history between two messages is what lies between them", "[contract]") {
  World world;
  fill(world);
  world.look([](core::Snapshot& s) {
    auto range = of(ann);
    range.after = key(11);
    range.before = key(30);
    CHECK(shown(s, range) == Ids{13, 14, 31});
    range.limit = 2;
    CHECK(shown(s, range) == Ids{14, 31});
    range.before = key(13);
    CHECK(shown(s, range).empty());
  });
}

TEST_CASE("a cursor that names no message of the conversation is refused", "[contract]") {
  World world;
  fill(world);
  world.look([](core::Snapshot& s) {
    auto range = of(ann);
    range.before = key(99);
    const auto gone = s.messages(range);
    REQUIRE_FALSE(gone);
    CHECK(gone.error().code == ErrorCode::not_found);
    range.before = ordered(2, 50, 9, ann).key();
    const auto foreign = s.messages(range);
    REQUIRE_FALSE(foreign);
    CHECK(foreign.error().code == ErrorCode::invalid);
  });
}

}  // namespace cpc::contract
