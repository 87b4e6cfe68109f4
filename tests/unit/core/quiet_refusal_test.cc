// Saying no without a word: who is refused cannot tell it from being ignored.

#include <algorithm>

#include "core/contact.h"
#include "crypto/digest.h"
#include "tests/unit/core/refusal.h"

namespace cpc::core {
namespace {

using tests::Federation;
using tests::Instance;

using Texts = std::vector<std::string>;

// The bytes of an answer.
Bytes answered(const Federation& world, Instance& to, const Instance& from, const Batch& batch) {
  const auto bytes = world.receive(to, from, Federation::encoded(from, batch));
  REQUIRE(bytes.has_value());
  return bytes.value();
}

}  // namespace

TEST_CASE("quietly refused: ordered, chained and acknowledged alike, shown and kept nowhere") {
  for (const bool refuser_is_hub : {true, false}) {
    Refusal s{refuser_is_hub};
    const auto seen_before = s.sender.send(s.from, s.at_sender, "seen").value();
    s.world.settle();
    REQUIRE(s.refuser.revoke(s.to, s.sending, true));
    const auto hidden = s.sender.send(s.from, s.at_sender, "hidden").value();
    s.world.settle();

    INFO("refuser is hub: " << refuser_is_hub);
    CHECK(s.sender.state_of(seen_before) == "DELIVERED");
    CHECK(s.sender.state_of(hidden) == "DELIVERED");
    CHECK(s.sender.texts(s.from, s.at_sender) == Texts{"hello", "seen", "hidden"});
    CHECK(s.refuser.texts(s.to, s.at_refuser) == Texts{"hello", "seen"});
    const auto ours = s.refuser.log(s.at_refuser);
    const auto theirs = s.sender.log(s.at_sender);
    REQUIRE(ours.size() == theirs.size());
    CHECK(ours.back().link == theirs.back().link);
    CHECK(ours.back().is_hidden);
    CHECK(ours.back().sealed_body.empty());
    CHECK(ours.back().salt.empty());
    for (const auto& [key, event] : s.refuser.store.rows<Event>()) {
      CHECK((!event.is_hidden || event.sealed_body.empty()));
    }

    REQUIRE(s.refuser.grant(s.to, s.sending));
    REQUIRE(s.sender.send(s.from, s.at_sender, "welcome again"));
    s.world.settle();
    CHECK(s.refuser.texts(s.to, s.at_refuser) == Texts{"hello", "seen", "welcome again"});
  }
}

TEST_CASE("what a sender is answered is the same before and after a quiet refusal, byte for byte") {
  for (const bool refuser_is_hub : {true, false}) {
    Bytes answers[2];
    std::size_t lanes[2];
    std::size_t frames[2];
    for (const bool is_refused : {false, true}) {
      Refusal s{refuser_is_hub};
      if (is_refused) REQUIRE(s.refuser.revoke(s.to, s.sending, true));
      REQUIRE(s.sender.send(s.from, s.at_sender, "a message"));
      const Batch batch = Federation::owed(s.sender, s.refuser);
      REQUIRE_FALSE(batch.is_empty());
      answers[is_refused] = answered(s.world, s.refuser, s.sender, batch);
      s.world.settle();
      lanes[is_refused] = s.sender.store.rows<InLane>().size();
      frames[is_refused] = s.refuser.store.rows<Frame>().size();
    }
    CHECK(answers[0] == answers[1]);
    CHECK(lanes[0] == lanes[1]);
    CHECK(frames[0] == frames[1]);
  }
}

TEST_CASE("unknown, ignoring, blocking and disabled people are answered alike, byte for byte") {
  const auto run = [](const std::string& target) {
    Federation world{{"alpha.cpc", "beta.cpc"}};
    Instance& alpha = world.at(0);
    Instance& beta = world.at(1);
    alpha.add_person("anna");
    for (const char* local : {"ignoring", "blocking", "disabled", "unopted"}) {
      beta.add_person(local, std::string{local} != "unopted");
    }
    REQUIRE(beta.revoke("blocking", alpha.person("anna"), true));
    REQUIRE(beta.run([](auto& tx, auto) { return disable_account(tx, "disabled"); }));
    REQUIRE(alpha.write("anna", beta.person(target), "hello"));

    std::vector<Bytes> answers;
    const Batch asked = Federation::owed(alpha, beta);
    Bytes first = answered(world, beta, alpha, asked);
    // It repeats the hash of what was sent, to whomever: the one thing that differs.
    const std::string sent = to_text(crypto::sha256(asked.frames->items.back().jws));
    REQUIRE(first.find(sent) != Bytes::npos);
    answers.push_back(first.replace(first.find(sent), sent.size(), "hash"));
    world.settle();
    // A hostile instance guesses at conversations, people and members.
    Batch probe;
    const auto wire = tests::id_of<WireId>("a guess");
    const auto envelope = alpha
                              .sign_event({wire,
                                           "message.post",
                                           alpha.home().iid,
                                           tests::id_of<MemberId>("m"),
                                           tests::id_of<EventId>("e"),
                                           world.now,
                                           {}},
                                          "x")
                              .envelope();
    probe.submissions.push_back({wire, {}, 1, {envelope}, {}, {}});
    probe.logs.push_back(
        {wire,
         {},
         {{{{1, 1}, world.now, {}}, alpha.home().iid, tests::id_of<EventId>("e"), envelope}},
         {}});
    probe.receipts.push_back({wire, {}, tests::id_of<MemberId>("m"), {1, 1}});
    answers.push_back(answered(world, beta, alpha, probe));
    CHECK(beta.store.rows<Frame>().empty());
    CHECK(alpha.store.rows<InboxFrame>().empty());
    return answers;
  };
  const auto unknown = run("unknown");
  CHECK(unknown == run("ignoring"));
  CHECK(unknown == run("blocking"));
  CHECK(unknown == run("disabled"));
  CHECK(unknown == run("unopted"));
}

TEST_CASE("a quiet refusal between two grants is told by no frame and by no number") {
  Refusal s{GENERATE(true, false)};
  const auto told = [&] { return s.sender.store.row<Projection>({s.refusing, s.sending}).value(); };
  const auto before = told();
  const auto n = s.sender.store.last_n();
  for (int times = 0; times < 2; ++times) {
    REQUIRE(s.refuser.revoke(s.to, s.sending, true));
    REQUIRE(s.refuser.grant(s.to, s.sending));
    CHECK(Federation::owed(s.refuser, s.sender).is_empty());
  }
  s.world.settle();
  CHECK(told().version == before.version);
  CHECK(s.sender.store.last_n() == n);
  SECTION("what is told openly afterwards follows the number told before") {
    REQUIRE(s.refuser.revoke(s.to, s.sending, true));
    REQUIRE(s.refuser.revoke(s.to, s.sending, false));
    s.world.settle();
    CHECK_FALSE(told().is_granted);
    CHECK(told().version == before.version + 1);
    REQUIRE(s.refuser.revoke(s.to, s.sending, true));
    REQUIRE(s.refuser.grant(s.to, s.sending));
    s.world.settle();
    CHECK(told().is_granted);
    CHECK(told().version == before.version + 2);
  }
  SECTION("a store that was restored tells again, in its new epoch") {
    s.refuser.renew_epoch();
    REQUIRE(s.refuser.revoke(s.to, s.sending, true));
    REQUIRE(s.refuser.grant(s.to, s.sending));
    s.world.settle();
    CHECK(told().is_granted);
    CHECK(told().epoch == s.refuser.home().epoch);
  }
}

TEST_CASE("who was denied before the grant is told the same as who was not") {
  std::vector<std::int64_t> versions;
  for (const bool is_denied : {false, true}) {
    Federation world{{"alpha.cpc", "beta.cpc"}};
    Instance& alpha = world.at(0);
    Instance& beta = world.at(1);
    alpha.add_person("anna");
    beta.add_person("ben");
    REQUIRE(alpha.write("anna", beta.person("ben"), "hello"));
    world.settle();
    if (is_denied) REQUIRE(beta.deny("ben", alpha.person("anna")));
    REQUIRE(beta.grant("ben", alpha.person("anna")));
    world.settle();
    const auto told =
        alpha.store.row<Projection>({beta.person("ben"), alpha.person("anna")}).value();
    CHECK(told.is_granted);
    versions.push_back(told.version);
  }
  CHECK(versions == std::vector<std::int64_t>{1, 1});
}

TEST_CASE("who wrote first and then refused quietly is answered for like anybody who wrote first") {
  // Ben asked anna; then, before her own request arrives, he blocks her or his account ends.
  for (const std::string seed : {"a", "b", "c", "d"}) {
    const auto run = [&](const std::string& what) {
      Federation world{{"alpha.cpc", "beta.cpc"}, seed};
      Instance& alpha = world.at(0);
      Instance& beta = world.at(1);
      alpha.add_person("anna");
      beta.add_person("ben");
      REQUIRE(alpha.write("anna", beta.person("ben"), "from anna"));
      REQUIRE(beta.write("ben", alpha.person("anna"), "from ben"));
      if (what == "blocked") REQUIRE(beta.revoke("ben", alpha.person("anna"), true));
      if (what == "disabled") {
        REQUIRE(beta.run([](auto& tx, auto) { return disable_account(tx, "ben"); }));
      }
      world.settle();
      const auto id = *alpha.conversation_with("anna", beta.person("ben"));
      std::vector<std::string> trace;
      for (const auto& [key, event] : alpha.store.rows<Event>()) {
        if (event.type == "message.post" && event.sender == alpha.person("anna")) {
          trace.push_back(alpha.state_of(key));
        }
      }
      for (const auto& [key, lane] : alpha.store.rows<Lane>()) {
        trace.push_back(lane.blocked);
        trace.push_back(lane.head == lane.acked ? "acked" : "owing");
      }
      trace.push_back(std::to_string(alpha.log(id).size()));
      if (what != "open") {
        for (const auto& text : beta.texts_with("ben", alpha.person("anna"))) {
          CHECK(text != "from anna");
        }
      }
      return trace;
    };
    INFO("seed " << seed);
    const auto open = run("open");
    CHECK(open == run("blocked"));
    CHECK(open == run("disabled"));
  }
}

}  // namespace cpc::core
