#include "core/send_message.h"

#include <algorithm>
#include <array>

#include "core/codes.h"
#include "core/consent.h"
#include "crypto/digest.h"

namespace cpc::core {
namespace {

constexpr auto request_window = std::chrono::hours{24};

// The next code point of UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing past U+10FFFF.
std::optional<char32_t> take_code_point(std::string_view& text) {
  const auto octet = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char first = octet(0);
  const std::size_t length = first < 0x80             ? 1
                             : (first & 0xe0) == 0xc0 ? 2
                             : (first & 0xf0) == 0xe0 ? 3
                             : (first & 0xf8) == 0xf0 ? 4
                                                      : 0;
  if (length == 0 || length > text.size()) return std::nullopt;
  char32_t point = length == 1 ? first : first & (0x7fU >> length);
  for (std::size_t at = 1; at < length; ++at) {
    if ((octet(at) & 0xc0) != 0x80) return std::nullopt;
    point = (point << 6) | (octet(at) & 0x3fU);
  }
  constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = point >= 0xd800 && point <= 0xdfff;
  if (point < least.at(length) || point > 0x10ffff || is_surrogate) return std::nullopt;
  text.remove_prefix(length);
  return point;
}

// White space, and what takes no room at all.
bool is_invisible(char32_t point) {
  const auto is_in = [&](char32_t from, char32_t upto) { return point >= from && point <= upto; };
  return point == 0x20 || is_in(0x09, 0x0d) || point == 0x85 || point == 0xa0 || point == 0xad ||
         point == 0x1680 || is_in(0x2000, 0x200f) || is_in(0x2028, 0x202f) ||
         is_in(0x205f, 0x206f) || point == 0x3000 || point == 0xfeff;
}

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
  // By its wire id, which an operator's rebind of the other's instance takes away.
  if (conversation->wire_id) {
    CPC_TRY(const auto reachable, store.find(ConversationByWireKey{*conversation->wire_id}));
    if (!reachable) {
      return refuse(ErrorCode::denied, codes::conversation_ended,
                    "the other one's instance is another one now; begin a new conversation");
    }
  }
  const Address other = other_than(*conversation, mine);
  return Parties{*std::move(conversation), mine, other};
}

ConsentKey own_consent(const Parties& parties) {
  return messaging_consent(parties.mine.local, parties.other);
}

Result<> check_own_consent(Lookup& store, const Home& home, const Parties& parties) {
  const std::string& owner = parties.mine.local;
  CPC_TRY(const bool is_open,
          verify_federation_consent(store, home, owner, parties.other.instance));
  if (!is_open) {
    return refuse(ErrorCode::denied, codes::federation_opt_in_required,
                  "opt in to messages with this instance first");
  }
  CPC_TRY(const auto own, store.find(own_consent(parties)));
  const bool is_refused =
      own && own->state != ConsentState::granted && own->state != ConsentState::requested;
  if (is_refused) {
    return refuse(ErrorCode::denied, codes::blocked_by_you,
                  "you refused this person; grant them consent first");
  }
  return success();
}

// Did this person agree to be written to by the other? Writing is agreeing.
Result<bool> has_agreed(Lookup& store, const Parties& parties) {
  CPC_TRY(const auto own, store.find(own_consent(parties)));
  return own && own->state == ConsentState::granted;
}

Result<> check_none_waits(Lookup& store, const Parties& parties) {
  CPC_TRY(const auto sent, store.find(SentRequestKey{parties.mine, parties.other}));
  if (!sent) return success();
  return refuse(ErrorCode::conflict, codes::request_pending,
                "your first message still waits for an answer");
}

Result<> check_first_contact(Lookup& store, const SendRequest& request, TimePoint now) {
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
  CPC_TRY(frame.version, next_told_version(store, own_consent(parties)));
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

Result<> count_request(Transaction& tx, const std::string& local, TimePoint now) {
  CPC_TRY(auto account, tx.find(AccountKey{local}));
  if (!account) return fail(ErrorCode::internal, "a person without an account sent a message");
  if (account->requests_since + request_window <= now) {
    account->requests_since = now;
    account->requests_sent = 0;
  }
  ++account->requests_sent;
  tx.put(*std::move(account));
  return success();
}

Result<> begin_contact(Transaction& tx, const Home& home, Moment& moment, const Parties& parties,
                       const SendRequest& request, const SignedFrame& frame) {
  CPC_TRY(const Member member, member_of(tx, parties.conversation, parties.mine));
  tx.put(message_draft(home, moment, parties, member, request));
  tx.put(SentRequest{parties.mine, parties.other, frame.frame.id, request.id, moment.now});
  CPC_TRY(write_consent(tx, own_consent(parties), ConsentState::granted, "sent_first", moment.now));
  CPC_TRY(note_told(tx, own_consent(parties), frame.frame.version));

  CPC_TRY(const bool is_reply, may_write(tx, parties.mine, parties.other));
  if (!is_reply) {
    CPC_TRY(count_request(tx, request.local, moment.now));
  }

  CPC_TRY(close_request(tx, request.local, parties.other));
  touch_people(tx, home, parties.conversation);
  CPC_TRY(dispatch_frame(tx, home, moment, frame));
  // Afterwards, because to one of our people it is news when it is applied; also when there is no
  // such person yet.
  tx.put(projection_of(frame.frame));

  // Whoever told us anything is answered by our writing, and both sides have met: the other one
  // gives the conversation its wire id now, so we do, also after they withdrew. Whoever asked us
  // has agreed besides, and nothing waits.
  CPC_TRY(auto conversation, tx.find(ConversationKey{request.conversation}));
  if (!conversation)
    return fail(ErrorCode::internal, "a conversation went while it was written to");
  CPC_TRY(learn_person(tx, home, moment, *conversation, frame.frame.from));
  CPC_TRY(const bool may_travel, may_write(tx, parties.mine, parties.other));
  if (!may_travel) return success();
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
  if (text.size() > text_bytes_max) {
    return refuse(ErrorCode::too_large, codes::message_too_long, "a message has at most 32 KiB");
  }
  if (text.find('\0') != std::string_view::npos) {
    return fail(ErrorCode::invalid, "text cannot hold the character NUL");
  }
  bool is_blank = true;
  while (!text.empty()) {
    const std::optional<char32_t> read = take_code_point(text);
    if (!read) return fail(ErrorCode::invalid, "text is UTF-8");
    is_blank = is_blank && is_invisible(*read);
  }
  if (is_blank) return refuse(ErrorCode::invalid, codes::message_empty, "a message has text");
  return success();
}

std::size_t code_points(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return (c & 0xc0) != 0x80; }));
}

Result<SendPlan> plan_send(Lookup& store, const Home& home, Moment& moment,
                           const SendRequest& request) {
  CPC_TRY(const Parties parties, find_parties(store, home, request));
  if (request.body.size() > body_bytes_max) {
    return refuse(ErrorCode::too_large, codes::message_too_long, "a message has at most 60 KiB");
  }
  CPC_TRY(check_own_consent(store, home, parties));
  CPC_TRY(const bool may_travel, may_write(store, parties.mine, parties.other));
  CPC_TRY(const bool is_agreed, has_agreed(store, parties));
  SendPlan plan;
  if (!may_travel || !is_agreed || !parties.conversation.wire_id) {
    CPC_TRY(check_none_waits(store, parties));
    // A reply is bound by no limit, because it travels at once; its request says that they agree.
    if (!may_travel) {
      CPC_TRY(check_first_contact(store, request, moment.now));
    }
    const bool is_intro = code_points(request.text) <= intro_code_points_max;
    plan.path = SendPath::first_contact;
    CPC_TRY(plan.frame,
            request_frame(store, home, moment, parties, is_intro ? request.text : std::string{}));
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
       (prepared.envelope && prepared.envelope->header().member == plan.header->member &&
        prepared.envelope->header().id == request.id));
  if (!fits) return fail(ErrorCode::conflict, "the conversation changed while it was prepared");

  CPC_TRY(perform(tx, home, moment, request, prepared));
  if (!request.client_id.empty()) {
    tx.put(Idempotency{request.local, request.client_id, fingerprint(request), request.conversation,
                       request.id, moment.now});
  }
  return EventKey{request.conversation, home.iid, request.id};
}

}  // namespace cpc::core
