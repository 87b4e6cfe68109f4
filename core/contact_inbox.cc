// The receiving half of core/contact.h: what a frame does to the person it is addressed to.

#include <algorithm>

#include "core/codes.h"
#include "core/consent.h"
#include "core/contact.h"
#include "core/rebind.h"

namespace cpc::core {
namespace {

constexpr std::int64_t frame_attempts_max = 5;

Bytes intro_row(const std::string& owner, const Address& from) {
  return owner + '\n' + from.text();
}

ConsentKey consent_of(const ConsentFrame& frame) {
  return messaging_consent(frame.to.local, frame.from.address);
}

// Notes what `frame`'s sender told about the way to them, unless something newer is known.
Result<bool> learn_projection(Transaction& tx, const ConsentFrame& frame) {
  CPC_TRY(const auto known, tx.find(ProjectionKey{frame.from.address, frame.to}));
  const bool is_same_life =
      known && known->epoch == frame.epoch && known->owner_incarnation == frame.from.incarnation;
  if (is_same_life && frame.version <= known->version) return false;
  tx.put(projection_of(frame));
  return true;
}

// What we hold of the two people of a frame before it is applied.
struct Acquaintance {
  std::optional<Consent> consent;         ///< Of our person about the sender.
  std::optional<Projection> told;         ///< What our person told the sender.
  std::optional<Projection> heard;        ///< What the sender told our person.
  std::optional<ContactRequest> request;  ///< The sender's last one.
};

Result<Acquaintance> acquaintance_of(Transaction& tx, const ConsentFrame& frame) {
  Acquaintance known;
  CPC_TRY(known.consent, tx.find(consent_of(frame)));
  CPC_TRY(known.told, tx.find(ProjectionKey{frame.to, frame.from.address}));
  CPC_TRY(known.heard, tx.find(ProjectionKey{frame.from.address, frame.to}));
  CPC_TRY(known.request, tx.find(ContactRequestKey{frame.to.local, frame.from.address}));
  return known;
}

bool is_successor(const Acquaintance& known, const ConsentFrame& frame) {
  return known.heard && known.heard->owner_incarnation != frame.from.incarnation;
}

// Each new person under a known address begins a conversation; a peer may name any number of them.
Result<bool> comes_too_soon(Transaction& tx, const Home& home, const Acquaintance& known,
                            const ConsentFrame& frame, TimePoint now) {
  if (!is_successor(known, frame) || home.is_local(frame.from.address)) return false;
  CPC_TRY(const auto pair, tx.find(pair_of(frame.from.address, frame.to)));
  if (!pair) return false;
  CPC_TRY(const auto conversation, tx.find(ConversationKey{pair->id}));
  return conversation && conversation->created_at + successor_age_min > now;
}

// A name that a new person took over does not inherit what its predecessor was granted or told.
Result<> forget_predecessor(Transaction& tx, const ConsentFrame& frame, TimePoint now) {
  CPC_TRY(const auto known, tx.find(ProjectionKey{frame.from.address, frame.to}));
  if (!known || known->owner_incarnation == frame.from.incarnation) return success();
  CPC_TRY(const auto consent, tx.find(consent_of(frame)));
  if (consent && consent->state == ConsentState::granted) {
    CPC_TRY(write_consent(tx, consent_of(frame), ConsentState::revoked, "new_incarnation", now));
  }
  tx.erase(ProjectionKey{frame.to, frame.from.address});
  return success();
}

// Whether the addressee hears of a request: not when their account ended, and not when they refused
// this person or, saying nothing of the person, the whole instance.
Result<bool> is_heard(Transaction& tx, const ConsentFrame& frame,
                      const std::optional<Consent>& person) {
  CPC_TRY(const auto account, tx.find(AccountKey{frame.to.local}));
  if (!account || account->is_disabled) return false;
  if (person && person->state == ConsentState::granted) return true;
  const auto is_refusal = [](const Consent& consent) {
    return consent.state == ConsentState::denied || consent.state == ConsentState::blocked;
  };
  if (person && is_refusal(*person)) return false;
  CPC_TRY(const auto instance,
          tx.find(ConsentKey{frame.to.local, ConsentType::messaging, ConsentScope::instance,
                             frame.from.address.instance.text()}));
  return !instance || (!is_refusal(*instance) && instance->state != ConsentState::revoked);
}

// What strangers of the sender's instance left at the addressee in the present time.
Result<OpenRequests> strangers_of(Transaction& tx, const ConsentFrame& frame, TimePoint now) {
  const OpenRequestsKey key{frame.to.local, frame.from.address.instance};
  CPC_TRY(const auto known, tx.find(key));
  if (known && known->since + request_age_max > now) return *known;
  return OpenRequests{key.owner, key.origin, now, 0, 0};
}

// One more request of this instance may wait for the same person. Our own people are bounded when
// they ask.
Result<bool> has_room(Transaction& tx, const Home& home, const Acquaintance& known,
                      const ConsentFrame& frame, TimePoint now) {
  if (known.request && known.request->is_open) return true;
  if (home.is_local(frame.from.address)) return true;
  CPC_TRY(const OpenRequests strangers, strangers_of(tx, frame, now));
  return strangers.open < open_requests_max;
}

Result<> count_open(Transaction& tx, const ConsentFrame& frame, TimePoint now) {
  CPC_TRY(OpenRequests strangers, strangers_of(tx, frame, now));
  ++strangers.open;
  tx.put(std::move(strangers));
  return success();
}

// Whether somebody of whom nobody hears is remembered.
Result<bool> remember_unheard(Transaction& tx, const ConsentFrame& frame, TimePoint now) {
  CPC_TRY(OpenRequests strangers, strangers_of(tx, frame, now));
  if (strangers.unheard >= unheard_max) return false;
  ++strangers.unheard;
  tx.put(std::move(strangers));
  return true;
}

// Whoever repeats a request that still waits is not shown again each time.
bool is_repeated(const Acquaintance& known, const ConsentFrame& frame, TimePoint now) {
  return known.request && known.request->is_open && !is_successor(known, frame) &&
         known.request->received_at + request_repeat_min > now;
}

Result<> surface_request(Transaction& tx, const Home& home, Moment& moment,
                         const ConsentFrame& frame, const Conversation& conversation,
                         const Acquaintance& known) {
  if (is_repeated(known, frame, moment.now)) return success();
  if (!known.request || !known.request->is_open) {
    CPC_TRY(count_open(tx, frame, moment.now));
  }
  ContactRequest request;
  request.owner = frame.to.local;
  request.from = frame.from.address;
  request.frame = frame.id;
  request.conversation = conversation.id;
  request.from_iid = frame.from.iid;
  request.from_incarnation = frame.from.incarnation;
  request.from_member = frame.from.member_id;
  const Bytes row = intro_row(request.owner, request.from);
  request.sealed_intro =
      crypto::seal_at_rest(home.master, conversation.id.view(), {"contact_requests", row},
                           moment.chance.bytes(crypto::rest_nonce_bytes), frame.intro);
  request.received_at = moment.now;
  tx.put(std::move(request));
  CPC_TRY(write_consent(tx, consent_of(frame), ConsentState::requested, "request", moment.now));
  tx.touched().accounts[frame.to.local].everything = true;
  return success();
}

Result<> apply_request(Transaction& tx, const Home& home, Moment& moment, const ConsentFrame& frame,
                       const Acquaintance& known) {
  if (known.request && known.request->frame == frame.id) return success();
  CPC_TRY(forget_predecessor(tx, frame, moment.now));
  CPC_TRY(const auto consent, tx.find(consent_of(frame)));
  CPC_TRY(const bool is_open, is_heard(tx, frame, consent));
  const bool is_granted = consent && consent->state == ConsentState::granted;
  const bool is_asking = is_open && !is_granted;
  CPC_TRY(const bool has_place, has_room(tx, home, known, frame, moment.now));
  const bool is_heard_of = is_asking ? has_place : is_open || known.consent || known.told;
  if (!is_heard_of && !known.heard) {
    CPC_TRY(const bool is_kept, remember_unheard(tx, frame, moment.now));
    if (!is_kept) return success();
  }

  // Who writes first may be answered: the request itself grants the reverse direction. One that
  // nobody hears is remembered all the same: what our person told before, or tells when they think
  // better of it, finds the other side known.
  CPC_TRY(const bool is_news, learn_projection(tx, frame));
  if (!is_news) return success();
  CPC_TRY(Conversation conversation,
          open_direct(tx, home, moment, frame.to, frame.from.address, frame.from.incarnation));
  if (is_asking && has_place) {
    CPC_TRY(surface_request(tx, home, moment, frame, conversation, known));
  }
  CPC_TRY(learn_person(tx, home, moment, conversation, frame.from));
  return release_draft(tx, home, moment, conversation, frame.to, frame.from.address);
}

Result<> apply_projection(Transaction& tx, const Home& home, Moment& moment,
                          const ConsentFrame& frame, const Acquaintance& known) {
  // It may have overtaken the request that goes before it, or nobody ever asked for it.
  const bool is_expected = known.told || (known.heard && !is_successor(known, frame));
  if (!is_expected) {
    CPC_TRY(const bool is_kept, remember_unheard(tx, frame, moment.now));
    if (!is_kept) return success();
  }
  CPC_TRY(forget_predecessor(tx, frame, moment.now));
  CPC_TRY(const bool is_news, learn_projection(tx, frame));
  if (!is_news) return success();
  // Also a withdrawal tells who its sender is: it may have overtaken their request.
  CPC_TRY(Conversation conversation,
          open_direct(tx, home, moment, frame.to, frame.from.address, frame.from.incarnation));
  CPC_TRY(learn_person(tx, home, moment, conversation, frame.from));
  if (frame.kind == FrameKind::withdrawn) return success();
  return release_draft(tx, home, moment, conversation, frame.to, frame.from.address);
}

// What a frame for a person of ours does.
Result<> apply_to_person(Transaction& tx, const Home& home, Moment& moment,
                         const ConsentFrame& frame) {
  CPC_TRY(const auto account, tx.find(AccountKey{frame.to.local}));
  if (!account) return success();
  CPC_TRY(const Acquaintance known, acquaintance_of(tx, frame));
  CPC_TRY(const bool is_too_soon, comes_too_soon(tx, home, known, frame, moment.now));
  if (is_too_soon) return success();
  if (frame.kind == FrameKind::request) return apply_request(tx, home, moment, frame, known);
  return apply_projection(tx, home, moment, frame, known);
}

// A frame that waited in the lane of `origin` does so no more.
Result<> leave_lane(Transaction& tx, const InboxFrame& frame, bool is_parked_now) {
  CPC_TRY(auto lane, tx.find(InLaneKey{frame.origin, LaneKind::consent, {}}));
  if (!lane) return success();
  std::int64_t& left = frame.is_parked ? lane->parked : lane->waiting;
  left = std::max<std::int64_t>(left - 1, 0);
  if (is_parked_now) ++lane->parked;
  tx.put(*std::move(lane));
  return success();
}

}  // namespace

Result<> release_draft(Transaction& tx, const Home& home, Moment& moment,
                       Conversation& conversation, const Address& mine, const Address& other) {
  const SentRequestKey key{mine, other};
  CPC_TRY(const auto sent, tx.find(key));
  if (!sent || !conversation.wire_id) return success();
  CPC_TRY(ensure_join(tx, home, moment, conversation, mine));
  CPC_TRY(auto draft, tx.find(EventKey{conversation.id, home.iid, sent->draft}));
  if (draft && draft->state == EventState::draft && draft->draft_order == 0) {
    CPC_TRY(const Member member, member_of(tx, conversation, mine));
    draft->member = member.member_id.value_or(MemberId{});
    add_draft(tx, conversation, *std::move(draft));
  }
  tx.erase(key);
  tx.put(conversation);
  touch_people(tx, home, conversation);
  return success();
}

Result<> store_frame(Transaction& tx, const InstanceName& origin, const FrameId& id,
                     const Bytes& jws, TimePoint now) {
  const InboxFrameKey key{origin, id};
  CPC_TRY(const auto known, tx.find(key));
  if (known) return success();
  tx.put(InboxFrame{origin, id, jws, now, 0, false});
  tx.touched().inbox = true;
  return success();
}

Result<> apply_frame(Transaction& tx, const Home& home, Moment moment, const InstanceName& origin,
                     const ConsentFrame& frame) {
  if (origin != home.name) {
    const InboxFrameKey key{origin, frame.id};
    CPC_TRY(const auto stored, tx.find(key));
    if (!stored) return success();  // Applied already.
    tx.erase(key);
    CPC_TRY(leave_lane(tx, *stored, false));
    CPC_TRY(const bool is_peer, may_still_be(tx, origin, frame.from.iid));
    if (!is_peer) return success();
  }
  const bool is_for_us = home.is_local(frame.to) && frame.from.address.instance == origin &&
                         (!frame.to_iid || *frame.to_iid == home.iid) &&
                         frame.from.address != frame.to;
  if (!is_for_us) return success();
  return apply_to_person(tx, home, moment, frame);
}

Result<> frame_failed(Transaction& tx, const InboxFrameKey& key) {
  CPC_TRY(auto frame, tx.find(key));
  if (!frame) return success();
  if (frame->is_parked) return success();
  if (++frame->attempts < frame_attempts_max) {
    tx.put(*std::move(frame));
    return success();
  }
  CPC_TRY(const auto lane, tx.find(InLaneKey{key.origin, LaneKind::consent, {}}));
  const bool is_kept = !lane || lane->parked < parked_frames_max;
  CPC_TRY(leave_lane(tx, *frame, is_kept));
  if (!is_kept) {
    tx.erase(key);
    return success();
  }
  frame->is_parked = true;
  tx.put(*std::move(frame));
  return success();
}

Result<std::string> open_intro(const Home& home, const ContactRequest& request) {
  const Bytes row = intro_row(request.owner, request.from);
  return crypto::open_at_rest(home.master, request.conversation.view(), {"contact_requests", row},
                              request.sealed_intro);
}

Result<> expire_draft(Transaction& tx, const Home& home, const EventKey& key, TimePoint now) {
  CPC_TRY(auto draft, tx.find(key));
  const bool is_due = draft && draft->state == EventState::draft && draft->draft_order == 0 &&
                      draft->time + request_age_max <= now;
  if (!is_due) return success();
  CPC_TRY(const auto conversation, tx.find(ConversationKey{key.conversation}));
  if (conversation && draft->sender) {
    tx.erase(SentRequestKey{*draft->sender, other_than(*conversation, *draft->sender)});
    touch_people(tx, home, *conversation);
  }
  draft->state = EventState::expired;
  draft->reason = codes::request_expired;
  tx.put(*std::move(draft));
  return success();
}

}  // namespace cpc::core
