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
  Person(SimInstance& instance, Judge& judge, std::string local);

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
  /// Reads what changed and tells the judge. The instance must be up.
  [[nodiscard]] Result<> poll();
  /// The instance is about to die: what was asked has no answer, and what is read next starts at
  /// the cursor.
  void leave() {
    unanswered += question_ ? 1 : 0;
    question_.reset();
    if (follower_) cursor_ = follower_->cursor();
    follower_.reset();
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
  void note_event(core::Snapshot& store, const core::Event& event);

  SimInstance& instance_;
  Judge& judge_;
  std::string local_;
  core::Address address_;
  std::deque<Wanted> wishes_;
  std::shared_ptr<Question> question_;
  std::int64_t cursor_ = 0;
  std::unique_ptr<api::ChangeFollower> follower_;  ///< While the instance lives.
  std::map<core::Address, bool> requests_;         ///< Open or not.
  std::set<core::Address> decided_;
  std::map<core::Address, core::EventKey> last_from_;
};

}  // namespace cpc::sim
