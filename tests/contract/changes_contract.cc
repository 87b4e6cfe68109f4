// A person's stream of changes against random histories: whoever pages through it, in pages of any
// size and while the history goes on, ends with exactly what they may see.
#include <map>
#include <random>

#include "store/record.h"
#include "tests/contract/store_contract.h"

namespace cpc::contract {
namespace {

constexpr std::size_t chats = 4;
const char* const people[] = {"ann@alpha.cpc", "bob@alpha.cpc", "cleo@alpha.cpc", "dan@beta.cpc"};

template <class Row>
using RowsByKey = std::map<typename Row::Key, Row>;

/// Rows of the five kinds that a client sees.
struct Seen {
  RowsByKey<core::Conversation> conversations;
  RowsByKey<core::Member> members;
  RowsByKey<core::Event> events;
  RowsByKey<core::ContactRequest> requests;
  RowsByKey<core::Consent> consents;
};

/// Writes at random, and remembers what it wrote.
class History {
 public:
  History(World& world, std::uint64_t seed) : world_(world), chance_(seed) {
    for (std::uint64_t chat = 0; chat < chats; ++chat) {
      const std::string low = people[chat % 4], high = people[(chat + 1) % 4];
      put(all.conversations, conversation(chat, low, high));
      put(all.members, member(chat, low));
      put(all.members, member(chat, high));
    }
  }

  /// One batch of a few closures with a few rows each.
  void go_on() {
    std::vector<core::Closure> closures;
    for (std::size_t i = draw(4) + 1; i > 0; --i) {
      const std::size_t rows = draw(3) + 1;
      std::vector<core::Closure> changes;
      for (std::size_t row = 0; row < rows; ++row) changes.push_back(change());
      closures.push_back([changes](core::Transaction& tx) -> Result<> {
        for (const auto& change : changes) {
          CPC_TRY(change(tx));
        }
        return success();
      });
    }
    for (const auto& result : world_.run_all(closures).results) REQUIRE(result);
  }

  std::uint64_t draw(std::uint64_t below) { return chance_() % below; }
  Seen all;

 private:
  template <class Row>
  void put(RowsByKey<Row>& rows, const Row& row) {
    rows.insert_or_assign(row.key(), row);
    world_.put(row);
  }
  template <class Row>
  core::Closure noted(RowsByKey<Row>& rows, const Row& row) {
    rows.insert_or_assign(row.key(), row);
    return [row](core::Transaction& tx) -> Result<> {
      tx.put(row);
      return success();
    };
  }

  core::Closure change() {
    const auto counter = static_cast<std::int64_t>(++counter_);
    switch (draw(6)) {
      case 0: {
        auto row =
            std::next(all.members.begin(), static_cast<std::ptrdiff_t>(draw(all.members.size())))
                ->second;
        row.read_seq = counter;
        return noted(all.members, row);
      }
      case 1: {
        core::ContactRequest row;
        row.owner = people[draw(2)] == people[0] ? "ann" : "bob";
        row.from = address("p" + std::to_string(draw(5)) + "@beta.cpc");
        row.received_at = from_milliseconds(counter);
        return noted(all.requests, row);
      }
      case 2: {
        core::Consent row;
        row.owner = draw(2) == 0 ? "ann" : "cleo";
        row.subject = "p" + std::to_string(draw(5)) + "@beta.cpc";
        row.version = counter;
        return noted(all.consents, row);
      }
      default:
        return noted(all.events, event(counter));
    }
  }

  core::Event event(std::int64_t counter) {
    const auto chat = draw(chats);
    const std::string sender = people[(chat + draw(2)) % 4];
    const auto id = draw(60);  // Small, so that events change and not only come.
    auto row = unordered(chat, id, counter, sender);
    if (draw(3) != 0) row = ordered(chat, id, counter, sender);
    row.is_hidden = draw(5) == 0;
    if (draw(6) == 0) row.type = "member.join";
    return row;
  }

  World& world_;
  std::mt19937_64 chance_;
  std::uint64_t counter_ = 0;
};

bool may_see(const core::Event& event, const core::Address& person) {
  if (event.type != "message.post") return false;
  return event.sender == person || (event.position.seq > 0 && !event.is_hidden);
}

/// A client that resumes from its cursor and checks what a page promises.
class Client {
 public:
  explicit Client(const std::string& person) : person_(address(person)) {}

  /// Reads one page; false when there is no more.
  bool read_page(World& world, std::size_t limit) {
    core::ChangePage page;
    world.look([&](core::Snapshot& s) { page = s.changes(person_, cursor_, limit).value(); });
    std::size_t rows = 0;
    const auto take = [&](auto& into, const auto& found) {
      std::int64_t last = cursor_;
      for (const auto& row : found) {
        CHECK(row.n > last);  // In order, after the cursor, none twice.
        CHECK(row.n <= page.upto);
        CHECK(numbers_.insert(row.n).second);
        last = row.n;
        into.insert_or_assign(row.key(), row);
      }
      rows += found.size();
    };
    take(seen.conversations, page.conversations);
    take(seen.members, page.members);
    take(seen.events, page.events);
    take(seen.requests, page.requests);
    take(seen.consents, page.consents);
    CHECK(rows <= limit);
    CHECK(page.upto >= cursor_);
    CHECK((page.upto > cursor_ || !page.has_more));
    cursor_ = page.upto;
    return page.has_more;
  }

  Seen seen;

 private:
  core::Address person_;
  std::int64_t cursor_ = 0;
  std::set<std::int64_t> numbers_;
};

template <class Row>
void check_same(const RowsByKey<Row>& seen, const RowsByKey<Row>& expected) {
  CHECK(seen.size() == expected.size());
  for (const auto& [key, row] : expected) {
    const auto found = seen.find(key);
    const bool is_there = found != seen.end();
    CHECK(is_there);
    if (!is_there) continue;
    Row without_n = found->second;
    without_n.n = 0;
    CHECK(store::is_same(without_n, row));
  }
}

template <class Row>
std::vector<std::int64_t> numbers(const std::vector<Row>& rows) {
  std::vector<std::int64_t> out;
  for (const Row& row : rows) out.push_back(row.n);
  return out;
}

Seen visible_to(const Seen& all, const core::Address& person) {
  Seen out;
  const auto takes_part = [&](const core::ConversationId& id) {
    return all.members.contains({id, person});
  };
  for (const auto& [key, row] : all.conversations) {
    if (takes_part(row.id)) out.conversations.emplace(key, row);
  }
  for (const auto& [key, row] : all.members) {
    if (takes_part(row.conversation)) out.members.emplace(key, row);
  }
  for (const auto& [key, row] : all.events) {
    if (takes_part(row.conversation) && may_see(row, person)) out.events.emplace(key, row);
  }
  for (const auto& [key, row] : all.requests) {
    if (row.owner == person.local) out.requests.emplace(key, row);
  }
  for (const auto& [key, row] : all.consents) {
    if (row.owner == person.local) out.consents.emplace(key, row);
  }
  return out;
}

/// What a client still shows although it may no longer be seen (an event that got hidden later) is
/// the client's to keep: only what it may see now is compared.
void drop_invisible(Seen& seen, const Seen& visible) {
  std::erase_if(seen.events,
                [&](const auto& entry) { return !visible.events.contains(entry.first); });
}

}  // namespace

TEST_CASE("paging through changes loses nothing and repeats nothing", "[contract]") {
  const auto seed = GENERATE(range(1, 7));
  CAPTURE(seed);
  World world;
  History history{world, static_cast<std::uint64_t>(seed)};
  std::vector<Client> clients(std::begin(people), std::end(people));
  for (int step = 0; step < 12; ++step) {
    history.go_on();
    for (auto& client : clients) {
      if (history.draw(2) == 0) (void)client.read_page(world, history.draw(9) + 1);
    }
  }
  std::size_t events = 0;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    while (clients[i].read_page(world, history.draw(20) + 1)) {
    }
    const Seen visible = visible_to(history.all, address(people[i]));
    INFO(people[i]);
    drop_invisible(clients[i].seen, visible);
    check_same(clients[i].seen.conversations, visible.conversations);
    check_same(clients[i].seen.members, visible.members);
    check_same(clients[i].seen.events, visible.events);
    check_same(clients[i].seen.requests, visible.requests);
    check_same(clients[i].seen.consents, visible.consents);
    events += visible.events.size();
  }
  CHECK(events > 20);  // The run was not empty.
}

TEST_CASE("who is told where something changed reads there what reading everything gives",
          "[contract]") {
  World world;
  History history{world, GENERATE(range<std::uint64_t>(1, 4))};
  std::int64_t before = world.gate().last_n();
  std::set<core::ConversationId> all_chats;
  for (std::uint64_t chat = 0; chat < chats; ++chat) {
    all_chats.insert(id_of<core::ConversationId>(chat));
  }
  for (int step = 0; step < 12; ++step) {
    history.go_on();
    const std::int64_t now = world.gate().last_n();
    for (const auto* person : people) {
      world.look([&](core::Snapshot& s) {
        const auto whole = s.changes(address(person), before, 1000).value();
        const auto told = s.changes_in(all_chats, address(person), before, now, 1000).value();
        CHECK(numbers(told.events) == numbers(whole.events));
        CHECK(numbers(told.members) == numbers(whole.members));
        CHECK(numbers(told.conversations) == numbers(whole.conversations));
        CHECK((told.upto == now && !told.has_more));
        // And nothing of where nothing was told, or beyond the number that was told.
        const auto elsewhere = s.changes_in({}, address(person), before, now, 1000).value();
        CHECK((elsewhere.events.empty() && elsewhere.members.empty()));
        const auto earlier =
            s.changes_in(all_chats, address(person), before, now - 1, 1000).value();
        for (const std::int64_t n : numbers(earlier.events)) CHECK(n < now);
        if (told.events.size() < 2) return;
        const auto short_page = s.changes_in(all_chats, address(person), before, now, 1).value();
        CHECK((short_page.has_more && short_page.upto == before && short_page.events.empty()));
      });
    }
    before = now;
  }
}

TEST_CASE("a draft is nobody's but its author's, also in the stream of changes", "[contract]") {
  World world;
  History history{world, 1};
  world.put(unordered(0, 1, 1, people[0]));
  const auto events_of = [&](const char* person) {
    std::size_t count = 0;
    world.look([&](core::Snapshot& s) {
      count = s.changes(address(person), 0, 1000).value().events.size();
    });
    return count;
  };
  CHECK(events_of(people[0]) == 1);
  CHECK(events_of(people[1]) == 0);
  world.put(ordered(0, 1, 1, people[0]));
  CHECK(events_of(people[1]) == 1);
}

TEST_CASE("who has seen everything gets an empty page and the newest cursor", "[contract]") {
  World world;
  History history{world, 1};
  world.look([&](core::Snapshot& s) {
    const auto page = s.changes(address(people[0]), world.gate().last_n(), 10).value();
    CHECK(page.upto == world.gate().last_n());
    CHECK_FALSE(page.has_more);
    CHECK((page.events.empty() && page.conversations.empty() && page.members.empty()));
    const auto stranger = s.changes(address("nobody@alpha.cpc"), 0, 10).value();
    CHECK(stranger.upto == world.gate().last_n());
    CHECK(stranger.conversations.empty());
  });
}

}  // namespace cpc::contract
