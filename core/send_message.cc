#include "core/send_message.h"

#include <algorithm>

#include "core/codes.h"
#include "core/consent.h"
#include "crypto/digest.h"

namespace cpc::core {
namespace {

constexpr auto request_window = std::chrono::hours{24};

// Who sends what to whom, found and allowed in principle.
struct Parties {
  Conversation conversation;
  Address mine;
  Address other;
};

Result<Parties> find_parties(Lookup& store, const Home& home, const SendRequest& request) {
  CPC_TRY(auto conversation, store.find(ConversationKey{request.conversation}));
  const Address mine = home.address_of(request.local);
  if (!conversation || !takes_part(*conversation, mine)) {
    return refuse(ErrorCode::not_found, codes::not_found, "you have no such conversation");
  }
  const Address other = other_than(*conversation, mine);
  return Parties{*std::move(conversation), mine, other};
}

Result<> check_own_consent(Lookup& store, const Home& home, const Parties& parties) {
  const std::string& owner = parties.mine.local;
  CPC_TRY(const bool is_open,
          verify_federation_consent(store, home, owner, parties.other.instance));
  if (!is_open) {
    return refuse(ErrorCode::denied, codes::federation_opt_in_required,
                  "opt in to messages with this instance first");
  }
  CPC_TRY(const auto own, store.find(ConsentKey{owner, ConsentType::messaging, ConsentScope::person,
                                                parties.other.text()}));
  const bool is_refused =
      own && own->state != ConsentState::granted && own->state != ConsentState::requested;
  if (is_refused) {
    return refuse(ErrorCode::denied, codes::blocked_by_you,
                  "you refused this person; grant them consent first");
  }
  return success();
}

Result<> check_first_contact(Lookup& store, const Parties& parties, const SendRequest& request,
                             TimePoint now) {
  CPC_TRY(const auto sent, store.find(SentRequestKey{parties.mine, parties.other}));
  if (sent) {
    return refuse(ErrorCode::conflict, codes::request_pending,
                  "your first message still waits for an answer");
  }
  if (code_points(request.text) > intro_code_points_max) {
    return refuse(ErrorCode::too_large, codes::first_message_too_long,
                  "a first message has at most 280 characters");
  }
  CPC_TRY(const auto account, store.find(AccountKey{request.local}));
  const bool is_full = account && account->requests_since + request_window > now &&
                       account->requests_sent >= requests_per_day_max;
  if (is_full) {
    return refuse(ErrorCode::denied, codes::request_limit,
                  "you wrote to many new people today; try again tomorrow");
  }
  return success();
}

Result<ConsentFrame> request_frame(Lookup& store, const Home& home, Moment& moment,
                                   const Parties& parties, const std::string& intro) {
  ConsentFrame frame;
  frame.id = moment.chance.uuid<FrameId>(moment.now);
  CPC_TRY(frame.from, introduction_of(store, home, parties.conversation, parties.mine));
  frame.to = parties.other;
  CPC_TRY(const Member other, member_of(store, parties.conversation, parties.other));
  frame.to_iid = other.iid;
  frame.time = moment.now;
  frame.epoch = home.epoch;
  frame.intro = intro;
  // The version that sending gives our own consent (basis sent_first).
  CPC_TRY(const auto own, store.find(ConsentKey{parties.mine.local, ConsentType::messaging,
                                                ConsentScope::person, parties.other.text()}));
  const bool is_granted = own && own->state == ConsentState::granted;
  frame.version = (own ? own->version : 0) + (is_granted ? 0 : 1);
  return frame;
}

Event message_draft(const Home& home, Moment& moment, const Parties& parties, const Member& member,
                    const SendRequest& request) {
  Event draft;
  draft.conversation = parties.conversation.id;
  draft.author = home.iid;
  draft.id = request.id;
  draft.type = wire_name(EventType::message_post);
  draft.sender = parties.mine;
  draft.member = member.member_id.value_or(MemberId{});
  draft.time = moment.now;
  draft.sealed_body = seal_body(home, moment, draft.key(), request.body);
  return draft;
}

Result<> begin_contact(Transaction& tx, const Home& home, Moment& moment, const Parties& parties,
                       const SendRequest& request, const SignedFrame& frame) {
  CPC_TRY(const Member member, member_of(tx, parties.conversation, parties.mine));
  tx.put(message_draft(home, moment, parties, member, request));
  tx.put(SentRequest{parties.mine, parties.other, frame.frame.id, request.id, moment.now});
  CPC_TRY(write_consent(
      tx, {parties.mine.local, ConsentType::messaging, ConsentScope::person, parties.other.text()},
      ConsentState::granted, "sent_first", moment.now));

  CPC_TRY(auto account, tx.find(AccountKey{request.local}));
  if (!account) return fail(ErrorCode::internal, "a person without an account sent a message");
  if (account->requests_since + request_window <= moment.now) {
    account->requests_since = moment.now;
    account->requests_sent = 0;
  }
  ++account->requests_sent;
  tx.put(*std::move(account));

  tx.put(projection_of(frame.frame));
  CPC_TRY(close_request(tx, request.local, parties.other));
  touch_people(tx, home, parties.conversation);
  CPC_TRY(dispatch_frame(tx, home, moment, frame));

  // Whoever asked us is answered by our writing: then both sides have met and nothing waits.
  CPC_TRY(auto conversation, tx.find(ConversationKey{request.conversation}));
  CPC_TRY(const bool may_travel, may_write(tx, parties.mine, parties.other));
  if (!conversation || !may_travel) return success();
  CPC_TRY(learn_person(tx, home, moment, *conversation, frame.frame.from));
  return release_draft(tx, home, moment, *conversation, parties.mine, parties.other);
}

Digest fingerprint(const SendRequest& request) {
  return crypto::FramedHash{}.add(request.conversation.view()).add(request.text).finish();
}

Result<> perform(Transaction& tx, const Home& home, Moment& moment, const SendRequest& request,
                 const PreparedSend& prepared) {
  CPC_TRY(Parties parties, find_parties(tx, home, request));
  switch (prepared.path) {
    case SendPath::place:
      return place_own_event(tx, home, moment, request.conversation, *prepared.envelope);
    case SendPath::first_contact:
      return begin_contact(tx, home, moment, parties, request, *prepared.frame);
    case SendPath::draft:
      break;
  }
  CPC_TRY(const Member member, member_of(tx, parties.conversation, parties.mine));
  CPC_TRY(ensure_join(tx, home, moment, parties.conversation, parties.mine));
  add_draft(tx, parties.conversation, message_draft(home, moment, parties, member, request));
  tx.put(parties.conversation);
  touch_people(tx, home, parties.conversation);
  return success();
}

}  // namespace

Result<> check_text(std::string_view text) {
  const bool is_blank =
      std::ranges::all_of(text, [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); });
  if (is_blank) return refuse(ErrorCode::invalid, codes::message_empty, "a message has text");
  if (text.size() > text_bytes_max) {
    return refuse(ErrorCode::too_large, codes::message_too_long, "a message has at most 32 KiB");
  }
  if (text.find('\0') != std::string_view::npos) {
    return fail(ErrorCode::invalid, "text cannot hold the character NUL");
  }
  return success();
}

std::size_t code_points(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return (c & 0xc0) != 0x80; }));
}

Result<SendPlan> plan_send(Lookup& store, const Home& home, Moment& moment,
                           const SendRequest& request) {
  CPC_TRY(const Parties parties, find_parties(store, home, request));
  CPC_TRY(check_own_consent(store, home, parties));
  CPC_TRY(const bool may_travel, may_write(store, parties.mine, parties.other));
  SendPlan plan;
  if (!may_travel || !parties.conversation.wire_id) {
    CPC_TRY(check_first_contact(store, parties, request, moment.now));
    plan.path = SendPath::first_contact;
    CPC_TRY(plan.frame, request_frame(store, home, moment, parties, request.text));
    return plan;
  }
  CPC_TRY(const Member member, member_of(store, parties.conversation, parties.mine));
  if (parties.conversation.drafts > 0 || !member.has_joined) return plan;
  plan.path = SendPath::place;
  plan.header = EventHeader{*parties.conversation.wire_id,
                            std::string{wire_name(EventType::message_post)},
                            home.iid,
                            *member.member_id,
                            request.id,
                            moment.now,
                            {}};
  return plan;
}

Result<EventKey> send_message(Transaction& tx, const Home& home, Moment moment,
                              const SendRequest& request, const PreparedSend& prepared) {
  const IdempotencyKey once{request.local, request.client_id};
  if (!request.client_id.empty()) {
    CPC_TRY(const auto done, tx.find(once));
    if (done && done->request != fingerprint(request)) {
      return refuse(ErrorCode::conflict, codes::client_id_reused,
                    "this client id was used for another message");
    }
    if (done) return EventKey{done->conversation, home.iid, done->event};
  }

  Moment planning = moment;
  CPC_TRY(const SendPlan plan, plan_send(tx, home, planning, request));
  const bool fits =
      plan.path == prepared.path &&
      (plan.path != SendPath::first_contact ||
       (prepared.frame && prepared.frame->frame.version == plan.frame->version &&
        prepared.frame->frame.from.incarnation == plan.frame->from.incarnation)) &&
      (plan.path != SendPath::place ||
       (prepared.envelope && prepared.envelope->header().member == plan.header->member));
  if (!fits) return fail(ErrorCode::conflict, "the conversation changed while it was prepared");

  CPC_TRY(perform(tx, home, moment, request, prepared));
  if (!request.client_id.empty()) {
    tx.put(Idempotency{request.local, request.client_id, fingerprint(request), request.conversation,
                       request.id, moment.now});
  }
  return EventKey{request.conversation, home.iid, request.id};
}

}  // namespace cpc::core
