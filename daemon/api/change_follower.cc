#include "daemon/api/change_follower.h"

#include <algorithm>

namespace cpc::api {

namespace {
/// For a client that reads slowly: pages of everything have a limit.
constexpr std::size_t conversations_max = 200;
}  // namespace

ChangeFollower::ChangeFollower(routing::WakeUps& wake_ups, core::Address person, std::int64_t after,
                               const boost::asio::any_io_executor& executor)
    : person_(std::move(person)), cursor_(after), bell_(executor) {
  touched_.everything = true;  // What was missed.
  const auto hear = [this](const core::TouchedAccount& touched, std::int64_t n) {
    touched_.merge(touched);
    if (touched_.conversations.size() > conversations_max) {
      touched_.conversations.clear();
      touched_.everything = true;
    }
    told_upto_ = n;
    bell_.notify();
  };
  registration_ = wake_ups.listen_account(person_.local, hear);
}

boost::asio::awaitable<void> ChangeFollower::wait() {
  if (!is_due()) co_await bell_.wait();
}

ChangeFollower::Question ChangeFollower::question() {
  return {person_, std::exchange(touched_, {}), cursor_, told_upto_};
}

void ChangeFollower::take_answer(const core::ChangePage& page) {
  cursor_ = std::max(cursor_, page.upto);
  if (page.has_more) touched_.everything = true;
}

// Reading only what was told is complete: all commits up to `upto` were told, in their order, and
// what changes once more gets a higher number and is told again.
Result<core::ChangePage> read_changes(core::Snapshot& store,
                                      const ChangeFollower::Question& question, std::size_t limit) {
  if (question.touched.everything) return store.changes(question.person, question.after, limit);
  core::ChangePage nothing;
  nothing.upto = question.after;
  if (question.upto <= question.after) return nothing;
  return store.changes_in(question.touched.conversations, question.person, question.after,
                          question.upto, limit);
}

}  // namespace cpc::api
