// The ranges of a Snapshot: what is owed, what waits, what a person sees.
#include <stdexcept>

#include "tests/contract/store_contract.h"
#include "tests/support/forwarding_connection.h"

namespace cpc::contract {
namespace {

// To a store that cannot be read. Counts how often it was asked.
class AwayConnection final : public tests::ForwardingConnection {
 public:
  AwayConnection(std::unique_ptr<store::Connection> inner, int& begun)
      : ForwardingConnection(std::move(inner)), begun_(begun) {}
  Result<> begin(store::Access) override {
    ++begun_;
    return fail(ErrorCode::unavailable, "away");
  }

 private:
  int& begun_;
};

const std::string ann = "ann@alpha.cpc", bob = "bob@beta.cpc", cleo = "cleo@alpha.cpc";

core::Lane lane(const std::string& peer, core::LaneKind kind, std::uint64_t chat,
                core::Position head, core::Position acked, const std::string& blocked = {}) {
  core::Lane row;
  row.peer = instance(peer);
  row.kind = kind;
  if (kind != core::LaneKind::consent) row.conversation = id_of<core::ConversationId>(chat);
  row.head = head;
  row.acked = acked;
  row.blocked = blocked;
  return row;
}

/// The last octet of each id: how the tests number their rows.
template <class Rows>
std::vector<int> ids(const Rows& rows) {
  std::vector<int> out;
  for (const auto& row : rows) out.push_back(row.id.octets.back());
  return out;
}
using Ids = std::vector<int>;

void put_lanes(World& world) {
  using core::LaneKind;
  world.put(lane("beta.cpc", LaneKind::log, 1, {1, 9}, {1, 4}),
            lane("beta.cpc", LaneKind::submission, 2, {0, 5}, {0, 5}),
            lane("beta.cpc", LaneKind::consent, 0, {0, 7}, {0, 5}),
            lane("gamma.cpc", LaneKind::log, 3, {2, 1}, {1, 8}, "fork"),
            lane("delta.cpc", LaneKind::receipts, 4, {1, 3}, {1, 1}),
            lane("omega.cpc", LaneKind::log, 5, {2, 2}, {1, 3}));
}

std::vector<std::string> names(const std::vector<core::InstanceName>& peers) {
  std::vector<std::string> out;
  for (const auto& peer : peers) out.push_back(peer.text());
  return out;
}

}  // namespace

TEST_CASE("looks that are read together each get their own answer", "[contract]") {
  World world;
  world.put(account("ann", 1));
  store::Reader reader{world.engine->connect()};
  std::vector<std::int64_t> seen(4, -1);
  const auto sent_by_ann = [&](std::size_t at) {
    return [&seen, at](core::Snapshot& s) -> Result<> {
      CPC_TRY(const auto row, s.find(core::AccountKey{"ann"}));
      seen[at] = row->requests_sent;
      return success();
    };
  };
  const auto changes_then_looks = [&](core::Snapshot& s) -> Result<> {
    world.put(account("ann", 2));  // One snapshot: nobody sees it who reads with us.
    return sent_by_ann(1)(s);
  };
  const auto refuses = [](core::Snapshot&) -> Result<> {
    return fail(ErrorCode::not_found, "none of that name");
  };
  const auto throws = [](core::Snapshot&) -> Result<> { throw std::runtime_error{"oh"}; };
  const std::vector<store::Reader::Look> looks{sent_by_ann(0), changes_then_looks, refuses, throws,
                                               sent_by_ann(3)};
  std::vector<Result<>> results;
  reader.read_all(looks, [&](Result<> result) { results.push_back(std::move(result)); });
  REQUIRE(results.size() == looks.size());
  CHECK((results[0] && results[1] && results[4]));
  CHECK(results[2].error().code == ErrorCode::not_found);
  CHECK(results[3].error().code == ErrorCode::internal);
  CHECK(seen == std::vector<std::int64_t>{1, 1, -1, 2});
}

TEST_CASE("looks are answered one by one, while others still wait", "[contract]") {
  World world;
  store::Reader reader{world.engine->connect()};
  int answered = 0;
  std::vector<int> answered_before;
  const auto look = [&](core::Snapshot&) -> Result<> {
    answered_before.push_back(answered);
    return success();
  };
  const std::vector<store::Reader::Look> looks(3, look);
  reader.read_all(looks, [&](const Result<>& result) { answered += result ? 1 : 0; });
  CHECK(answered_before == std::vector{0, 1, 2});
  CHECK(answered == 3);
}

TEST_CASE("a store that is away is asked once for all looks that wait together", "[contract]") {
  World world;
  int begun = 0;
  store::Reader reader{std::make_unique<AwayConnection>(world.engine->connect(), begun)};
  const auto look = [](core::Snapshot&) { return success(); };
  const std::vector<store::Reader::Look> looks(3, look);
  std::vector<Result<>> results;
  reader.read_all(looks, [&](Result<> result) { results.push_back(std::move(result)); });
  REQUIRE(results.size() == looks.size());
  for (const auto& result : results) CHECK(result.error().code == ErrorCode::unavailable);
  CHECK(begun == 1);
}

TEST_CASE("peers that are owed something are those with a lane behind its head", "[contract]") {
  World world;
  put_lanes(world);
  world.look([](core::Snapshot& s) {
    CHECK(names(s.owing_peers().value()) ==
          std::vector<std::string>{"beta.cpc", "delta.cpc", "omega.cpc"});
    CHECK(s.owing_lanes(instance("beta.cpc"), 10).value().size() == 2);
    CHECK(s.owing_lanes(instance("beta.cpc"), 1).value().size() == 1);
    CHECK(s.owing_lanes(instance("gamma.cpc"), 10).value().empty());
    CHECK(s.lanes_of(instance("beta.cpc"), 10).value().size() == 3);
    CHECK(s.lanes_of(instance("gamma.cpc"), 10).value().size() == 1);
  });
  world.put(lane("delta.cpc", core::LaneKind::receipts, 4, {1, 3}, {1, 3}));
  world.look([](core::Snapshot& s) {
    CHECK(names(s.owing_peers().value()) == std::vector<std::string>{"beta.cpc", "omega.cpc"});
  });
}

TEST_CASE("the logs that a hub orders come page by page, and nobody else's", "[contract]") {
  World world;
  const auto put = [&](std::uint64_t id, const char* hub) {
    core::Conversation row = conversation(id, ann, bob);
    if (hub != nullptr) row.hub = instance(hub);
    world.put(row);
  };
  put(1, "beta.cpc");
  put(2, "gamma.cpc");
  put(3, "beta.cpc");
  put(4, nullptr);
  put(5, "alpha.cpc");
  put(6, "beta.cpc");
  world.look([](core::Snapshot& s) {
    std::vector<std::string> hubs;
    for (auto hub = s.next_hub({}).value(); hub; hub = s.next_hub(*hub).value()) {
      hubs.push_back(hub->text());
    }
    CHECK(hubs == std::vector<std::string>{"alpha.cpc", "beta.cpc", "gamma.cpc"});

    std::vector<int> seen;
    core::ConversationId after;
    for (auto page = s.copies_of(instance("beta.cpc"), after, 2).value(); !page.empty();
         page = s.copies_of(instance("beta.cpc"), after, 2).value()) {
      REQUIRE(page.size() <= 2);
      for (const int id : ids(page)) seen.push_back(id);
      after = page.back().id;
    }
    CHECK(seen == std::vector<int>{1, 3, 6});
    CHECK(s.copies_of(instance("delta.cpc"), {}, 10).value().empty());
  });
}

TEST_CASE("evidence of one peer comes by number, its ages over all peers", "[contract]") {
  World world;
  const auto row = [](const char* peer, std::int64_t number, std::int64_t at) {
    core::Evidence evidence;
    evidence.peer = instance(peer);
    evidence.number = number;
    evidence.at = from_milliseconds(at);
    return evidence;
  };
  world.put(row("beta.cpc", 2, 9), row("beta.cpc", 0, 5), row("gamma.cpc", 1, 7));
  world.look([](core::Snapshot& s) {
    const auto of_beta = s.evidence_of(instance("beta.cpc"), 10).value();
    REQUIRE(of_beta.size() == 2);
    CHECK((of_beta[0].number == 0 && of_beta[1].number == 2));
    CHECK(s.evidence_of(instance("beta.cpc"), 1).value().size() == 1);
    const auto ages = s.evidence_ages({instance("beta.cpc"), 0}, 10).value();
    REQUIRE(ages.size() == 2);
    CHECK(ages[0].key == core::EvidenceKey{instance("beta.cpc"), 2});
    CHECK(ages[0].at == from_milliseconds(9));
    CHECK(ages[1].key == core::EvidenceKey{instance("gamma.cpc"), 1});
    CHECK(s.evidence_ages({}, 2).value().size() == 2);
  });
}

TEST_CASE("what is owed is counted over lanes, blocked ones and several hub epochs", "[contract]") {
  World world;
  put_lanes(world);
  auto of_epoch = [](std::uint64_t id, core::Position position) {
    auto event = ordered(5, id, 1, ann);
    event.position = position;
    return event;
  };
  world.put(of_epoch(1, {1, 3}), of_epoch(2, {1, 4}), of_epoch(3, {1, 5}), of_epoch(4, {2, 1}),
            of_epoch(5, {2, 2}));
  world.look([](core::Snapshot& s) {
    CHECK(s.owed_count(instance("beta.cpc")).value() == 5 + 2);
    CHECK(s.owed_count(instance("omega.cpc")).value() == 4);
    CHECK(s.owed_count(instance("delta.cpc")).value() == 0);  // A receipt is state, no entry.
    CHECK(s.owed_count(instance("nobody.cpc")).value() == 0);
  });
}

TEST_CASE("entries of a log come in order, over hub epochs, without unordered ones", "[contract]") {
  World world;
  auto later = ordered(1, 4, 1, ann);
  later.position = {2, 1};
  world.put(ordered(1, 3, 2, ann), later, ordered(1, 9, 1, bob), ordered(2, 7, 5, ann),
            unordered(1, 5, 1, ann));
  const auto chat = id_of<core::ConversationId>(1);
  world.look([&](core::Snapshot& s) {
    CHECK(ids(s.entries_after(chat, {}, 10).value()) == Ids{9, 3, 4});
    CHECK(ids(s.entries_after(chat, {1, 1}, 10).value()) == Ids{3, 4});
    CHECK(ids(s.entries_after(chat, {1, 1}, 1).value()) == Ids{3});
    CHECK(s.entries_after(chat, {2, 1}, 10).value().empty());
    CHECK(s.entries_after(chat, {}, 0).value().empty());
  });
}

TEST_CASE("submissions come by their position whatever became of them", "[contract]") {
  World world;
  auto submitted = [](core::Event event, std::int64_t position) {
    event.submission = position;
    return event;
  };
  world.put(submitted(unordered(1, 1, 5, ann), 2), submitted(ordered(1, 2, 1, ann), 1),
            submitted(unordered(1, 3, 1, ann), 3), unordered(1, 4, 1, ann));
  const auto chat = id_of<core::ConversationId>(1);
  world.look([&](core::Snapshot& s) {
    CHECK(ids(s.submissions_after(chat, 0, 10).value()) == Ids{2, 1, 3});
    CHECK(ids(s.submissions_after(chat, 1, 1).value()) == Ids{1});
  });
}

TEST_CASE("frames come by position and end at the limit", "[contract]") {
  World world;
  for (std::int64_t position : {3, 1, 2}) {
    world.put(core::Frame{instance("beta.cpc"), position, "jws"});
  }
  world.put(core::Frame{instance("gamma.cpc"), 9, "jws"});
  world.look([](core::Snapshot& s) {
    const auto frames = s.frames_after(instance("beta.cpc"), 1, 10).value();
    REQUIRE(frames.size() == 2);
    CHECK(frames[0].position == 2);
    CHECK(frames[1].position == 3);
    CHECK(s.frames_after(instance("beta.cpc"), 0, 1).value().size() == 1);
  });
}

TEST_CASE("inbox frames come oldest first, without parked ones", "[contract]") {
  World world;
  auto frame = [](std::uint64_t id, std::int64_t time, bool is_parked) {
    core::InboxFrame row;
    row.origin = instance("beta.cpc");
    row.id = id_of<core::FrameId>(id);
    row.received_at = from_milliseconds(time);
    row.is_parked = is_parked;
    return row;
  };
  world.put(frame(1, 30, false), frame(2, 10, false), frame(3, 5, true), frame(4, 20, false));
  world.look([](core::Snapshot& s) {
    CHECK(ids(s.inbox_frames(10).value()) == Ids{2, 4, 1});
    CHECK(ids(s.inbox_frames(2).value()) == Ids{2, 4});
  });
}

TEST_CASE("drafts that may be signed come in their order, the others expire by time",
          "[contract]") {
  World world;
  auto draft = [](std::uint64_t chat, std::uint64_t id, std::int64_t time, std::int64_t order) {
    auto event = unordered(chat, id, time, ann);
    event.draft_order = order;
    return event;
  };
  auto pending = draft(1, 9, 1, 1);
  pending.state = core::EventState::pending;
  world.put(draft(2, 1, 10, 1), draft(1, 2, 30, 2), draft(1, 3, 20, 1), draft(3, 4, 40, 0),
            draft(3, 5, 15, 0), draft(3, 6, 50, 0), pending);
  world.look([](core::Snapshot& s) {
    CHECK(ids(s.signable_drafts(10).value()) == Ids{3, 2, 1});
    CHECK(ids(s.signable_drafts(1).value()) == Ids{3});
    CHECK(ids(s.drafts_before(from_milliseconds(50), 10).value()) == Ids{5, 4});
    CHECK(ids(s.drafts_before(from_milliseconds(50), 1).value()) == Ids{5});
  });
}

TEST_CASE("a person's conversations come last changed first and page by n", "[contract]") {
  World world;
  for (std::uint64_t chat : {1, 2, 3}) {
    const std::string other = "p" + std::to_string(chat) + "@beta.cpc";
    world.put(conversation(chat, ann, other), member(chat, ann), member(chat, other));
  }
  world.put(conversation(4, cleo, bob), member(4, cleo), member(4, bob));
  world.put(ordered(1, 1, 1, ann));
  world.look([](core::Snapshot& s) {
    const auto all = s.conversations_of(address(ann), 0, 10).value();
    CHECK(ids(all) == Ids{1, 3, 2});
    CHECK(ids(s.conversations_of(address(ann), all[0].n, 1).value()) == Ids{3});
    CHECK(ids(s.conversations_of(address(cleo), 0, 10).value()) == Ids{4});
    CHECK(s.members_of(id_of<core::ConversationId>(2)).value().size() == 2);
  });
}

TEST_CASE("a conversation that a person did not agree to is not among theirs", "[contract]") {
  World world;
  auto unlisted = member(1, cleo);
  unlisted.is_listed = false;
  world.put(conversation(1, ann, cleo), member(1, ann), unlisted, ordered(1, 1, 1, ann));
  const auto seen = [&] {
    std::size_t rows = 0;
    world.look([&](core::Snapshot& s) {
      const auto page = s.changes(address(cleo), 0, 10).value();
      rows = s.conversations_of(address(cleo), 0, 10).value().size() + page.events.size() +
             page.members.size() + page.conversations.size();
    });
    return rows;
  };
  CHECK(seen() == 0);
  world.put(member(1, cleo));
  CHECK(seen() == 1 + 1 + 2 + 1);
}

TEST_CASE("requests come newest first and can be narrowed to open ones", "[contract]") {
  World world;
  auto request = [](const std::string& owner, const std::string& from, bool is_open) {
    core::ContactRequest row;
    row.owner = owner;
    row.from = address(from);
    row.is_open = is_open;
    return row;
  };
  world.put(request("ann", "a@beta.cpc", true));
  world.put(request("ann", "b@beta.cpc", false));
  world.put(request("ann", "c@beta.cpc", true));
  world.put(request("cleo", "d@beta.cpc", true));
  world.look([](core::Snapshot& s) {
    const auto open = s.requests_of("ann", true, 0, 10).value();
    REQUIRE(open.size() == 2);
    CHECK(open[0].from.local == "c");
    const auto all = s.requests_of("ann", false, 0, 10).value();
    REQUIRE(all.size() == 3);
    CHECK(s.requests_of("ann", false, 0, 1).value().size() == 1);
    const auto rest = s.requests_of("ann", false, all[0].n, 10).value();
    REQUIRE(rest.size() == 2);
    CHECK(rest[0].from.local == "b");
    CHECK(s.requests_of("ann", true, open[0].n, 10).value().size() == 1);
    CHECK(s.requests_of("ann", true, open[1].n, 10).value().empty());
  });
}

TEST_CASE("consents come by key, go on after any of them, and can be had by type", "[contract]") {
  World world;
  auto consent = [](const std::string& owner, core::ConsentType type, core::ConsentScope scope,
                    const std::string& subject) {
    core::Consent row;
    row.owner = owner;
    row.type = type;
    row.scope = scope;
    row.subject = subject;
    return row;
  };
  using core::ConsentScope;
  using core::ConsentType;
  world.put(consent("ann", ConsentType::cross_instance, ConsentScope::anyone, "*"),
            consent("ann", ConsentType::cross_instance, ConsentScope::instance, "beta.cpc"),
            consent("ann", ConsentType::messaging, ConsentScope::person, "b@beta.cpc"),
            consent("ann", ConsentType::messaging, ConsentScope::person, "a@beta.cpc"),
            consent("cleo", ConsentType::messaging, ConsentScope::person, "a@beta.cpc"));
  const auto subjects = [](const std::vector<core::Consent>& rows) {
    std::vector<std::string> out;
    for (const auto& row : rows) out.push_back(row.subject);
    return out;
  };
  using Subjects = std::vector<std::string>;
  world.look([&](core::Snapshot& s) {
    const auto all = s.consents_of("ann", {}, 10).value();
    CHECK(subjects(all) == Subjects{"a@beta.cpc", "b@beta.cpc", "beta.cpc", "*"});
    for (std::size_t at = 0; at < all.size(); ++at) {
      const auto rest = s.consents_of("ann", all[at].key(), 10).value();
      CHECK(rest.size() == all.size() - at - 1);
    }
    const core::ConsentKey gone{"ann", ConsentType::messaging, ConsentScope::person, "aa@beta.cpc"};
    CHECK(subjects(s.consents_of("ann", gone, 1).value()) == Subjects{"b@beta.cpc"});
    CHECK(subjects(s.consents_of_type("ann", ConsentType::cross_instance, 10).value()) ==
          Subjects{"beta.cpc", "*"});
    CHECK(s.consents_of_type("ann", ConsentType::cross_instance, 1).value().size() == 1);
    CHECK(s.consents_of_type("ann", ConsentType::media_sharing, 10).value().empty());
    CHECK(s.consents_of("bob", {}, 10).value().empty());
  });
}

TEST_CASE("accounts and peers are listed by name", "[contract]") {
  World world;
  for (const char* name : {"m", "b", "z", "q"}) {
    core::Peer peer;
    peer.name = instance(std::string{name} + ".cpc");
    world.put(account(name), peer);
  }
  world.look([](core::Snapshot& s) {
    const auto accounts = s.accounts("b", 2).value();
    REQUIRE(accounts.size() == 2);
    CHECK(accounts[0].local == "m");
    CHECK(accounts[1].local == "q");
    CHECK(s.accounts("", 10).value().size() == 4);
    const auto peers = s.peers(3).value();
    REQUIRE(peers.size() == 3);
    CHECK(peers[0].name.text() == "b.cpc");
  });
}

TEST_CASE("no range is longer than its bound, whatever is asked", "[contract]") {
  World world;
  REQUIRE(world.run([](core::Transaction& tx) -> Result<> {
    for (std::size_t i = 0; i < store::range_rows_max + 5; ++i) {
      tx.put(account("p" + std::to_string(i)));
    }
    return success();
  }));
  world.look([](core::Snapshot& s) {
    CHECK(s.accounts("", 1'000'000'000).value().size() == store::range_rows_max);
  });
}

}  // namespace cpc::contract
