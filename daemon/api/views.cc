#include "daemon/api/views.h"

#include "core/codes.h"
#include "core/contact.h"
#include "core/conversation_log.h"
#include "core/receipts.h"
#include "daemon/api/ids.h"
#include "federation/envelope_codec.h"

namespace cpc::api {
namespace {

std::string_view name_of(core::ConsentType type) {
  switch (type) {
    case core::ConsentType::messaging:
      return "MESSAGING";
    case core::ConsentType::media_sharing:
      return "MEDIA_SHARING";
    case core::ConsentType::cross_instance:
      break;
  }
  return "CROSS_INSTANCE";
}

std::string_view name_of(core::ConsentScope scope) {
  switch (scope) {
    case core::ConsentScope::person:
      return "PERSON";
    case core::ConsentScope::instance:
      return "INSTANCE";
    case core::ConsentScope::anyone:
      break;
  }
  return "ANYONE";
}

std::string_view name_of(core::ConsentState state) {
  switch (state) {
    case core::ConsentState::requested:
      return "REQUESTED";
    case core::ConsentState::granted:
      return "GRANTED";
    case core::ConsentState::denied:
      return "DENIED";
    case core::ConsentState::revoked:
      return "REVOKED";
    case core::ConsentState::blocked:
      break;
  }
  return "BLOCKED";
}

// The words of a message. What its author's instance wrote in a form we do not know shows as
// nothing rather than failing the page it is on.
Result<std::string> text_of(const core::Home& home, const core::Event& event) {
  if (event.sealed_body.empty()) return std::string{};
  CPC_TRY(const Bytes body, core::open_body(home, event));
  const auto text = federation::text_of_message(body);
  return text ? text.value() : std::string{};
}

}  // namespace

json user_view(const core::Address& address) {
  return {
      {"id", user_id(address)}, {"address", address.text()}, {"instance", address.instance.text()}};
}

json account_view(const core::Home& home, const core::Account& account) {
  return {{"id", account_id(account)},
          {"username", account.local},
          {"address", home.address_of(account.local).text()}};
}

Result<json> participant_view(core::Lookup& store, const Viewer& viewer,
                              const core::Conversation& conversation, const core::Member& member) {
  const core::InstanceName& there = member.address.instance;
  const bool holds_all = there == viewer.home.name || conversation.hub == there;
  std::int64_t read_seq = member.read_seq;
  if (member.address == viewer.person) {
    CPC_TRY(read_seq, core::read_by(store, member));
  }
  return json{{"user", user_view(member.address)},
              {"deliveredUpTo", holds_all ? conversation.head.position.seq : member.delivered_seq},
              {"readUpTo", read_seq}};
}

json consent_view(const core::Home& home, const core::Consent& consent) {
  return {{"type", name_of(consent.type)},
          {"scope", name_of(consent.scope)},
          {"subject", consent.subject},
          {"state", name_of(consent.state)},
          {"version", consent_version(home.epoch, consent.version)},
          {"changedAt", to_milliseconds(consent.changed_at)}};
}

Result<json> conversation_view(core::Snapshot& store, const Viewer& viewer,
                               const core::Conversation& conversation) {
  CPC_TRY(const auto members, store.members_of(conversation.id));
  json participants = json::array();
  for (const core::Member& member : members) {
    CPC_TRY(json participant, participant_view(store, viewer, conversation, member));
    participants.push_back(std::move(participant));
  }
  json view{{"id", conversation_id(conversation.id)},
            {"kind", "DIRECT"},
            {"with", user_view(core::other_than(conversation, viewer.person))},
            {"participants", std::move(participants)},
            {"createdAt", to_milliseconds(conversation.created_at)},
            {"position", conversation.head.position.seq}};
  view["hub"] = conversation.hub ? json(conversation.hub->text()) : json(nullptr);
  return view;
}

Result<json> message_view(core::Snapshot& store, const Viewer& viewer,
                          const core::Conversation& conversation, const core::Event& event) {
  const core::Address sender = event.sender.value_or(viewer.person);
  CPC_TRY(const core::Member recipient,
          core::member_of(store, conversation, core::other_than(conversation, sender)));
  CPC_TRY(std::string text, text_of(viewer.home, event));
  const core::MessageState state =
      core::state_of(event, conversation, recipient, viewer.home.name, false);
  const bool is_mine = sender == viewer.person;
  json view{
      {"id", message_id(event.key())}, {"conversationId", conversation_id(event.conversation)},
      {"sender", user_view(sender)},   {"isMine", is_mine},
      {"text", std::move(text)},       {"sentAt", to_milliseconds(event.time)},
      {"orderedAt", nullptr},          {"position", nullptr},
      {"state", core::name_of(state)}};
  if (!event.reason.empty()) view["stateReason"] = event.reason;
  if (event.state == core::EventState::ordered) {
    view["orderedAt"] = to_milliseconds(event.hub_time);
    view["position"] = event.position.seq;
  }
  const bool is_on_its_way =
      state == core::MessageState::pending || state == core::MessageState::sent;
  const auto waits_for = core::waits_for(event, conversation, viewer.home.name);
  if (is_mine && is_on_its_way && waits_for) view["_waits_for"] = waits_for->text();
  return view;
}

Result<json> request_view(core::Snapshot& store, const Viewer& viewer,
                          const core::ContactRequest& request) {
  CPC_TRY(std::string intro, core::open_intro(viewer.home, request));
  CPC_TRY(const auto consent,
          store.find(core::ConsentKey{request.owner, core::ConsentType::messaging,
                                      core::ConsentScope::person, request.from.text()}));
  if (!consent) return fail(ErrorCode::internal, "a request without its consent");
  return json{{"id", request_id(request.from)},
              {"from", user_view(request.from)},
              {"intro", std::move(intro)},
              {"state", request.is_open ? "OPEN" : "ANSWERED"},
              {"receivedAt", to_milliseconds(request.received_at)},
              {"consent", consent_view(viewer.home, *consent)}};
}

Result<core::Conversation> visible_conversation(core::Lookup& store, const Viewer& viewer,
                                                const core::ConversationId& id) {
  CPC_TRY(auto conversation, store.find(core::ConversationKey{id}));
  if (!conversation || !core::takes_part(*conversation, viewer.person)) {
    return core::refuse(ErrorCode::not_found, core::codes::not_found,
                        "you have no such conversation");
  }
  return *std::move(conversation);
}

}  // namespace cpc::api
