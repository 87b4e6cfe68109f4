#include "tests/sim/person.h"

#include <algorithm>

#include "core/codes.h"
#include "core/conversation.h"
#include "daemon/api/messenger.h"
#include "daemon/api/views.h"

namespace cpc::sim {

namespace {

/// Who writes to somebody lets them answer.
bool is_consent(Wish wish) {
  return wish == Wish::write || wish == Wish::grant;
}

}  // namespace

Person::Person(SimInstance& instance, Judge& judge, Trace& trace, Dice dice, std::string local)
    : instance_(instance),
      judge_(judge),
      dice_(dice),
      local_(std::move(local)),
      address_{local_, instance.name()},
      told_(trace, [this](const std::string& what) {
        judge_.violated(what + ", for " + address_.text());
      }) {}

std::vector<core::Address> Person::undecided() const {
  std::vector<core::Address> list;
  for (const auto& [from, is_open] : requests_) {
    if (is_open && !decided_.contains(from)) list.push_back(from);
  }
  return list;
}

void Person::wants(Wanted wanted) {
  if (wanted.wish == Wish::grant || wanted.wish == Wish::deny) decided_.insert(wanted.other);
  wishes_.push_back(std::move(wanted));
}

void Person::act() {
  if (question_ && question_->is_over) take_answer();
  if (question_ || wishes_.empty()) return;
  const Wanted& wanted = wishes_.front();
  if (wanted.wish == Wish::write) judge_.intends(wanted.text, address_, wanted.other);
  if (is_consent(wanted.wish)) judge_.asks(address_, wanted.other);
  question_ = std::make_shared<Question>();
  instance_.start("client", ask(*this, wanted, question_));
}

void Person::take_answer() {
  const Result<> outcome = question_->outcome;
  question_.reset();
  if (!outcome && outcome.error().code == ErrorCode::unavailable) {
    ++unanswered;  // "Later": the wish stays the first.
    if (dice_.chance(50)) give_up();
    return;
  }
  if (outcome) {
    ++acknowledged;
  } else {
    judge_.refused(wishes_.front().text, core::stable_code(outcome.error()), address_);
  }
  wishes_.pop_front();
}

// Nobody asks again, and nobody will know whether it took place.
void Person::give_up() {
  const Wanted& wanted = wishes_.front();
  if (wanted.wish == Wish::opt_in) return;  // Without it there is little to do.
  const bool is_withdrawal = wanted.wish == Wish::revoke || wanted.wish == Wish::deny;
  if (is_withdrawal) judge_.may_be_revoked(address_, wanted.other);
  wishes_.pop_front();
}

boost::asio::awaitable<void> Person::ask(Person& self, Wanted wanted,
                                         std::shared_ptr<Question> question) {
  question->outcome = co_await self.perform(wanted);
  question->is_over = true;
  self.note_outcome(wanted, question->outcome);
}

void Person::note_outcome(const Wanted& wanted, const Result<>& outcome) {
  if (!outcome) {
    const bool is_unknown = outcome.error().code == ErrorCode::unavailable;
    const auto answer = is_unknown ? Judge::Answer::unknown : Judge::Answer::no;
    if (is_consent(wanted.wish)) judge_.answered(address_, wanted.other, answer);
    return;
  }
  // What was shown before the answer stays shown, and what was written is there to be read.
  const bool has_read = catch_up().has_value();
  if (is_consent(wanted.wish)) judge_.answered(address_, wanted.other, Judge::Answer::yes);
  if (wanted.wish == Wish::write) judge_.acknowledged(wanted.text);
  const bool is_withdrawal = wanted.wish == Wish::revoke || wanted.wish == Wish::deny;
  if (is_withdrawal && has_read) judge_.revoked(address_, wanted.other);
}

Task<> Person::perform(Wanted wanted) {
  api::ApiParts& api = instance_.api();
  switch (wanted.wish) {
    case Wish::opt_in:
      co_return co_await api::set_federation_opt_in(api, local_, std::nullopt, true);
    case Wish::start: {
      CPC_CO_TRY(co_await api::start_conversation(api, local_, wanted.other));
      co_return success();
    }
    case Wish::write: {
      CPC_CO_TRY(const auto chat, co_await api::start_conversation(api, local_, wanted.other));
      // Under the same id however often it is asked: that is how it is recognised.
      std::string id = "id of " + wanted.text;
      if (instance_.plant == Plant::no_deduplication) id += " " + std::to_string(unanswered);
      api::OutgoingText outgoing{local_, chat, wanted.text, id};
      CPC_CO_TRY(co_await api::send_text(api, std::move(outgoing)));
      co_return success();
    }
    case Wish::grant:
      co_return co_await decide(wanted.other, core::AnswerKind::grant);
    case Wish::deny:
      co_return co_await decide(wanted.other, core::AnswerKind::deny);
    case Wish::revoke: {
      core::Revocation revocation{local_, wanted.other, wanted.is_quiet};
      co_return co_await api::revoke_consent(api, std::move(revocation));
    }
    case Wish::read: {
      const core::EventKey message = last_from_.at(wanted.other);
      co_return co_await api::mark_read(api, local_, message);
    }
  }
  co_return success();
}

Task<> Person::decide(core::Address other, core::AnswerKind kind) {
  const core::ConsentKey key{local_, core::ConsentType::messaging, core::ConsentScope::person,
                             other.text()};
  core::ConsentAnswer answer{local_, other, kind, 0};
  const auto look = [&](core::Snapshot& store) -> Result<> {
    CPC_TRY(const auto consent, store.find(key));
    if (consent) answer.version = consent->version;
    return success();
  };
  CPC_CO_TRY(co_await instance_.api().store.read(look));
  co_return co_await api::answer_contact(instance_.api(), std::move(answer));
}

Result<> Person::read(core::Snapshot& store, const api::ChangeFollower::Question& question,
                      Page& page) const {
  const api::Viewer viewer{instance_.home(), address_};
  CPC_TRY(page.rows, api::read_changes(store, question, 200));
  for (const core::Event& event : page.rows.events) {
    CPC_TRY(const auto conversation, api::visible_conversation(store, viewer, event.conversation));
    CPC_TRY(const auto view, api::message_view(store, viewer, conversation, event));
    page.messages.push_back({view.at("text").get<std::string>(), event.sender.value_or(address_),
                             core::other_than(conversation, address_), event.key(),
                             event.position});
  }
  return success();
}

void Person::take(const Page& page) {
  told_.take(page.rows);
  for (const core::ContactRequest& request : page.rows.requests) {
    requests_[request.from] = request.is_open;
  }
  for (const core::Conversation& row : page.rows.conversations) {
    judge_.holds(instance_.name(), row);
  }
  for (const Judge::Shown& shown : page.messages) {
    const bool is_theirs = shown.sender != address_ && shown.position.seq > 0;
    if (is_theirs) last_from_[shown.other] = shown.key;
    judge_.sees(address_, shown);
  }
  follower_->take_answer(page.rows);
}

void Person::listen() {
  if (follower_) return;
  follower_ = std::make_unique<api::ChangeFollower>(instance_.api().wake_ups, address_, cursor_,
                                                    instance_.executor());
}

void Person::hang_up() {
  if (reading_) reading_->is_abandoned = true;
  reading_.reset();
  if (follower_) cursor_ = follower_->cursor();
  follower_.reset();
}

// As a client of the daemon: by the gate, and when the store cannot be read the subscription ends.
boost::asio::awaitable<void> Person::read_slowly(Person& self, std::shared_ptr<Reading> reading) {
  if (reading->is_abandoned) co_return;
  Page page;
  const api::ChangeFollower::Question question = self.follower_->question();
  const auto look = [&](core::Snapshot& store) { return self.read(store, question, page); };
  const Result<> seen = co_await self.instance_.api().store.read(look);
  if (reading->is_abandoned) co_return;
  self.reading_.reset();
  if (!seen) co_return self.hang_up();
  self.take(page);
}

Result<> Person::poll() {
  if (reading_) return success();
  listen();
  if (follower_->is_due() && dice_.chance(100)) {
    reading_ = std::make_shared<Reading>();
    instance_.start("reader", read_slowly(*this, reading_));
    return success();
  }
  return catch_up();
}

Result<> Person::catch_up() {
  if (reading_) hang_up();
  listen();
  while (follower_->is_due()) {
    const api::ChangeFollower::Question question = follower_->question();
    Page page;
    CPC_TRY(instance_.look([&](core::Snapshot& store) { return read(store, question, page); }));
    take(page);
  }
  return success();
}

Result<core::ChangePage> Person::changes_after(std::int64_t n) {
  core::ChangePage page;
  CPC_TRY(instance_.look([&](core::Snapshot& store) -> Result<> {
    CPC_TRY(page, store.changes(address_, n, 100'000));
    return success();
  }));
  return page;
}

Result<> Person::check_told() {
  CPC_TRY(const bool has_untold, instance_.has_untold());
  if (reading_ || has_untold) return success();
  CPC_TRY(const core::ChangePage page, changes_after(checked_upto_));
  told_.demand(page);
  checked_upto_ = page.upto;
  return success();
}

Result<> Person::check_everything() {
  CPC_TRY(catch_up());
  core::ChangePage all;
  for (bool has_more = true; has_more;) {
    CPC_TRY(core::ChangePage page, changes_after(all.upto));
    std::ranges::move(page.events, std::back_inserter(all.events));
    std::ranges::move(page.members, std::back_inserter(all.members));
    std::ranges::move(page.conversations, std::back_inserter(all.conversations));
    std::ranges::move(page.requests, std::back_inserter(all.requests));
    std::ranges::move(page.consents, std::back_inserter(all.consents));
    all.upto = page.upto;
    has_more = page.has_more;
  }
  told_.demand_all(all);
  for (const core::Conversation& row : all.conversations) judge_.holds(instance_.name(), row);
  return success();
}

}  // namespace cpc::sim
