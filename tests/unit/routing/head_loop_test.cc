// When a copy asks its hubs, about which logs, and when it pulls.
#include "routing/head_loop.h"

#include "tests/unit/routing/delivery_world.h"

namespace cpc::routing {
namespace {

using core::InstanceName;
using core::WireId;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

WireId log_of(int number) {
  Bytes octets(WireId::size, 'w');
  octets.back() = static_cast<char>(number);
  return WireId::from_bytes(octets).value();
}

// Hubs that agree to everything, and note what they were asked.
class FakeHubs final : public HeadExchange {
 public:
  explicit FakeHubs(tests::VirtualTimers& timers) : timers_(timers) {}
  struct Asked {
    TimePoint at;
    InstanceName hub;
    std::vector<WireId> logs;
  };
  std::vector<Asked> asked;
  std::vector<Asked> pulled;
  std::set<InstanceName> away;
  std::set<InstanceName> silent;  ///< Answer nothing for ever.
  std::map<WireId, core::HeadAnswer> answers;
  bool says_more = false;
  int under_way_max = 0;

  Task<Compared> compare(InstanceName hub, std::vector<core::LogHead> heads) override {
    Asked one{timers_.now(), hub, {}};
    Compared compared;
    for (const core::LogHead& head : heads) {
      one.logs.push_back(head.wire_id);
      const auto found = answers.find(head.wire_id);
      compared.answers.push_back(
          found != answers.end()
              ? found->second
              : core::HeadAnswer{head.wire_id, head.position, head.link, head.position});
    }
    asked.push_back(std::move(one));
    under_way_max = std::max(under_way_max, ++under_way_);
    const auto wait = silent.contains(hub) ? Milliseconds{hours{100}} : Milliseconds{50};
    const SteadyPoint due = timers_.steady_now() + wait;
    struct Leaving {
      int& count;
      ~Leaving() { --count; }
    };
    const Leaving leaving{under_way_};
    co_await timers_.sleep_until(due);
    if (away.contains(hub)) co_return fail(ErrorCode::unavailable, "no connection");
    co_return compared;
  }
  Task<Pulled> pull(InstanceName hub, WireId wire_id, core::Position) override {
    pulled.push_back({timers_.now(), hub, {wire_id}});
    const SteadyPoint due = timers_.steady_now() + Milliseconds{50};
    co_await timers_.sleep_until(due);
    if (away.contains(hub)) co_return fail(ErrorCode::unavailable, "no connection");
    Pulled given{{hub, {}, {}}, {}, says_more};
    given.batch.logs.push_back({wire_id, {}, {}, {}});
    co_return given;
  }

 private:
  tests::VirtualTimers& timers_;
  int under_way_ = 0;
};

struct Scene {
  boost::asio::io_context io;
  tests::VirtualTimers timers{io};
  tests::MemoryRows rows;
  tests::KeptLog log;
  WakeUps wake_ups;
  tests::MemoryGate gate{io, rows, wake_ups};
  FakeHubs hubs{timers};
  tests::SeededRandom random{7};
  crypto::MasterKey master{crypto::MasterKey::from_bytes(Bytes(32, 'm')).value()};
  core::Home home{InstanceName::parse("home.cpc").value(), {}, {}, 1, master};
  TaskGroup tasks{io.get_executor(), log};
  HeadParts parts;
  HeadLoops loops;

  explicit Scene(HeadSettings settings = {})
      : parts{gate, hubs, timers, random, log, home, tasks, settings},
        loops(io.get_executor(), parts) {}
  ~Scene() {
    tasks.stop();
    timers.settle();
  }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  void put_log(int number, const InstanceName& hub, Milliseconds age) {
    core::Conversation row;
    Bytes id(core::ConversationId::size, 'c');
    id.back() = static_cast<char>(number);
    row.id = core::ConversationId::from_bytes(id).value();
    row.wire_id = log_of(number);
    row.hub = hub;
    row.head = {{1, 3}, timers.now() - age, {}};
    rows.of<core::Conversation>()[row.key()] = row;
    rows.of<core::ConversationByWire>()[{log_of(number)}] = {log_of(number), row.id};
  }
  void start() {
    loops.start();
    timers.settle();
  }
  void pass(Milliseconds time) { timers.pass(time); }
};

const InstanceName north = tests::peer_name(1);
const InstanceName south = tests::peer_name(2);

TEST_CASE("at start every hub is asked about everything, ourselves never") {
  Scene s;
  s.put_log(1, north, hours{1});
  s.put_log(2, north, hours{24 * 100});
  s.put_log(3, south, hours{1});
  s.put_log(4, s.home.name, hours{1});
  s.start();
  s.pass(seconds{5});
  REQUIRE(s.hubs.asked.size() == 2);
  CHECK(s.hubs.asked[0].hub == north);
  CHECK(s.hubs.asked[0].logs == std::vector{log_of(1), log_of(2)});
  CHECK(s.hubs.asked[1].hub == south);
  CHECK(s.hubs.asked[1].logs == std::vector{log_of(3)});
}

TEST_CASE("every quarter of an hour only what moved within a day is asked about") {
  Scene s;
  s.put_log(1, north, hours{1});
  s.put_log(2, north, hours{24 * 100});
  s.start();
  s.pass(hours{1});
  REQUIRE(s.hubs.asked.size() >= 3);
  CHECK(s.hubs.asked.size() <= 6);
  for (std::size_t i = 1; i < s.hubs.asked.size(); ++i) {
    CHECK(s.hubs.asked[i].logs == std::vector{log_of(1)});
    const Milliseconds between = s.hubs.asked[i].at - s.hubs.asked[i - 1].at;
    CHECK(between >= minutes{11});
    CHECK(between <= minutes{19});
  }
}

TEST_CASE("a hub that was away is asked about everything when it is there again") {
  Scene s;
  s.put_log(1, north, hours{24 * 100});
  s.hubs.away = {north};
  s.start();
  s.pass(minutes{20});
  REQUIRE(s.hubs.asked.size() == 2);
  s.hubs.away.clear();
  s.pass(minutes{20});
  REQUIRE(s.hubs.asked.size() == 3);
  CHECK(s.hubs.asked[2].logs == std::vector{log_of(1)});
  s.pass(hours{1});
  CHECK(s.hubs.asked.size() == 3);
}

TEST_CASE("another life of a hub is compared with at once, about everything") {
  Scene s;
  s.put_log(1, north, hours{24 * 100});
  s.start();
  s.pass(minutes{1});
  CHECK(s.hubs.asked.size() == 1);
  s.loops.compare_all(north);
  s.pass(seconds{1});
  REQUIRE(s.hubs.asked.size() == 2);
  CHECK(s.hubs.asked[1].logs == std::vector{log_of(1)});
}

TEST_CASE("a hub that begins a new life each second is compared with every ten seconds") {
  Scene s;
  s.put_log(1, north, hours{24 * 100});
  s.start();
  for (int second = 0; second < 60; ++second) {
    s.loops.compare_all(north);
    s.pass(seconds{1});
  }
  CHECK(s.hubs.asked.size() >= 6);
  CHECK(s.hubs.asked.size() <= 7);
}

TEST_CASE("of many logs that a hub lost the operator reads one line") {
  Scene s;
  for (int log = 1; log <= 20; ++log) {
    s.put_log(log, north, hours{1});
    s.hubs.answers[log_of(log)] = {log_of(log), {1, 1}, std::nullopt, {1, 1}};
  }
  s.start();
  s.pass(seconds{5});
  CHECK(s.log.count("a hub lost entries of a log that we have; its lane is stopped") == 1);
}

TEST_CASE("a hub that went away is not asked about each of the logs that lack something") {
  Scene s;
  for (int log = 1; log <= 20; ++log) s.put_log(log, north, hours{1});
  s.start();
  s.pass(seconds{5});
  s.hubs.away = {north};
  for (int log = 1; log <= 20; ++log) s.loops.pull(north, log_of(log));
  s.pass(seconds{5});
  CHECK(s.hubs.pulled.size() == 1);
}

TEST_CASE("who becomes a hub while we run is compared with from then on") {
  Scene s;
  s.start();
  s.pass(minutes{1});
  CHECK(s.hubs.asked.empty());
  s.put_log(1, north, {});
  s.pass(minutes{20});
  REQUIRE_FALSE(s.hubs.asked.empty());
  CHECK(s.hubs.asked[0].logs == std::vector{log_of(1)});
}

TEST_CASE("what the copy acknowledged once and holds no more is pulled") {
  Scene s;
  s.put_log(1, north, hours{1});
  s.hubs.answers[log_of(1)] = {log_of(1), {1, 9}, Digest{}, {1, 7}};
  s.start();
  s.pass(seconds{5});
  REQUIRE(s.hubs.pulled.size() == 1);
  CHECK(s.hubs.pulled[0].logs == std::vector{log_of(1)});
}

TEST_CASE("a hub that says there is more, and gives nothing, is not asked for ever") {
  Scene s;
  s.put_log(1, north, hours{24 * 100});
  s.hubs.says_more = true;
  s.start();
  s.loops.pull(north, log_of(1));
  s.pass(seconds{30});
  CHECK(s.hubs.pulled.size() == 1);
}

TEST_CASE("one log is pulled once a minute at most, and a log of another hub never") {
  Scene s;
  s.put_log(1, north, hours{24 * 100});
  s.put_log(2, south, hours{24 * 100});
  s.start();
  for (int second = 0; second < 90; ++second) {
    s.loops.pull(north, log_of(1));
    s.loops.pull(north, log_of(2));
    s.pass(seconds{1});
  }
  CHECK(s.hubs.pulled.size() == 2);
  for (const auto& one : s.hubs.pulled) CHECK(one.logs == std::vector{log_of(1)});
}

TEST_CASE("what could not be pulled is told, and wanted again with the next word of it") {
  Scene s;
  s.put_log(1, north, hours{24 * 100});
  s.start();
  s.pass(seconds{1});
  s.hubs.away = {north};
  s.loops.pull(north, log_of(1));
  s.pass(seconds{5});
  CHECK(s.log.count("what a log lacks here could not be pulled") == 1);
  s.hubs.away.clear();
  s.pass(minutes{1});
  s.loops.pull(north, log_of(1));
  s.pass(seconds{5});
  CHECK(s.hubs.pulled.size() == 2);
}

TEST_CASE("hubs that never answer hold no more than their share, and only for a minute") {
  HeadSettings settings;
  settings.hubs_at_a_time = 2;
  Scene s{settings};
  for (int hub = 1; hub <= 5; ++hub) {
    s.put_log(hub, tests::peer_name(hub), hours{1});
    if (hub < 5) s.hubs.silent.insert(tests::peer_name(hub));
  }
  s.start();
  s.pass(minutes{3});
  CHECK(s.hubs.under_way_max == 2);
  CHECK(s.hubs.asked.size() == 5);
}

TEST_CASE("a store that cannot be read at start is asked again") {
  Scene s;
  s.put_log(1, north, hours{1});
  s.gate.failures = 3;
  s.start();
  s.pass(seconds{10});
  CHECK(s.hubs.asked.size() == 1);
}

}  // namespace
}  // namespace cpc::routing
