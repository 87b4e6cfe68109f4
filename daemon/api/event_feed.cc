#include "daemon/api/event_feed.h"

#include <algorithm>

#include "daemon/api/errors.h"
#include "daemon/api/ids.h"

namespace cpc::api {
namespace {

// An event with its change number, by which they are sorted.
using Numbered = std::pair<std::int64_t, json>;

json event(std::string_view type, std::string_view member, json value) {
  return {{"__typename", type}, {std::string{member}, std::move(value)}};
}

Result<> add_messages(core::Snapshot& store, const Viewer& viewer, const core::ChangePage& page,
                      std::vector<Numbered>& events) {
  for (const core::Event& row : page.events) {
    CPC_TRY(const auto conversation, visible_conversation(store, viewer, row.conversation));
    CPC_TRY(json message, message_view(store, viewer, conversation, row));
    events.emplace_back(row.n, event("MessageEvent", "message", std::move(message)));
  }
  return success();
}

Result<> add_receipts(core::Snapshot& store, const Viewer& viewer, const core::ChangePage& page,
                      std::vector<Numbered>& events) {
  for (const core::Member& row : page.members) {
    CPC_TRY(const auto conversation, visible_conversation(store, viewer, row.conversation));
    CPC_TRY(json participant, participant_view(store, viewer, conversation, row));
    json receipt = event("ReceiptEvent", "participant", std::move(participant));
    receipt["conversationId"] = conversation_id(row.conversation);
    events.emplace_back(row.n, std::move(receipt));
  }
  return success();
}

Result<> add_others(core::Snapshot& store, const Viewer& viewer, const core::ChangePage& page,
                    std::vector<Numbered>& events) {
  for (const core::Conversation& row : page.conversations) {
    CPC_TRY(json view, conversation_view(store, viewer, row));
    events.emplace_back(row.n, event("ConversationEvent", "conversation", std::move(view)));
  }
  for (const core::ContactRequest& row : page.requests) {
    CPC_TRY(json view, request_view(store, viewer, row));
    events.emplace_back(row.n, event("ContactRequestEvent", "request", std::move(view)));
  }
  for (const core::Consent& row : page.consents) {
    events.emplace_back(row.n, event("ConsentEvent", "consent", consent_view(viewer.home, row)));
  }
  return success();
}

Result<std::vector<Numbered>> numbered_events(core::Snapshot& store, const Viewer& viewer,
                                              const core::ChangePage& page) {
  std::vector<Numbered> events;
  CPC_TRY(add_messages(store, viewer, page, events));
  CPC_TRY(add_receipts(store, viewer, page, events));
  CPC_TRY(add_others(store, viewer, page, events));
  std::ranges::stable_sort(events, {}, &Numbered::first);
  const CursorOwner owner{viewer.home, viewer.person.local};
  for (auto& [n, event] : events) event["cursor"] = change_cursor(owner, n);
  return events;
}

}  // namespace

EventFeed::EventFeed(Caller& caller, std::int64_t after,
                     const boost::asio::any_io_executor& executor)
    : caller_(caller), follower_(caller.parts.wake_ups, caller.address(), after, executor) {}

boost::asio::awaitable<std::optional<graphql::Outcome>> EventFeed::next() {
  while (!is_closed_) {
    if (!waiting_.empty()) {
      json event = std::move(waiting_.front());
      waiting_.pop_front();
      co_return graphql::Outcome{std::move(event)};
    }
    co_await follower_.wait();
    if (!follower_.is_due()) continue;
    const Result<> page = co_await read_page();
    if (!page) {
      is_closed_ = true;
      co_return graphql::Outcome{field_error(caller_.parts.log, page.error())};
    }
  }
  co_return std::nullopt;
}

void EventFeed::close() {
  is_closed_ = true;
  follower_.wake();
}

Task<> EventFeed::read_page() {
  const Viewer viewer{caller_.parts.home, caller_.address()};
  std::vector<Numbered> events;
  core::ChangePage page;
  if (caller_.parts.timers.now() >= caller_.session_ends) co_return unauthenticated();
  const ChangeFollower::Question question = follower_.question();
  const auto look = [&](core::Snapshot& store) -> Result<> {
    const auto account = core::check_session(store, *caller_.session);
    if (!account) {
      // A store that is away says nothing about the session, and clients shall not drop theirs.
      const bool has_ended = account.error().code == ErrorCode::denied;
      return has_ended ? unauthenticated() : account.error();
    }
    CPC_TRY(page, read_changes(store, question, caller_.parts.settings.events_per_page_max));
    CPC_TRY(events, numbered_events(store, viewer, page));
    return success();
  };
  CPC_CO_TRY(co_await caller_.parts.store.read(look));
  for (auto& [n, event] : events) waiting_.push_back(std::move(event));
  follower_.take_answer(page);
  co_return success();
}

}  // namespace cpc::api
