#include "daemon/api/messenger.h"

#include "core/codes.h"
#include "core/consent.h"
#include "core/receipts.h"
#include "crypto/password.h"
#include "daemon/api/errors.h"
#include "daemon/api/token.h"
#include "federation/envelope_codec.h"
#include "federation/frame_codec.h"

namespace cpc::api {
namespace {

constexpr int tries_max = 5;

core::Moment moment_of(ApiParts& parts) {
  return {parts.timers.now(), core::Chance{parts.random.seed()}};
}

// The state moved between plan and closure, and a new plan may fit: no refusal that a person could
// do something about.
bool is_stale_plan(const Error& error) {
  return error.code == ErrorCode::conflict && core::stable_code(error).empty();
}

core::Keys keys_for(const ApiParts& parts, const std::string& local,
                    const core::ConversationId& conversation) {
  return {core::AccountKey{local}, core::ConversationKey{conversation},
          core::MemberKey{conversation, parts.home.address_of(local)}};
}

// Signs a frame that leaves the instance; one to our own people needs no signature.
Task<core::SignedFrame> signed_frame(ApiParts& parts, core::ConsentFrame frame) {
  if (parts.home.is_local(frame.to)) co_return core::SignedFrame{std::move(frame), {}};
  core::SignedFrame done;
  const auto key = parts.keys.signing(parts.timers.now());
  const auto sign = [&] { done = federation::sign_frame(frame, *key); };
  co_await parts.pool.run(sign);
  co_return done;
}

Task<std::optional<core::SignedFrame>> signed_if(ApiParts& parts,
                                                 std::optional<core::ConsentFrame> frame) {
  if (!frame) co_return std::optional<core::SignedFrame>{};
  CPC_CO_TRY(auto done, co_await signed_frame(parts, *std::move(frame)));
  co_return std::optional<core::SignedFrame>{std::move(done)};
}

// Nothing when the client id was used before: then the closure knows the answer.
Task<std::optional<core::SendPlan>> plan(ApiParts& parts, const core::SendRequest& request,
                                         core::Moment moment) {
  std::optional<core::SendPlan> found;
  const auto look = [&](core::Snapshot& store) -> Result<> {
    if (!request.client_id.empty()) {
      CPC_TRY(const auto done, store.find(core::IdempotencyKey{request.local, request.client_id}));
      if (done) return success();
    }
    CPC_TRY(found, core::plan_send(store, parts.home, moment, request));
    return success();
  };
  CPC_CO_TRY(co_await parts.store.read(look));
  co_return found;
}

Task<core::PreparedSend> prepare(ApiParts& parts, const core::SendRequest& request,
                                 core::SendPlan planned) {
  core::PreparedSend prepared{planned.path, {}, {}};
  if (planned.frame) {
    CPC_CO_TRY(prepared.frame, co_await signed_frame(parts, *std::move(planned.frame)));
  }
  if (!planned.header) co_return prepared;
  Bytes salt = parts.random.bytes(core::salt_bytes);
  std::optional<Result<core::VerifiedEnvelope>> envelope;
  const auto key = parts.keys.signing(parts.timers.now());
  const auto sign = [&] {
    envelope =
        federation::EnvelopeCodec::sign(*planned.header, request.body, std::move(salt), *key);
  };
  co_await parts.pool.run(sign);
  CPC_CO_TRY(prepared.envelope, *std::move(envelope));
  co_return prepared;
}

Task<core::EventKey> try_send(ApiParts& parts, const core::SendRequest& request) {
  const core::Moment moment = moment_of(parts);
  CPC_CO_TRY(auto planned, co_await plan(parts, request, moment));
  core::PreparedSend prepared;
  if (planned) {
    CPC_CO_TRY(prepared, co_await prepare(parts, request, *std::move(planned)));
  }
  core::EventKey sent;
  const auto rules = [&](core::Transaction& tx) -> Result<> {
    CPC_TRY(sent, core::send_message(tx, parts.home, moment, request, prepared));
    return success();
  };
  core::Keys keys = keys_for(parts, request.local, request.conversation);
  keys.emplace_back(core::EventKey{request.conversation, parts.home.iid, request.id});
  if (!request.client_id.empty()) {
    keys.emplace_back(core::IdempotencyKey{request.local, request.client_id});
  }
  CPC_CO_TRY(co_await parts.store.transact(std::move(keys), rules));
  co_return sent;
}

Task<> try_answer(ApiParts& parts, core::ConsentAnswer answer) {
  const core::Moment moment = moment_of(parts);
  std::optional<core::ConsentFrame> planned;
  const auto look = [&](core::Snapshot& store) -> Result<> {
    core::Moment planning = moment;
    CPC_TRY(planned, core::plan_answer(store, parts.home, planning, answer));
    return success();
  };
  CPC_CO_TRY(co_await parts.store.read(look));
  CPC_CO_TRY(const auto frame, co_await signed_if(parts, std::move(planned)));
  const auto rules = [&](core::Transaction& tx) {
    return core::answer_contact(tx, parts.home, moment, answer, frame);
  };
  const core::Keys no_keys;
  co_return co_await parts.store.transact(no_keys, rules);
}

Task<> try_revoke(ApiParts& parts, core::Revocation revocation) {
  const core::Moment moment = moment_of(parts);
  std::optional<core::ConsentFrame> planned;
  const auto look = [&](core::Snapshot& store) -> Result<> {
    core::Moment planning = moment;
    CPC_TRY(planned, core::plan_revocation(store, parts.home, planning, revocation));
    return success();
  };
  CPC_CO_TRY(co_await parts.store.read(look));
  CPC_CO_TRY(const auto frame, co_await signed_if(parts, std::move(planned)));
  const auto rules = [&](core::Transaction& tx) {
    return core::revoke_consent(tx, parts.home, moment, revocation, frame);
  };
  const core::Keys no_keys;
  co_return co_await parts.store.transact(no_keys, rules);
}

}  // namespace

Task<core::EventKey> send_text(ApiParts& parts, OutgoingText outgoing) {
  CPC_CO_TRY(core::check_text(outgoing.text));
  core::SendRequest request;
  request.local = std::move(outgoing.local);
  request.conversation = outgoing.conversation;
  request.id = core::Chance{parts.random.seed()}.uuid<core::EventId>(parts.timers.now());
  request.client_id = std::move(outgoing.client_id);
  request.body = federation::message_body(outgoing.text);
  request.text = std::move(outgoing.text);

  Result<core::EventKey> sent = co_await try_send(parts, request);
  for (int tries = 1; tries < tries_max && !sent && is_stale_plan(sent.error()); ++tries) {
    sent = co_await try_send(parts, request);
  }
  co_return sent;
}

Task<core::ConversationId> start_conversation(ApiParts& parts, std::string local,
                                              core::Address other) {
  const core::Moment begun = moment_of(parts);
  core::ConversationId id;
  const auto rules = [&](core::Transaction& tx) -> Result<> {
    core::Moment moment = begun;
    CPC_TRY(const core::Conversation conversation,
            core::start_direct(tx, parts.home, moment, parts.home.address_of(local), other));
    id = conversation.id;
    return success();
  };
  const core::Keys no_keys;
  CPC_CO_TRY(co_await parts.store.transact(no_keys, rules));
  co_return id;
}

Task<> answer_contact(ApiParts& parts, core::ConsentAnswer answer) {
  Result<> done = co_await try_answer(parts, answer);
  for (int tries = 1; tries < tries_max && !done && is_stale_plan(done.error()); ++tries) {
    done = co_await try_answer(parts, answer);
  }
  co_return done;
}

Task<> revoke_consent(ApiParts& parts, core::Revocation revocation) {
  Result<> done = co_await try_revoke(parts, revocation);
  for (int tries = 1; tries < tries_max && !done && is_stale_plan(done.error()); ++tries) {
    done = co_await try_revoke(parts, revocation);
  }
  co_return done;
}

Task<> set_federation_opt_in(ApiParts& parts, std::string local,
                             std::optional<core::InstanceName> instance, bool is_granted) {
  const core::Moment moment = moment_of(parts);
  const auto rules = [&](core::Transaction& tx) {
    return core::set_federation_opt_in(tx, parts.home, moment, local, instance, is_granted);
  };
  const core::Keys no_keys;
  co_return co_await parts.store.transact(no_keys, rules);
}

Task<> mark_read(ApiParts& parts, std::string local, core::EventKey message) {
  const auto rules = [&](core::Transaction& tx) -> Result<> {
    CPC_TRY(const auto event, tx.find(message));
    if (!event) {
      return core::refuse(ErrorCode::not_found, core::codes::not_found, "you have no such message");
    }
    return core::mark_read(tx, parts.home, local, message.conversation, event->position.seq);
  };
  const core::Keys keys = keys_for(parts, local, message.conversation);
  co_return co_await parts.store.transact(keys, rules);
}

Task<SignedIn> sign_in(ApiParts& parts, std::string username, std::string password) {
  std::optional<core::Account> account;
  const auto look = [&](core::Snapshot& store) -> Result<> {
    if (!core::is_local_part(username)) return success();  // Nobody's name, as it may not be one.
    CPC_TRY(account, store.find(core::AccountKey{username}));
    return success();
  };
  CPC_CO_TRY(co_await parts.store.read(look));

  // The same work for people who do not exist, so that time does not tell.
  bool is_right = false;
  const auto compare = [&] {
    const std::string_view hash = account ? account->password_hash : crypto::nobodys_hash();
    is_right = crypto::password_matches(hash, password);
  };
  const Result<> compared = co_await parts.hash_passwords(compare);
  if (!compared && compared.error().code == ErrorCode::unavailable) {
    co_return core::refuse(ErrorCode::unavailable, rate_limited_code,
                           "too many people sign in just now; wait");
  }
  if (!compared) co_return compared.error();
  if (!account || account->is_disabled || !is_right) {
    co_return core::refuse(ErrorCode::denied, "SIGN_IN_FAILED", "wrong username or password");
  }
  const TimePoint now = parts.timers.now();
  const core::SessionClaim session{account->local, account->incarnation,
                                   account->session_generation};
  std::string token = make_token(session, parts.home.name, now, parts.settings.token_lifetime,
                                 *parts.keys.signing(now));
  const TimePoint expires = now + parts.settings.token_lifetime;
  co_return SignedIn{*std::move(account), std::move(token), expires};
}

}  // namespace cpc::api
