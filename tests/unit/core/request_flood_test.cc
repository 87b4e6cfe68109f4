// An instance that invents people: what it may leave behind at one person of ours is bounded.

#include "core/contact.h"
#include "federation/frame_codec.h"
#include "tests/support/two_instances.h"

namespace cpc::core {
namespace {

using tests::Federation;
using tests::id_of;
using tests::Instance;

struct Flood {
  Federation world{{"alpha.cpc", "evil.cpc"}};
  Instance& alpha = world.at(0);
  Instance& evil = world.at(1);
  Address ben = alpha.person("ben");
  int sent = 0;
  Flood() { alpha.add_person("ben"); }

  static std::string name(int number) { return "x" + std::to_string(number); }
  ConsentFrame frame(const std::string& from, FrameKind kind = FrameKind::request) {
    ConsentFrame made;
    made.id = id_of<FrameId>("frame" + std::to_string(++sent));
    made.kind = kind;
    made.from = {evil.person(from), evil.home().iid, id_of<Incarnation>(from),
                 id_of<MemberId>(from)};
    made.to = ben;
    made.time = world.now;
    made.version = sent;
    made.epoch = evil.home().epoch;
    if (kind == FrameKind::request) made.intro = "hello " + std::to_string(sent);
    return made;
  }
  void apply(const ConsentFrame& made) {
    const Bytes jws = evil.sign(made).jws;
    REQUIRE(alpha.run(
        [&](auto& tx, auto at) { return store_frame(tx, evil.name(), made.id, jws, at.now); }));
    REQUIRE(alpha.apply_inbox());
  }
  std::int64_t open() {
    const auto row = alpha.store.row<OpenRequests>({"ben", evil.name()});
    const auto listed = alpha.look().requests_of("ben", true, 0, 1000).value().size();
    CHECK((row ? row->open : 0) == static_cast<std::int64_t>(listed));
    return row ? row->open : 0;
  }
  std::size_t rows() { return alpha.store.tables().rows(); }
};

}  // namespace

TEST_CASE("requests of one instance that wait for one person are bounded") {
  Flood s;
  for (int i = 0; i < open_requests_max; ++i) s.apply(s.frame(Flood::name(i)));
  CHECK(s.open() == open_requests_max);
  for (int i = 0; i < 10; ++i) s.apply(s.frame("y" + std::to_string(i)));
  CHECK(s.open() == open_requests_max);
  CHECK(s.alpha.look().conversations_of(s.ben, 0, 1000).value().empty());
  SECTION("what is left unanswered makes room when it is as old as a request gets") {
    s.world.now += request_age_max;
    s.apply(s.frame("z"));
    CHECK(s.alpha.store.row<ContactRequest>({"ben", s.evil.person("z")}).has_value());
  }
  SECTION("who was not shown is known when our person writes first") {
    REQUIRE(s.alpha.write("ben", s.evil.person("y0"), "hello"));
    const auto pair = s.alpha.store.row<ConversationByPair>({s.ben, s.evil.person("y0")}).value();
    CHECK(s.alpha.store.row<Conversation>({pair.id})->wire_id.has_value());
  }
  SECTION("each answer makes room for one") {
    REQUIRE(s.alpha.deny("ben", s.evil.person(Flood::name(0))));
    REQUIRE(s.alpha.grant("ben", s.evil.person(Flood::name(1))));
    REQUIRE(s.alpha.revoke("ben", s.evil.person(Flood::name(2)), true));
    REQUIRE(s.alpha.write("ben", s.evil.person(Flood::name(3)), "hello"));
    CHECK(s.open() == open_requests_max - 4);
    for (int i = 0; i < 10; ++i) s.apply(s.frame("z" + std::to_string(i)));
    CHECK(s.open() == open_requests_max);
  }
  SECTION("another instance and another person are not concerned") {
    s.alpha.add_person("carla");
    s.alpha.add_person("dora");
    ConsentFrame other = s.frame("y");
    other.to = s.alpha.person("carla");
    s.apply(other);
    CHECK(s.alpha.look().requests_of("carla", true, 0, 10).value().size() == 1);
    REQUIRE(s.alpha.write("dora", s.ben, "hello"));
    CHECK(s.alpha.store.row<ContactRequest>({"ben", s.alpha.person("dora")}).has_value());
  }
  SECTION("who waits already may ask again") {
    s.world.now += request_repeat_min;
    s.apply(s.frame(Flood::name(0)));
    CHECK(s.alpha.store.row<ContactRequest>({"ben", s.evil.person(Flood::name(0))})->received_at ==
          s.world.now);
    CHECK(s.open() == open_requests_max);
  }
}

TEST_CASE("a request that is repeated again and again is shown once a day") {
  Flood s;
  s.apply(s.frame("eve"));
  const auto rows = s.rows();
  const auto n = s.alpha.store.last_n();
  for (int i = 0; i < 5; ++i) s.apply(s.frame("eve"));
  CHECK(s.alpha.store.last_n() == n);
  CHECK(s.rows() == rows);
  s.world.now += request_repeat_min;
  const ConsentFrame last = s.frame("eve");
  s.apply(last);
  CHECK(s.alpha.store.last_n() > n);
  const auto request = s.alpha.store.row<ContactRequest>({"ben", s.evil.person("eve")}).value();
  CHECK(open_intro(s.alpha.home(), request).value() == last.intro);
  CHECK(s.rows() == rows);
}

TEST_CASE("an address that names a new person each time begins a conversation once an hour") {
  Flood s;
  const auto kind = GENERATE(FrameKind::request, FrameKind::granted);
  s.apply(s.frame("eve"));
  const auto conversations = s.alpha.store.rows<Conversation>().size();
  const auto come = [&] {
    ConsentFrame made = s.frame("eve", kind);
    made.from.incarnation = id_of<Incarnation>("eve " + std::to_string(s.sent));
    s.apply(made);
  };
  for (int i = 0; i < 5; ++i) come();
  CHECK(s.alpha.store.rows<Conversation>().size() == conversations);
  s.world.now += successor_age_min;
  for (int i = 0; i < 5; ++i) come();
  CHECK(s.alpha.store.rows<Conversation>().size() == conversations + 1);
  CHECK(s.open() == 1);
}

TEST_CASE("grants and withdrawals that nobody asked for leave a bounded mark") {
  Flood s;
  const auto kind = GENERATE(FrameKind::granted, FrameKind::withdrawn);
  for (int i = 0; i < unheard_max; ++i) s.apply(s.frame(Flood::name(i), kind));
  const auto rows = s.rows();
  for (int i = 0; i < 5; ++i) s.apply(s.frame("y" + std::to_string(i), kind));
  CHECK(s.rows() == rows);
  CHECK(s.alpha.look().conversations_of(s.ben, 0, 1000).value().empty());
}

TEST_CASE("strangers whom nobody hears leave a bounded mark") {
  Flood s;
  REQUIRE(s.alpha.run([](auto& tx, auto) { return disable_account(tx, "ben"); }));
  for (int i = 0; i < unheard_max; ++i) s.apply(s.frame(Flood::name(i)));
  const auto rows = s.rows();
  for (int i = 0; i < 5; ++i) s.apply(s.frame("y" + std::to_string(i)));
  CHECK(s.rows() == rows);
  CHECK(s.open() == 0);
}

TEST_CASE("a withdrawal that overtakes its request is not undone by it") {
  Flood s;
  const ConsentFrame request = s.frame("carol");
  s.apply(s.frame("carol", FrameKind::withdrawn));
  s.apply(request);
  const auto told = s.alpha.store.row<Projection>({s.evil.person("carol"), s.ben}).value();
  CHECK_FALSE(told.is_granted);
  CHECK(told.version == 2);
  CHECK(s.open() == 0);
}

}  // namespace cpc::core
