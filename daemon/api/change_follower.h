// Where somebody is in the stream of what changes for them, and what to read next.
//
// Catching up asks for everything after the cursor. Whoever has caught up is told with each commit
// in which conversations something changed and up to which number, and asks for no more than that:
// a wake-up costs the same however many conversations a person has.
#pragma once

#include "core/store.h"
#include "routing/signal.h"
#include "routing/wake_ups.h"

namespace cpc::api {

/// Network thread only, but for read_changes(). Outlives whoever waits for it.
class ChangeFollower {
 public:
  /// From `after` on. Listens at once: what is committed from now on is not missed.
  ChangeFollower(routing::WakeUps& wake_ups, core::Address person, std::int64_t after,
                 const boost::asio::any_io_executor& executor);
  ChangeFollower(const ChangeFollower&) = delete;  // The listener knows where it is.
  ChangeFollower& operator=(const ChangeFollower&) = delete;

  /// What the next page has to look at.
  struct Question {
    core::Address person;
    core::TouchedAccount touched;
    std::int64_t after = 0;
    std::int64_t upto = 0;  ///< Not for `touched.everything`.
  };

  /// There may be something to read.
  [[nodiscard]] bool is_due() const { return !touched_.is_empty(); }
  /// Returns once is_due(), or after wake().
  [[nodiscard]] boost::asio::awaitable<void> wait();
  void wake() { bell_.notify(); }

  /// Takes what is due. Without a take_answer() afterwards it is lost.
  [[nodiscard]] Question question();
  void take_answer(const core::ChangePage& page);
  [[nodiscard]] std::int64_t cursor() const { return cursor_; }

 private:
  core::Address person_;
  std::int64_t cursor_;
  std::int64_t told_upto_ = 0;
  core::TouchedAccount touched_;
  routing::Signal bell_;
  routing::WakeUps::Registration registration_;
};

/// The page that answers `question`, with about `limit` rows. Inside a look, on any thread.
[[nodiscard]] Result<core::ChangePage> read_changes(core::Snapshot& store,
                                                    const ChangeFollower::Question& question,
                                                    std::size_t limit);

}  // namespace cpc::api
