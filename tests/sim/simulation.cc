#include "tests/sim/simulation.h"

#include "core/account.h"
#include "tests/sim/person.h"

namespace cpc::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t steps_of_trouble = 125;
constexpr std::size_t steps_per_check = 40;
constexpr Milliseconds prompt_max = 1min;
constexpr Milliseconds drain_max = 3h;  // The retry schedule's waits after the longest outage.

class Simulation {
 public:
  Simulation(std::uint64_t seed, const std::string& folder, Plant plant)
      : dice_(seed), folder_(folder), plant_(plant) {
    report_.seed = seed;
  }

  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;
  ~Simulation() {
    for (auto& instance : instances_) kill(*instance);
    timers_.pass(1min);  // What is still on its way finds nobody.
  }

  RunReport run() {
    build();
    for (std::size_t step = 0; step < steps_of_trouble && is_sound(); ++step) {
      trouble();
      people_act();
      pass(dice_.between(10ms, 3s));
    }
    heal();
    drain(drain_max);
    // Before anything is written that might repair something.
    if (is_sound()) check_everything();
    write_once_more();
    if (is_sound()) check_everything();
    tell();
    return std::move(report_);
  }

 private:
  bool is_sound() const { return judge_.violations().empty(); }

  void build() {
    const std::size_t instances = 2 + dice_.below(3);
    for (std::size_t i = 0; i < instances; ++i) {
      const std::string name = std::string(1, static_cast<char>('a' + i)) + "lpha.cpc";
      instances_.push_back(std::make_unique<SimInstance>(
          Ground{io_, timers_, network_}, name, folder_ + "/" + std::to_string(i), dice_.fork()));
    }
    for (auto& instance : instances_) {
      instance->skew = dice_.between(-90s, 90s);
      instance->plant = plant_;
      boot(*instance);
    }
    pass(2s);
    for (auto& instance : instances_) {
      for (const char* local : {"ann", "bob"}) add_person(*instance, local);
    }
    pass(1s);
    befriend();
    intensity_ = static_cast<unsigned>(dice_.below(4));
  }

  void boot(SimInstance& instance) {
    std::vector<federation::StaticPeer> peers;
    for (const auto& other : instances_) {
      if (other.get() != &instance) peers.push_back(other->as_peer());
    }
    instance.boot(peers);
  }

  void add_person(SimInstance& instance, const std::string& local) {
    const core::Moment moment{timers_.now(), core::Chance{random_.seed()}};
    const auto create = [moment, local](core::Transaction& tx) {
      return core::create_account(tx, moment, local, "no password fits");
    };
    instance.start("account",
                   [](SimInstance& at, core::Closure closure) -> boost::asio::awaitable<void> {
                     static_cast<void>(co_await at.api().store.transact({}, std::move(closure)));
                   }(instance, create));
    people_.push_back(std::make_unique<Person>(instance, judge_, trace_, dice_.fork(), local));
  }

  // Everybody opts in, and writes to one or two others.
  void befriend() {
    for (auto& person : people_) {
      person->wants({Wish::opt_in, {}, {}});
      for (std::size_t i = 0; i < 2; ++i) {
        Person& other = *people_[dice_.below(people_.size())];
        if (&other != person.get()) write(*person, other.address());
      }
    }
  }

  void write(Person& from, const core::Address& to) {
    friends_.insert({from.address(), to});
    friends_.insert({to, from.address()});
    from.wants({Wish::write, to, "text " + std::to_string(++texts_)});
  }

  Person& any_person() { return *people_[dice_.below(people_.size())]; }
  SimInstance& any_instance() { return *instances_[dice_.below(instances_.size())]; }

  void people_act() {
    for (std::size_t i = 1 + dice_.below(3); i > 0; --i) {
      Person& person = any_person();
      std::vector<core::Address> others;
      for (const auto& [one, other] : friends_) {
        if (one == person.address()) others.push_back(other);
      }
      if (others.empty()) continue;
      const core::Address other = others[dice_.below(others.size())];
      if (dice_.chance(8)) {
        person.wants({Wish::revoke, other, {}, dice_.chance(500)});
      } else if (dice_.chance(150) && person.has_read_from(other)) {
        person.wants({Wish::read, other, {}});
      } else {
        write(person, other);
      }
    }
    for (auto& person : people_) {
      for (const core::Address& from : person->undecided()) {
        if (!dice_.chance(300)) continue;  // They take their time.
        person->wants({dice_.chance(900) ? Wish::grant : Wish::deny, from, {}});
      }
    }
  }

  void trouble() {
    const unsigned more = intensity_;
    if (dice_.chance(20 * more)) {
      network_.faults = {
          static_cast<unsigned>(dice_.below(200)), static_cast<unsigned>(dice_.below(60)),
          static_cast<unsigned>(dice_.below(200)), static_cast<unsigned>(dice_.below(200))};
    }
    if (dice_.chance(15 * more)) {
      const SimInstance& one = any_instance();
      network_.cut(one.name(), any_instance().name());
    }
    if (dice_.chance(20)) network_.heal();
    if (dice_.chance(15 * more)) {
      SimInstance& victim = any_instance();  // Drawn first, whatever a compiler evaluates first.
      victim.faults = {
          static_cast<unsigned>(dice_.below(100)), static_cast<unsigned>(dice_.below(15)),
          static_cast<unsigned>(dice_.below(15)),  static_cast<unsigned>(dice_.below(60)),
          static_cast<unsigned>(dice_.below(60)),  500,
          static_cast<unsigned>(dice_.below(200)), static_cast<unsigned>(dice_.below(50))};
    }
    if (dice_.chance(8 * more)) kill(any_instance());
    for (auto& instance : instances_) {
      if (!instance->is_up() && dice_.chance(200)) boot(*instance);
    }
  }

  void kill(SimInstance& instance) {
    if (!instance.is_up()) return;
    for (auto& person : people_) {
      if (&person->instance() == &instance) person->leave();
    }
    instance.crash();
    ++report_.crashes;
  }

  void pass(Milliseconds span) {
    const routing::SteadyPoint end = timers_.steady_now() + span;
    while (timers_.steady_now() < end && is_sound()) {
      timers_.pass(std::min<Milliseconds>(end - timers_.steady_now(), 500ms));
      look_around();
    }
  }

  void look_around() {
    ++report_.steps;
    for (auto& instance : instances_) {
      if (instance->wants_to_die()) kill(*instance);
      if (is_healed_ && !instance->is_up()) boot(*instance);
    }
    for (auto& person : people_) {
      if (!person->instance().is_up()) continue;
      must_read(person->poll());
      person->act();
    }
    trace_.add(static_cast<std::uint64_t>(timers_.steady_now().time_since_epoch().count()));
    if (report_.steps % steps_per_check == 0) check();
  }

  // What must be so at any time.
  void check() {
    if (network_.unexplained > 0) judge_.violated("I12 a reply without a known code");
    for (auto& person : people_) {
      if (person->instance().is_up()) must_read(person->check_told());
    }
    for (auto& instance : instances_) {
      if (instance->is_up()) must_read(check_lanes(*instance));
    }
  }

  // What must be so once everything is healed and drained.
  void check_everything() {
    check();
    for (auto& person : people_) must_read(person->check_everything());
    judge_.closes();
  }

  // I7: what stands in a blocked lane is owed by nobody, and arrives never.
  Result<> check_lanes(SimInstance& instance) {
    return instance.look([&](core::Snapshot& store) -> Result<> {
      for (const auto& other : instances_) {
        CPC_TRY(const auto lanes, store.lanes_of(other->name(), 1000));
        for (const core::Lane& lane : lanes) {
          if (lane.blocked.empty()) continue;
          judge_.violated("I7 a lane is blocked: of " + instance.name().text() + " towards " +
                          other->name().text() + ", " + lane.blocked);
        }
      }
      return success();
    });
  }

  void must_read(const Result<>& read) {
    if (!read) judge_.violated("a committed state could not be read: " + read.error().detail);
  }

  void heal() {
    is_healed_ = true;
    network_.heal();
    for (auto& instance : instances_) {
      instance->faults = {};
      if (instance->wants_to_die()) kill(*instance);
      if (!instance->is_up()) boot(*instance);
    }
  }

  // I7: without an operator everything that is owed arrives.
  void drain(Milliseconds within) {
    const routing::SteadyPoint end = timers_.steady_now() + within;
    std::string left = "not looked yet";
    while (!left.empty() && is_sound() && timers_.steady_now() < end) {
      pass(5s);
      left = what_is_left();
    }
    if (!left.empty() && is_sound()) {
      judge_.violated("I7 does not drain: " + left);
    }
    pass(10s);
  }

  // With nothing broken any more, what is written arrives at once.
  void write_once_more() {
    for (auto& person : people_) {
      const auto own = friends_.lower_bound({person->address(), {}});
      if (own != friends_.end() && own->first == person->address()) write(*person, own->second);
    }
    drain(prompt_max);
  }

  std::string what_is_left() {
    for (auto& person : people_) {
      if (person->has_wishes()) return person->address().text() + " has no answer yet";
    }
    std::string left;
    for (auto& instance : instances_) {
      const auto read = instance->look([&](core::Snapshot& store) -> Result<> {
        CPC_TRY(const auto owing, store.owing_peers());
        CPC_TRY(const auto frames, store.inbox_frames(1));
        CPC_TRY(const auto drafts, store.signable_drafts(1));
        if (!owing.empty()) left = instance->name().text() + " owes " + owing.front().text();
        if (!frames.empty()) left = instance->name().text() + " has frames to apply";
        if (!drafts.empty()) left = instance->name().text() + " has drafts to sign";
        return success();
      });
      if (!read) left = read.error().detail;
      // Nobody can be told of it yet.
      const auto in_doubt = instance->has_untold();
      if (!in_doubt || in_doubt.value()) left = instance->name().text() + " has a commit in doubt";
    }
    return left;
  }

  void tell() {
    for (const auto& person : people_) {
      report_.acknowledged += person->acknowledged;
      report_.unanswered += person->unanswered;
    }
    for (const auto& instance : instances_) report_.doubts += instance->doubts;
    report_.shown = judge_.shown_count();
    report_.requests = network_.requests;
    report_.refusals = judge_.refused_count() + network_.refusals;
    report_.faults = network_.faults_met + report_.crashes;
    const auto lived = timers_.steady_now() - tests::VirtualTimers::start_of_steady;
    report_.virtual_hours = std::chrono::duration<double, std::ratio<3600>>(lived).count();
    report_.trace = trace_.value();
    report_.violations = judge_.violations();
  }

  Dice dice_;
  DiceRandom random_{dice_.fork()};
  std::string folder_;
  Plant plant_;
  RunReport report_;
  Trace trace_;
  boost::asio::io_context io_{1};
  tests::VirtualTimers timers_{io_};
  SimNetwork network_{io_, timers_, trace_, dice_.fork()};
  Judge judge_{trace_};
  std::vector<std::unique_ptr<SimInstance>> instances_;
  std::vector<std::unique_ptr<Person>> people_;
  std::set<std::pair<core::Address, core::Address>> friends_;
  std::size_t texts_ = 0;
  unsigned intensity_ = 0;
  bool is_healed_ = false;
};

}  // namespace

RunReport run_seed(std::uint64_t seed, const std::string& folder, Plant plant) {
  return Simulation{seed, folder, plant}.run();
}

}  // namespace cpc::sim
