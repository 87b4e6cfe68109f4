// Somebody with an account: wants one thing after the other, asks their instance for it, asks again
// until there is an answer, and reads what changed from a cursor, as a client does.
#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "core/contact.h"
#include "daemon/api/change_follower.h"
#include "tests/sim/judge.h"
#include "tests/sim/sim_instance.h"
#include "tests/sim/told.h"

namespace cpc::sim {

enum class Wish { opt_in, start, write, grant, deny, revoke, read };

struct Wanted {
  Wish wish;
  core::Address other;
  std::string text;
  bool is_quiet = true;
};

class Person {
 public:
  Person(SimInstance& instance, Judge& judge, Trace& trace, Dice dice, std::string local);

  [[nodiscard]] const core::Address& address() const { return address_; }
  [[nodiscard]] SimInstance& instance() { return instance_; }
  [[nodiscard]] bool has_wishes() const { return !wishes_.empty(); }
  /// Requests that nobody decided on yet.
  [[nodiscard]] std::vector<core::Address> undecided() const;
  [[nodiscard]] bool has_read_from(const core::Address& other) const {
    return last_from_.contains(other);
  }

  void wants(Wanted wanted);
  /// Asks for what is wanted next, unless a question is on its way. The instance must be up.
  void act();
  /// Reads what changed and tells the judge, now and then as slowly as the store is just now. The
  /// instance must be up.
  [[nodiscard]] Result<> poll();
  /// Compares what was told since the last time with what the store has, unless something is being
  /// read or in doubt. After poll().
  [[nodiscard]] Result<> check_told();
  /// Likewise of everything, and of the copies of all conversations.
  [[nodiscard]] Result<> check_everything();
  /// The instance is about to die: what was asked has no answer, and what is read next starts at
  /// the cursor.
  void leave() {
    unanswered += question_ ? 1 : 0;
    question_.reset();
    hang_up();
  }

  std::size_t acknowledged = 0;
  std::size_t unanswered = 0;  ///< Asked again, because there was no answer or "later".

 private:
  struct Question {
    bool is_over = false;
    Result<> outcome = success();
  };
  [[nodiscard]] static boost::asio::awaitable<void> ask(Person& self, Wanted wanted,
                                                        std::shared_ptr<Question> question);
  [[nodiscard]] Task<> perform(Wanted wanted);
  [[nodiscard]] Task<> decide(core::Address other, core::AnswerKind kind);
  void take_answer();
  void give_up();
  void note_outcome(const Wanted& wanted, const Result<>& outcome);
  /// What a client makes of one page.
  struct Page {
    core::ChangePage rows;
    std::vector<Judge::Shown> messages;
  };
  [[nodiscard]] Result<> read(core::Snapshot& store, const api::ChangeFollower::Question& question,
                              Page& page) const;
  void take(const Page& page);
  struct Reading {
    bool is_abandoned = false;
  };
  [[nodiscard]] static boost::asio::awaitable<void> read_slowly(Person& self,
                                                                std::shared_ptr<Reading> reading);
  void listen();
  /// Drops what is being read, and begins again at the cursor.
  void hang_up();
  [[nodiscard]] Result<> catch_up();
  [[nodiscard]] Result<core::ChangePage> changes_after(std::int64_t n);

  SimInstance& instance_;
  Judge& judge_;
  Dice dice_;
  std::string local_;
  core::Address address_;
  std::deque<Wanted> wishes_;
  std::shared_ptr<Question> question_;
  std::int64_t cursor_ = 0;
  std::unique_ptr<api::ChangeFollower> follower_;  ///< While the instance lives.
  std::shared_ptr<Reading> reading_;
  Told told_;
  std::int64_t checked_upto_ = 0;
  std::map<core::Address, bool> requests_;  ///< Open or not.
  std::set<core::Address> decided_;
  std::map<core::Address, core::EventKey> last_from_;
};

}  // namespace cpc::sim
