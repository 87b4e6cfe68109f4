// Chance against the rules: people of several instances write, agree, refuse and read while the
// network loses, repeats and reorders. What must always hold is looked at after every step, what
// must hold in the end after the network healed. One seed is one run; a failure prints it.

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "core/contact.h"
#include "tests/support/two_instances.h"

namespace cpc::core {
namespace {

using tests::code_of;
using tests::Federation;
using tests::Instance;

constexpr unsigned seeds = 200;
constexpr int steps_per_seed = 60;

// A transaction on its way: it may arrive twice, late, or never.
struct Flying {
  Instance* from;
  Instance* to;
  Batch batch;
  Bytes bytes;
};

class Walk {
 public:
  explicit Walk(unsigned seed) : chance_(seed), world_{names(seed), "walk" + std::to_string(seed)} {
    for (std::size_t i = 0; i < world_.all().size(); ++i) {
      Instance& one = world_.at(i);
      one.store.runs_twice = seed % 2 == 0;
      one.limits.entries_max = 1 + below(6);
      one.limits.inbox_frames_max = 1 + static_cast<std::int64_t>(below(4));
      for (const char* local : {"anna", "ben"}) {
        one.add_person(local);
        people_.push_back(one.person(local));
      }
    }
  }

  void step() {
    world_.now += Milliseconds{below(40)};
    const Address& who = any(people_);
    Instance& home = world_.named(who.instance);
    const Address& other = any(people_);
    if (who == other) return;
    switch (below(14)) {
      case 0:
      case 1:
      case 2:
      case 3:
        write(home, who, other);
        break;
      case 4:
      case 5:
        static_cast<void>(home.grant(who.local, other));
        break;
      case 6:
        revoke(home, who, other);
        break;
      case 7:
        read(home, who, other);
        break;
      case 8:
        home.apply_inbox(1 + below(3));
        break;
      case 9:
        home.sign_drafts();
        break;
      case 10:
        repeat();
        break;
      default:
        send(home);
    }
    check();
  }

  void heal() {
    for (Instance& one : world_.all()) {
      one.limits = {};
    }
    world_.settle();
    check();
    check_the_end();
  }

 private:
  static std::vector<std::string> names(unsigned seed) {
    if (seed % 3 == 0) return {"alpha.cpc", "beta.cpc", "gamma.cpc"};
    return {"alpha.cpc", "beta.cpc"};
  }
  std::size_t below(std::size_t bound) { return chance_() % bound; }
  template <class T>
  T& any(std::vector<T>& of) {
    return of[below(of.size())];
  }

  void write(Instance& home, const Address& who, const Address& other) {
    const std::string text = "message " + std::to_string(++written_);
    const auto sent = home.write(who.local, other, text);
    if (sent) accepted_[text] = {sent.value(), who, other};
    if (sent || !code_of(sent).empty()) return;
    FAIL("a message was refused without a code: " << sent.error().detail);
  }
  void revoke(Instance& home, const Address& who, const Address& other) {
    const bool is_quiet = below(2) == 0;
    const auto revoked = home.revoke(who.local, other, is_quiet);
    REQUIRE(revoked.has_value());
    REQUIRE(verify_messaging_consent(home.look(), home.home(), who.local, other).value().verdict ==
            Verdict::swallow);
    refused_.insert({who, other});
  }
  void read(Instance& home, const Address& who, const Address& other) {
    const auto id = home.conversation_with(who.local, other);
    if (id) REQUIRE(home.read(who.local, *id, static_cast<std::int64_t>(below(20))));
  }
  // A lane is in at most one transaction in flight, so an answer is heard at once or never.
  void send(Instance& from) {
    Instance& to = world_.at(below(world_.all().size()));
    if (&from == &to) return;
    Batch batch = Federation::owed(from, to);
    if (batch.is_empty()) return;
    Flying flying{&from, &to, batch, Federation::encoded(from, batch)};
    const std::size_t fate = below(5);
    flying_.push_back(flying);
    if (flying_.size() > 12) flying_.erase(flying_.begin());
    if (fate == 0) return;  // Lost, or late.
    const auto answer = world_.receive(to, from, flying.bytes);
    REQUIRE(answer.has_value());
    if (fate == 1) return;  // The answer is lost.
    REQUIRE(Federation::conclude(from, to, batch, answer.value()));
  }
  void repeat() {
    if (flying_.empty()) return;
    const Flying& late = any(flying_);
    REQUIRE(world_.receive(*late.to, *late.from, late.bytes).has_value());
  }

  // What must hold at any moment.
  void check() {
    std::map<WireId, std::map<std::int64_t, Digest>> logs;
    for (Instance& one : world_.all()) {
      for (const auto& [key, in] : one.store.rows<Conversation>()) {
        if (in.wire_id) check_log(one, in, logs[*in.wire_id]);
        REQUIRE(in.drafts >= 0);
      }
      for (const Address& person : people_) {
        if (person.instance == one.name()) check_person(one, person);
      }
      for (const auto& [key, lane] : one.store.rows<Lane>()) {
        INFO("lane to " << lane.peer.text() << " of kind " << static_cast<int>(lane.kind));
        REQUIRE(lane.blocked == "");
        REQUIRE(lane.acked <= lane.head);
      }
    }
  }
  // Gapless, in time, and the same links wherever both hold an entry.
  void check_log(Instance& one, const Conversation& in, std::map<std::int64_t, Digest>& links) {
    Head head;
    for (const Event& event : one.log(in.id)) {
      REQUIRE(event.position == Position{1, head.position.seq + 1});
      REQUIRE(event.hub_time >= head.hub_time);
      head = next_head(head, *in.wire_id, event.position, event.hub_time, event.hash);
      REQUIRE(head.link == event.link);
      const auto [known, is_new] = links.try_emplace(event.position.seq, event.link);
      REQUIRE(known->second == event.link);
      REQUIRE((!event.is_hidden || event.sealed_body.empty() || is_own(one, event)));
    }
    REQUIRE(head == in.head);
  }
  static bool is_own(const Instance& one, const Event& event) {
    return event.sender && one.home().is_local(*event.sender);
  }
  // Nothing twice, nothing that nobody wrote, nothing new from whom they refuse now.
  void check_person(Instance& one, const Address& person) {
    std::set<std::string> all;
    for (const Address& other : people_) {
      if (other == person) continue;
      const auto id = one.conversation_with(person.local, other);
      if (!id) continue;
      std::int64_t visible = 0;
      for (const Event& event : one.messages(person.local, *id)) {
        const std::string text = one.text_of(event);
        INFO(person.text() << " sees " << text);
        REQUIRE(all.insert(text).second);
        REQUIRE(accepted_.contains(text));
        const bool is_theirs = event.sender != person;
        REQUIRE((event.sender == person || event.sender == other));
        visible += is_theirs ? 1 : 0;
      }
      check_consent(one, person, other, visible);
    }
  }
  // The number of visible messages of `other` rises only while consent is there.
  void check_consent(Instance& one, const Address& person, const Address& other,
                     std::int64_t visible) {
    const auto verdict =
        verify_messaging_consent(one.look(), one.home(), person.local, other).value().verdict;
    Seen& before = seen_[{person, other}];
    INFO(person.text() << " sees " << visible << " of " << other.text());
    const bool may_rise = verdict == Verdict::deliver || before.verdict == Verdict::deliver;
    if (!may_rise) REQUIRE(visible == before.visible);
    REQUIRE(visible >= before.visible);
    before = {visible, verdict};
  }

  // What must hold when everything arrived.
  void check_the_end() {
    for (Instance& one : world_.all()) {
      REQUIRE(one.store.rows<InboxFrame>().empty());
      REQUIRE(one.store.rows<Frame>().empty());
      for (const auto& [key, lane] : one.store.rows<Lane>()) {
        INFO("from " << one.name().text() << " to " << lane.peer.text() << " of kind "
                     << static_cast<int>(lane.kind) << " at " << lane.acked.seq << " of "
                     << lane.head.seq);
        REQUIRE(lane.acked == lane.head);
      }
    }
    for (const auto& [text, message] : accepted_) check_arrived(text, message);
  }
  struct Message {
    EventKey key;
    Address from;
    Address to;
  };
  void check_arrived(const std::string& text, const Message& message) {
    Instance& home = world_.named(message.from.instance);
    Instance& there = world_.named(message.to.instance);
    INFO(text << " from " << message.from.text() << " to " << message.to.text());
    const std::string state = home.state_of(message.key);
    INFO(state);
    const auto received = there.conversation_with(message.to.local, message.from);
    const bool has_failed = state == "FAILED";
    if (state == "WAITING_CONSENT" || has_failed) {
      if (has_failed) REQUIRE(refused_.contains({message.to, message.from}));
      return;
    }
    REQUIRE((state == "DELIVERED" || state == "READ"));
    REQUIRE(received.has_value());
    const auto events = there.log(*received);
    const auto found = std::ranges::find(events, message.key.id, &Event::id);
    REQUIRE(found != events.end());
    if (refused_.contains({message.to, message.from})) return;
    REQUIRE_FALSE(found->is_hidden);
    REQUIRE(there.text_of(*found) == text);
  }

  struct Seen {
    std::int64_t visible = 0;
    Verdict verdict = Verdict::request;
  };

  std::mt19937 chance_;
  Federation world_;
  std::vector<Address> people_;
  std::vector<Flying> flying_;
  std::map<std::string, Message> accepted_;
  std::set<std::pair<Address, Address>> refused_;  // Who refused whom, ever.
  std::map<std::pair<Address, Address>, Seen> seen_;
  int written_ = 0;
};

}  // namespace

// CPC_WALK_SEED=7 is one run, CPC_WALK_SEEDS=5000 is as many as one likes.
TEST_CASE("whatever chance does, nothing is lost, doubled, reordered or shown without consent") {
  const auto number = [](const char* name, unsigned otherwise) {
    const char* const set = std::getenv(name);
    return set == nullptr ? otherwise : static_cast<unsigned>(std::stoul(set));
  };
  const unsigned only = number("CPC_WALK_SEED", 0);
  const unsigned last = only == 0 ? number("CPC_WALK_SEEDS", seeds) : only;
  for (unsigned seed = std::max(only, 1U); seed <= last; ++seed) {
    INFO("CPC_WALK_SEED=" << seed);
    Walk walk{seed};
    for (int step = 0; step < steps_per_seed; ++step) walk.step();
    walk.heal();
  }
}

}  // namespace cpc::core
