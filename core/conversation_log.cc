#include "core/conversation_log.h"

#include <algorithm>
#include <sstream>

#include "core/codes.h"
#include "core/consent.h"
#include "crypto/digest.h"

namespace cpc::core {
namespace {

crypto::RestPlace rest_place(const Bytes& row) {
  return {"events", row};
}

Bytes row_name(const EventKey& key) {
  return key.conversation.bytes() + key.author.bytes() + key.id.bytes();
}

// The member of a direct conversation that an author names, if it is one.
Result<std::optional<Address>> sender_of(Lookup& store, const Conversation& conversation,
                                         const Iid& author, const MemberId& member_id) {
  for (const Address& address : {conversation.low, conversation.high}) {
    CPC_TRY(const Member member, member_of(store, conversation, address));
    if (member.iid == author && member.member_id == member_id) {
      return std::optional<Address>{address};
    }
  }
  return std::optional<Address>{};
}

bool is_join_of(const std::optional<JoinClaim>& claim, const Member& member) {
  return claim && claim->address == member.address && claim->incarnation == member.incarnation;
}

// May those of ours who did not write this event read it? Without a sender our rules did not agree
// with the hub's; and of a later version's type we cannot know that it holds no person's words.
Result<bool> is_readable(Transaction& tx, const Home& home, const Conversation& conversation,
                         const Event& event) {
  const EventType type = event_type(event.type);
  if (type != EventType::message_post && type != EventType::unknown) return true;
  if (!event.sender) return false;
  const Address& reader = other_than(conversation, *event.sender);
  if (!home.is_local(reader)) return true;
  CPC_TRY(const Decision decision, verify_messaging_consent(tx, home, reader.local, *event.sender));
  return decision.verdict == Verdict::deliver;
}

// Sets the event's visibility for our people, and stores its body only where somebody may read it.
Result<> decide_visibility(Transaction& tx, const Home& home, Moment& moment,
                           const Conversation& conversation, Event& event,
                           const std::optional<Bytes>& body) {
  CPC_TRY(const bool is_allowed, is_readable(tx, home, conversation, event));
  event.is_hidden = !is_allowed || event_type(event.type) == EventType::unknown;
  const bool is_ours = event.sender && home.is_local(*event.sender);
  const bool is_kept = body && (is_allowed || is_ours);
  if (!is_kept) {
    event.sealed_body.clear();
    event.salt.clear();
  } else if (event.sealed_body.empty()) {
    event.sealed_body = seal_body(home, moment, event.key(), *body);
  }
  return success();
}

// The other side's instance has a copy of every log that we order; it is owed what is new.
Result<> owe_copies(Transaction& tx, const Home& home, const Conversation& conversation) {
  for (const Address& address : {conversation.low, conversation.high}) {
    if (home.is_local(address)) continue;
    const LaneKey key{address.instance, LaneKind::log, conversation.id};
    CPC_TRY(auto lane, tx.find(key));
    if (!lane) lane = Lane{key.peer, key.kind, key.conversation, {}, {}, {}};
    lane->head = conversation.head.position;
    tx.put(*std::move(lane));
    tx.touched().peers.insert(address.instance);
  }
  return success();
}

Result<> note_join(Transaction& tx, const Conversation& conversation, const Event& event) {
  if (event.type != wire_name(EventType::member_join) || !event.sender) return success();
  CPC_TRY(Member member, member_of(tx, conversation, *event.sender));
  if (!member.has_joined) {
    member.has_joined = true;
    tx.put(std::move(member));
  }
  return success();
}

Result<> submit(Transaction& tx, Conversation& conversation, Event event) {
  event.state = EventState::pending;
  event.submission = ++conversation.submitted;
  const LaneKey key{*conversation.hub, LaneKind::submission, conversation.id};
  CPC_TRY(auto lane, tx.find(key));
  if (!lane) lane = Lane{key.peer, key.kind, key.conversation, {}, {}, {}};
  lane->head = {0, event.submission};
  tx.put(*std::move(lane));
  tx.touched().peers.insert(*conversation.hub);
  tx.put(std::move(event));
  tx.put(conversation);
  return success();
}

Result<> settle(Transaction& tx, const Home& home, Moment& moment, Conversation& conversation,
                Event event, const std::optional<Bytes>& body, const Head& head) {
  event.state = EventState::ordered;
  event.reason.clear();
  event.superseded.clear();
  event.position = head.position;
  event.hub_time = head.hub_time;
  event.link = head.link;
  CPC_TRY(decide_visibility(tx, home, moment, conversation, event, body));
  CPC_TRY(note_join(tx, conversation, event));
  conversation.head = head;
  tx.put(std::move(event));
  tx.put(conversation);
  touch_people(tx, home, conversation);
  return success();
}

// Of a body as a JSON string, where some characters take two octets or six.
std::size_t encoded_size(const Bytes& body) {
  std::size_t size = body.size();
  for (const char c : body) {
    if (c == '"' || c == '\\') size += 1;
    if (static_cast<unsigned char>(c) < 0x20) size += 5;
  }
  return size;
}

Digest envelope_hash(const Event& event) {
  return crypto::sha256(event.protected_header + "." + event.payload + "." + event.signature);
}

}  // namespace

Event event_row(const ConversationId& conversation, const VerifiedEnvelope& envelope) {
  const EventHeader& header = envelope.header();
  Event event;
  event.conversation = conversation;
  event.author = header.author;
  event.id = header.id;
  event.type = header.type;
  event.member = header.member;
  event.time = header.time;
  event.hash = envelope.hash();
  event.protected_header = envelope.envelope().protected_header;
  event.payload = envelope.envelope().payload;
  event.signature = envelope.envelope().signature;
  event.salt = envelope.envelope().salt;
  return event;
}

Result<std::optional<Address>> authorize(Lookup& store, const Conversation& conversation,
                                         const Iid& hub_iid, const VerifiedEnvelope& envelope) {
  const EventHeader& header = envelope.header();
  const bool is_begin = conversation.head.position.seq == 0;
  if (event_type(header.type) == EventType::conversation_create) {
    if (!is_begin || header.author != hub_iid || !header.member.is_zero()) {
      return fail(ErrorCode::denied, "only the hub's instance begins a log, once");
    }
    return std::optional<Address>{};
  }
  if (is_begin) return fail(ErrorCode::denied, "a log begins with conversation.create");
  CPC_TRY(auto sender, sender_of(store, conversation, header.author, header.member));
  if (!sender) return fail(ErrorCode::denied, "the author is no member");
  const EventType type = event_type(header.type);
  if (type != EventType::message_post && type != EventType::member_join) return sender;
  CPC_TRY(const Member member, member_of(store, conversation, *sender));
  if (type == EventType::message_post) {
    if (!member.has_joined) return fail(ErrorCode::denied, "the author has not joined");
  } else if (envelope.envelope().body && !is_join_of(envelope.join(), member)) {
    return fail(ErrorCode::denied, "the join names another person");
  }
  return sender;
}

Result<> place_own_event(Transaction& tx, const Home& home, Moment& moment,
                         const ConversationId& conversation_id, const VerifiedEnvelope& envelope) {
  CPC_TRY(auto conversation, tx.find(ConversationKey{conversation_id}));
  if (!conversation || conversation->wire_id != envelope.header().conversation) {
    return fail(ErrorCode::conflict, "the conversation changed while the event was signed");
  }
  Event event = event_row(conversation_id, envelope);
  CPC_TRY(const auto existing, tx.find(event.key()));
  if (existing && existing->state != EventState::draft) return success();
  if (existing) {
    event.sender = existing->sender;
    event.sealed_body = existing->sealed_body;
    --conversation->drafts;
  }

  const bool we_order = *conversation->hub == home.name;
  if (we_order) {
    CPC_TRY(event.sender, authorize(tx, *conversation, home.iid, envelope));
  } else if (!event.sender) {
    const EventHeader& header = envelope.header();
    CPC_TRY(event.sender, sender_of(tx, *conversation, header.author, header.member));
  }
  const auto& body = envelope.envelope().body;
  if (we_order) return order(tx, home, moment, *conversation, std::move(event), body);

  if (body && event.sealed_body.empty()) {
    event.sealed_body = seal_body(home, moment, event.key(), *body);
  }
  touch_people(tx, home, *conversation);
  return submit(tx, *conversation, std::move(event));
}

Result<> fail_draft(Transaction& tx, const Home& home, const EventKey& key,
                    std::string_view reason) {
  CPC_TRY(auto draft, tx.find(key));
  CPC_TRY(auto conversation, tx.find(ConversationKey{key.conversation}));
  if (!draft || !conversation || draft->state != EventState::draft) return success();
  if (draft->draft_order > 0) --conversation->drafts;
  CPC_TRY(take_back_join(tx, *draft));
  draft->state = EventState::failed;
  draft->reason = reason;
  tx.put(*std::move(draft));
  tx.put(*conversation);
  touch_people(tx, home, *conversation);
  return success();
}

Result<> order(Transaction& tx, const Home& home, Moment& moment, Conversation& conversation,
               Event event, const std::optional<Bytes>& body) {
  Position position = conversation.head.position;
  if (position.hub_epoch == 0) position.hub_epoch = 1;
  ++position.seq;
  const TimePoint hub_time = std::max(conversation.head.hub_time, moment.now);
  const Head head =
      next_head(conversation.head, *conversation.wire_id, position, hub_time, event.hash);
  CPC_TRY(settle(tx, home, moment, conversation, std::move(event), body, head));
  return owe_copies(tx, home, conversation);
}

Result<> copy(Transaction& tx, const Home& home, Moment& moment, Conversation& conversation,
              Event event, const std::optional<Bytes>& body, const Placement& placement) {
  return settle(tx, home, moment, conversation, std::move(event), body,
                Head{placement.position, placement.hub_time, placement.link});
}

Result<> sign_anew(Transaction& tx, const EventKey& key, std::string_view replaced,
                   std::string protected_header, std::string signature) {
  CPC_TRY(auto event, tx.find(key));
  if (!event || event->position.seq > 0 || event->signature != replaced) return success();
  if (!event->superseded.empty()) event->superseded += ' ';
  event->superseded += event->protected_header + "." + event->signature;
  event->protected_header = std::move(protected_header);
  event->signature = std::move(signature);
  event->hash = envelope_hash(*event);
  tx.put(*std::move(event));
  return success();
}

std::optional<Event> as_placed(const Head& head, const WireId& wire_id, const Placement& placement,
                               Event event) {
  const auto fits = [&] {
    return next_head(head, wire_id, placement.position, placement.hub_time, event.hash).link ==
           placement.link;
  };
  if (fits()) return event;
  std::istringstream earlier{event.superseded};
  for (std::string one; earlier >> one;) {
    const std::size_t dot = one.find('.');
    event.protected_header = one.substr(0, dot);
    event.signature = one.substr(dot + 1);
    event.hash = envelope_hash(event);
    if (fits()) return event;
  }
  return std::nullopt;
}

Bytes seal_body(const Home& home, Moment& moment, const EventKey& key, std::string_view body) {
  const Bytes row = row_name(key);
  return crypto::seal_at_rest(home.master, key.conversation.view(), rest_place(row),
                              moment.chance.bytes(crypto::rest_nonce_bytes), body);
}

Result<Bytes> open_body(const Home& home, const Event& event) {
  const Bytes row = row_name(event.key());
  return crypto::open_at_rest(home.master, event.conversation.view(), rest_place(row),
                              event.sealed_body);
}

Result<Envelope> envelope_of(const Home& home, const Event& event) {
  Envelope envelope{event.protected_header, event.payload, event.signature, event.salt, {}};
  if (!event.sealed_body.empty()) {
    CPC_TRY(envelope.body, open_body(home, event));
  }
  return envelope;
}

std::size_t travelling_size(const Envelope& envelope) {
  return envelope.protected_header.size() + envelope.payload.size() + envelope.signature.size() +
         (envelope.body ? encoded_size(*envelope.body) : 0) + 200;
}

}  // namespace cpc::core
