// The resolvers of Mutation: read the input, let messenger.h do it, show what became of it.

#include "core/codes.h"
#include "daemon/api/arguments.h"
#include "daemon/api/client_api.h"
#include "daemon/api/errors.h"
#include "daemon/api/ids.h"
#include "daemon/api/messenger.h"
#include "daemon/api/views.h"

namespace cpc::api {
namespace {

using boost::asio::awaitable;
using graphql::FieldCall;
using graphql::Outcome;

constexpr std::size_t client_id_bytes_max = 128;
constexpr std::size_t opt_ins_max = 1000;  // As schema.graphql says; `consents` has them all.
constexpr std::size_t username_bytes_max = 64;
constexpr std::chrono::seconds sign_in_queue_wait{5};  // A full queue is through by then.

Result<core::Address> address_in(const json& input, const char* name) {
  auto address = core::Address::parse(text_in(input, name));
  if (!address) {
    return core::refuse(ErrorCode::invalid, core::codes::address_invalid, address.error().detail);
  }
  return address;
}

// Shows something after a mutation changed it.
template <class Look>
Task<json> show(Caller& caller, Look look) {
  const Viewer viewer{caller.parts.home, caller.address()};
  json view;
  const auto read = [&](core::Snapshot& store) -> Result<> {
    CPC_TRY(view, look(store, viewer));
    return success();
  };
  CPC_CO_TRY(co_await caller.parts.store.read(read));
  co_return view;
}

Task<json> show_conversation(Caller& caller, core::ConversationId id) {
  const auto look = [id](core::Snapshot& store, const Viewer& viewer) -> Result<json> {
    CPC_TRY(const auto conversation, visible_conversation(store, viewer, id));
    return conversation_view(store, viewer, conversation);
  };
  co_return co_await show(caller, look);
}

Task<json> show_consent(Caller& caller, core::Address subject) {
  const core::ConsentKey key{caller.local(), core::ConsentType::messaging,
                             core::ConsentScope::person, subject.text()};
  const auto look = [key](core::Snapshot& store, const Viewer& viewer) -> Result<json> {
    CPC_TRY(const auto consent, store.find(key));
    if (!consent) return fail(ErrorCode::internal, "a consent vanished");
    return consent_view(viewer.home, *consent);
  };
  co_return co_await show(caller, look);
}

using Work = Task<json> (*)(Caller&, const json& input);

// What every mutation of a signed-in person has in common.
awaitable<Outcome> performed(FieldCall call, Work work) {
  Caller& caller = call.request.context<Caller>();
  if (!caller.session) co_return field_error(unauthenticated());
  Result<json> done = co_await work(caller, call.args.at("input"));
  if (!done) co_return field_error(caller.parts.log, done.error());
  co_return std::move(done).value();
}

Task<json> opt_in(Caller& caller, const json& input) {
  std::optional<core::InstanceName> instance;
  if (is_given(input, "instance")) {
    const auto name = core::InstanceName::parse(text_in(input, "instance"));
    if (!name) {
      co_return core::refuse(ErrorCode::invalid, core::codes::address_invalid, name.error().detail);
    }
    instance = name.value();
  }
  const bool is_granted = input.at("enabled").get<bool>();
  CPC_CO_TRY(co_await set_federation_opt_in(caller.parts, caller.local(), instance, is_granted));
  const auto look = [](core::Snapshot& store, const Viewer& viewer) -> Result<json> {
    CPC_TRY(const auto rows,
            store.consents_of_type(viewer.person.local, core::ConsentType::cross_instance,
                                   opt_ins_max));
    json views = json::array();
    for (const core::Consent& row : rows) views.push_back(consent_view(viewer.home, row));
    return views;
  };
  co_return co_await show(caller, look);
}

Task<json> start(Caller& caller, const json& input) {
  CPC_CO_TRY(const core::Address other, address_in(input, "with"));
  CPC_CO_TRY(const auto id, co_await start_conversation(caller.parts, caller.local(), other));
  co_return co_await show_conversation(caller, id);
}

Result<std::string> read_client_id(const std::string& text) {
  const bool is_fit =
      !text.empty() && text.size() <= client_id_bytes_max && text.find('\0') == std::string::npos;
  if (is_fit) return text;
  return core::refuse(ErrorCode::invalid, "CLIENT_ID_INVALID",
                      "a client id has 1-128 octets and no NUL");
}

Task<json> send(Caller& caller, const json& input) {
  CPC_CO_TRY(const auto id, read_conversation_id(text_in(input, "conversationId")));
  OutgoingText outgoing{caller.local(), id, text_in(input, "text"), {}};
  if (is_given(input, "clientId")) {
    CPC_CO_TRY(outgoing.client_id, read_client_id(text_in(input, "clientId")));
  }
  CPC_CO_TRY(const auto key, co_await send_text(caller.parts, std::move(outgoing)));
  const auto look = [key](core::Snapshot& store, const Viewer& viewer) -> Result<json> {
    CPC_TRY(const auto event, store.find(key));
    if (!event) return fail(ErrorCode::internal, "a stored message vanished");
    CPC_TRY(const auto conversation, visible_conversation(store, viewer, key.conversation));
    return message_view(store, viewer, conversation, *event);
  };
  co_return co_await show(caller, look);
}

Task<json> read_up_to(Caller& caller, const json& input) {
  CPC_CO_TRY(const auto key, read_message_id(text_in(input, "messageId")));
  CPC_CO_TRY(co_await mark_read(caller.parts, caller.local(), key));
  co_return co_await show_conversation(caller, key.conversation);
}

Task<json> answer(Caller& caller, const json& input) {
  CPC_CO_TRY(const core::Address from, read_request_id(text_in(input, "requestId")));
  CPC_CO_TRY(const std::int64_t version,
             read_consent_version(text_in(input, "version"), caller.parts.home.epoch));
  const auto kind =
      text_in(input, "answer") == "GRANT" ? core::AnswerKind::grant : core::AnswerKind::deny;
  const core::ContactRequestKey key{caller.local(), from};
  const auto check = [&](core::Snapshot& store) -> Result<> {
    CPC_TRY(const auto request, store.find(key));
    if (request) return success();
    return core::refuse(ErrorCode::not_found, core::codes::not_found, "there is no such request");
  };
  CPC_CO_TRY(co_await caller.parts.store.read(check));
  core::ConsentAnswer given{caller.local(), from, kind, version};
  CPC_CO_TRY(co_await answer_contact(caller.parts, std::move(given)));
  const auto look = [key](core::Snapshot& store, const Viewer& viewer) -> Result<json> {
    CPC_TRY(const auto request, store.find(key));
    if (!request) return fail(ErrorCode::internal, "a request vanished");
    return request_view(store, viewer, *request);
  };
  co_return co_await show(caller, look);
}

Task<json> grant(Caller& caller, const json& input) {
  CPC_CO_TRY(const core::Address subject, address_in(input, "address"));
  CPC_CO_TRY(const std::int64_t version,
             read_consent_version(text_in(input, "version"), caller.parts.home.epoch));
  core::ConsentAnswer given{caller.local(), subject, core::AnswerKind::grant, version};
  CPC_CO_TRY(co_await answer_contact(caller.parts, std::move(given)));
  co_return co_await show_consent(caller, subject);
}

Task<json> revoke(Caller& caller, const json& input) {
  CPC_CO_TRY(const core::Address subject, address_in(input, "address"));
  const bool is_quiet = !is_given(input, "mode") || text_in(input, "mode") == "QUIETLY";
  core::Revocation revocation{caller.local(), subject, is_quiet};
  CPC_CO_TRY(co_await revoke_consent(caller.parts, std::move(revocation)));
  co_return co_await show_consent(caller, subject);
}

// How long to wait before signing in may be tried. The address is asked first: a try that it is
// refused counts for no account, or whoever tries all names could lock everybody out.
std::chrono::seconds wait_to_sign_in(const Caller& caller, std::string_view username) {
  ApiParts& parts = caller.parts;
  const TimePoint now = parts.timers.now();
  if (!parts.settings.is_behind_proxy) {
    const auto wait = parts.sign_ins_by_address.take(caller.remote_address, now);
    if (wait.count() > 0) return wait;
  }
  return parts.sign_ins_by_account.take(std::string{username.substr(0, username_bytes_max)}, now);
}

graphql::FieldError wait_for(std::chrono::seconds wait, std::string_view sentence) {
  return {std::string{sentence}, std::string{rate_limited_code}, {{"retryAfter", wait.count()}}};
}

awaitable<Outcome> sign_in_field(FieldCall call) {
  Caller& caller = call.request.context<Caller>();
  const json& input = call.args.at("input");
  const std::string username = text_in(input, "username");
  const auto wait = wait_to_sign_in(caller, username);
  if (wait.count() > 0) co_return wait_for(wait, "too many tries; wait");
  const auto done = co_await sign_in(caller.parts, username, text_in(input, "password"));
  if (!done && core::stable_code(done.error()) == rate_limited_code) {
    co_return wait_for(sign_in_queue_wait, core::sentence_of(done.error()));
  }
  if (!done) co_return field_error(caller.parts.log, done.error());
  const SignedIn& signed_in = done.value();
  co_return json{{"accessToken", signed_in.token},
                 {"expiresAt", to_milliseconds(signed_in.expires)},
                 {"account", account_view(caller.parts.home, signed_in.account)}};
}

awaitable<Outcome> opt_in_field(FieldCall call) {
  return performed(call, opt_in);
}
awaitable<Outcome> start_field(FieldCall call) {
  return performed(call, start);
}
awaitable<Outcome> send_field(FieldCall call) {
  return performed(call, send);
}
awaitable<Outcome> read_field(FieldCall call) {
  return performed(call, read_up_to);
}
awaitable<Outcome> answer_field(FieldCall call) {
  return performed(call, answer);
}
awaitable<Outcome> grant_field(FieldCall call) {
  return performed(call, grant);
}
awaitable<Outcome> revoke_field(FieldCall call) {
  return performed(call, revoke);
}

}  // namespace

void add_mutations(graphql::Engine& engine) {
  engine.resolve("Mutation", "signIn", sign_in_field);
  engine.resolve("Mutation", "setFederationOptIn", opt_in_field);
  engine.resolve("Mutation", "startConversation", start_field);
  engine.resolve("Mutation", "sendMessage", send_field);
  engine.resolve("Mutation", "markRead", read_field);
  engine.resolve("Mutation", "answerContactRequest", answer_field);
  engine.resolve("Mutation", "grantConsent", grant_field);
  engine.resolve("Mutation", "revokeConsent", revoke_field);
}

}  // namespace cpc::api
