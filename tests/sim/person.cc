#include "tests/sim/person.h"

#include "core/codes.h"
#include "core/conversation.h"
#include "daemon/api/messenger.h"
#include "daemon/api/views.h"

namespace cpc::sim {

Person::Person(SimInstance& instance, Judge& judge, std::string local)
    : instance_(instance), judge_(judge), local_(std::move(local)) {
  address_ = core::Address{local_, instance.name()};
}

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
  if (wanted.wish == Wish::grant) judge_.grants(address_, wanted.other);
  question_ = std::make_shared<Question>();
  instance_.start("client", ask(*this, wanted, question_));
}

void Person::take_answer() {
  const Result<> outcome = question_->outcome;
  question_.reset();
  if (!outcome && outcome.error().code == ErrorCode::unavailable) {
    ++unanswered;  // "Later": the wish stays the first.
    return;
  }
  if (outcome) {
    ++acknowledged;
  } else {
    judge_.refused(wishes_.front().text, core::stable_code(outcome.error()), address_);
  }
  wishes_.pop_front();
}

boost::asio::awaitable<void> Person::ask(Person& self, Wanted wanted,
                                         std::shared_ptr<Question> question) {
  const std::string text = wanted.text;
  const Wish wish = wanted.wish;
  const core::Address other = wanted.other;
  question->outcome = co_await self.perform(std::move(wanted));
  question->is_over = true;
  if (!question->outcome) co_return;
  if (wish == Wish::write) self.judge_.acknowledged(text);
  if (wish == Wish::revoke || wish == Wish::deny) {
    // What was shown before the answer stays shown.
    if (self.poll()) self.judge_.revoked(self.address_, other);
  }
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

void Person::note_event(core::Snapshot& store, const core::Event& event) {
  const auto conversation = store.find(core::ConversationKey{event.conversation});
  if (!conversation || !conversation.value()) return;
  const api::Viewer viewer{instance_.home(), address_};
  const auto view = api::message_view(store, viewer, *conversation.value(), event);
  if (!view) return;
  const core::Address other = core::other_than(*conversation.value(), address_);
  const core::Address sender = event.sender.value_or(address_);
  if (sender != address_ && event.position.seq > 0) last_from_[other] = event.key();
  judge_.sees(address_, {view.value().at("text").get<std::string>(), sender, other, event.id,
                         event.position});
}

Result<> Person::poll() {
  if (!follower_) {
    follower_ = std::make_unique<api::ChangeFollower>(instance_.api().wake_ups, address_, cursor_,
                                                      instance_.executor());
  }
  while (follower_->is_due()) {
    const api::ChangeFollower::Question question = follower_->question();
    CPC_TRY(instance_.look([&](core::Snapshot& store) -> Result<> {
      CPC_TRY(const core::ChangePage page, api::read_changes(store, question, 200));
      for (const core::ContactRequest& request : page.requests) {
        requests_[request.from] = request.is_open;
      }
      for (const core::Event& event : page.events) note_event(store, event);
      follower_->take_answer(page);
      return success();
    }));
  }
  return success();
}

}  // namespace cpc::sim
