// Where golden transcripts are spoken: alpha.cpc and beta.cpc with fixed keys, in virtual time,
// over SQLite files. The same stage records a version and, later, replays it.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/contact.h"
#include "tests/sim/sim_instance.h"

namespace cpc::golden {

/// Who alpha.cpc and beta.cpc are, for ever. Published here, so of no use to anybody.
[[nodiscard]] sim::SimKeys golden_keys(const std::string& name);

class Stage {
 public:
  /// Each instance's store lies in a folder of `folder`, which is private, under its name.
  explicit Stage(const std::filesystem::path& folder);
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  void boot_alpha() { alpha.boot({beta.as_peer()}); }
  void boot_beta() { beta.boot({alpha.as_peer()}); }
  /// Lets time pass up to this moment, which is not before now.
  void wait_until(TimePoint moment) { timers.pass(moment - timers.now()); }

  /// What a person of `at` asks for, to its end; aborts if it is refused.
  void run(sim::SimInstance& at, boost::asio::awaitable<Result<>> work);
  void add_person(sim::SimInstance& at, const std::string& local);
  void write(sim::SimInstance& at, const std::string& local, const core::Address& to,
             const std::string& text);
  void answer(sim::SimInstance& at, const std::string& local, const core::Address& subject,
              core::AnswerKind kind);
  /// All that the person was shown of the last message that somebody else wrote.
  void read_last(sim::SimInstance& at, const std::string& local);

  /// What a person sees: messages, contact requests and consents, as clients are shown them.
  [[nodiscard]] nlohmann::json shown_to(sim::SimInstance& at, const std::string& local);

  /// The reply to a request from `from`, or a refusal to carry it.
  [[nodiscard]] Result<federation::HttpReply> ask(const core::InstanceName& from,
                                                  const core::InstanceName& to,
                                                  federation::HttpRequest request);

  boost::asio::io_context io;
  tests::VirtualTimers timers{io};
  sim::Trace trace;
  sim::SimNetwork network{io, timers, trace, sim::Dice{1}};
  sim::SimInstance alpha;
  sim::SimInstance beta;

 private:
  sim::DiceRandom random_{sim::Dice{2}};
};

/// The people of the story, by instance.
inline const std::vector<std::string> people_of_alpha{"ann", "amy"};
inline const std::vector<std::string> people_of_beta{"bob", "ben", "carl"};

}  // namespace cpc::golden
