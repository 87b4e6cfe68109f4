#include "daemon/api/change_follower.h"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "tests/support/two_instances.h"

namespace cpc::api {
namespace {

/// Ann of alpha.cpc and a follower of hers; commits are told when the test says so.
struct Scene {
  Scene() {
    commit([](core::Transaction& tx) -> Result<> {
      for (const char peer : {'b', 'c', 'd'}) {
        core::Conversation chat;
        chat.id = id(peer);
        chat.low = ann();
        chat.high = core::Address::parse(std::string(1, peer) + "@beta.cpc").value();
        core::Member mine;
        mine.conversation = chat.id;
        mine.address = chat.low;
        mine.is_listed = true;
        tx.put(mine);
        tx.put(chat);
      }
      return success();
    });
    follower.emplace(wake_ups, ann(), 0, io.get_executor());
  }

  static core::Address ann() { return core::Address::parse("ann@alpha.cpc").value(); }
  static core::ConversationId id(char name) {
    core::ConversationId made;
    made.octets.back() = static_cast<std::uint8_t>(name);
    return made;
  }

  core::Committed commit(const core::Closure& closure) {
    return alpha.store.transact(closure).value();
  }
  /// Something changed in these conversations of hers.
  core::Committed change(const std::string& names) {
    return commit([&](core::Transaction& tx) -> Result<> {
      for (const char name : names) {
        CPC_TRY(auto chat, tx.find(core::ConversationKey{id(name)}));
        tx.put(*chat);
        tx.touched().accounts["ann"].conversations.insert(chat->id);
      }
      return success();
    });
  }
  /// The conversations of the next page, by name.
  std::string read(std::size_t limit = 100) {
    const auto question = follower->question();
    const auto page = read_changes(alpha.look(), question, limit).value();
    std::string names;
    for (const auto& chat : page.conversations) names += static_cast<char>(chat.id.octets.back());
    std::ranges::sort(names);
    follower->take_answer(page);
    return names;
  }

  boost::asio::io_context io;
  TimePoint now{};
  tests::Instance alpha{"alpha.cpc", "alpha", now};
  routing::WakeUps wake_ups;
  std::optional<ChangeFollower> follower;
};

}  // namespace

TEST_CASE("a follower first reads everything that was missed, and then has nothing to do") {
  Scene s;
  CHECK(s.follower->is_due());
  CHECK(s.read() == "bcd");
  CHECK_FALSE(s.follower->is_due());
  CHECK(s.follower->cursor() == s.alpha.store.last_n());
}

TEST_CASE("a commit makes a follower read where it was told, and nowhere else") {
  Scene s;
  (void)s.read();
  s.wake_ups.dispatch(s.change("c"));
  CHECK(s.read() == "c");
  CHECK_FALSE(s.follower->is_due());
  s.wake_ups.dispatch(s.change("b"));
  s.wake_ups.dispatch(s.change("bd"));
  CHECK(s.read() == "bd");
}

TEST_CASE("what is committed and not told yet is not skipped by reading what was told") {
  Scene s;
  (void)s.read();
  const auto first = s.change("b");
  const auto second = s.change("c");  // In the store already when the first is read.
  const auto third = s.change("b");
  s.wake_ups.dispatch(first);
  const std::string early = s.read();
  s.wake_ups.dispatch(second);
  s.wake_ups.dispatch(third);
  CHECK((early + s.read()) == "bc");
  CHECK(s.follower->cursor() == third.n);
}

TEST_CASE("after a gap everything is read, and what was told of before is not read again") {
  Scene s;
  (void)s.read();
  (void)s.change("d");  // Nobody was told.
  auto next = s.change("b");
  next.has_gap = true;
  s.wake_ups.dispatch(next);
  CHECK(s.read() == "bd");
}

TEST_CASE("a slow reader is told of few conversations by name, and of many at once") {
  Scene s;
  (void)s.read();
  core::Committed told;
  const auto tell_of = [&](int conversations) {
    core::TouchedAccount& ann = told.touched.accounts["ann"];
    ann.conversations.clear();
    for (int i = 0; i < conversations; ++i) {
      core::ConversationId talk;
      talk.octets.front() = static_cast<std::uint8_t>(i);
      ann.conversations.insert(talk);
    }
    s.wake_ups.dispatch(told);
    return s.follower->question().touched;
  };
  const auto few = tell_of(200);
  CHECK((few.conversations.size() == 200 && !few.everything));
  const auto many = tell_of(201);
  CHECK((many.conversations.empty() && many.everything));
}

TEST_CASE("a wake-up that comes after its change was read gives an empty page") {
  Scene s;
  const auto told_late = s.change("b");
  CHECK(s.read() == "bcd");
  s.wake_ups.dispatch(told_late);
  CHECK(s.read().empty());
  CHECK(s.follower->cursor() == told_late.n);
}

}  // namespace cpc::api
