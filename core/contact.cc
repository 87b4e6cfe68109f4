#include "core/contact.h"

#include "core/codes.h"
#include "core/consent.h"
#include "core/receipts.h"

namespace cpc::core {
namespace {

// The conversation of two people if there is one; nothing is begun for a plan.
Result<std::optional<Conversation>> conversation_of(Lookup& store, const Address& one,
                                                    const Address& other) {
  CPC_TRY(const auto pair, store.find(pair_of(one, other)));
  if (!pair) return std::optional<Conversation>{};
  return store.find(ConversationKey{pair->id});
}

Result<std::optional<ConsentFrame>> projection_frame(Lookup& store, const Home& home,
                                                     Moment& moment, FrameKind kind,
                                                     const Address& owner, const Address& subject) {
  CPC_TRY(const auto conversation, conversation_of(store, owner, subject));
  if (!conversation) return std::optional<ConsentFrame>{};
  CPC_TRY(auto from, introduction_of(store, home, *conversation, owner));
  CPC_TRY(const Member other, member_of(store, *conversation, subject));
  ConsentFrame frame;
  frame.id = moment.chance.uuid<FrameId>(moment.now);
  frame.kind = kind;
  frame.from = std::move(from);
  frame.to = subject;
  frame.to_iid = other.iid;
  frame.time = moment.now;
  CPC_TRY(frame.version, next_told_version(store, messaging_consent(owner.local, subject)));
  frame.epoch = home.epoch;
  return std::optional<ConsentFrame>{std::move(frame)};
}

// Whether the subject's side was told by this very person, and nothing else since. To say the same
// again would tell only that something lay between.
Result<bool> was_granted(Lookup& store, const Home& home, const ConsentFrame& frame) {
  CPC_TRY(const auto told, store.find(ProjectionKey{frame.from.address, frame.to}));
  return told && told->is_granted && told->epoch == home.epoch &&
         told->owner_iid == frame.from.iid && told->owner_incarnation == frame.from.incarnation &&
         told->owner_member == frame.from.member_id;
}

Result<Consent> consent_to_answer(Lookup& store, const ConsentAnswer& answer) {
  CPC_TRY(auto consent, store.find(messaging_consent(answer.owner, answer.subject)));
  if (!consent) {
    return refuse(ErrorCode::not_found, codes::not_found, "there is no request of this person");
  }
  if (consent->version != answer.version) {
    return refuse(ErrorCode::conflict, codes::consent_stale,
                  "the consent changed since it was shown; look again, then decide");
  }
  return *std::move(consent);
}

// What the subject's side is told from now on. `frame` is what plan_* gave, signed.
Result<> tell(Transaction& tx, const Home& home, Moment& moment, const ConsentFrame& planned,
              const std::optional<SignedFrame>& frame) {
  const bool fits = frame && frame->frame.kind == planned.kind && frame->frame.to == planned.to &&
                    frame->frame.version == planned.version &&
                    frame->frame.from.address == planned.from.address &&
                    frame->frame.from.incarnation == planned.from.incarnation &&
                    frame->frame.from.member_id == planned.from.member_id;
  if (!fits) return fail(ErrorCode::conflict, "the frame was signed for another state");
  // To our own people it is news when it is applied, and noted then.
  if (!home.is_local(planned.to)) tx.put(projection_of(frame->frame));
  CPC_TRY(note_told(tx, messaging_consent(planned.from.address.local, planned.to),
                    frame->frame.version));
  return dispatch_frame(tx, home, moment, *frame);
}

}  // namespace

Result<> close_request(Transaction& tx, const std::string& owner, const Address& from) {
  CPC_TRY(auto request, tx.find(ContactRequestKey{owner, from}));
  if (!request || !request->is_open) return success();
  request->is_open = false;
  tx.put(*std::move(request));
  CPC_TRY(auto requests, tx.find(OpenRequestsKey{owner, from.instance}));
  if (requests && requests->open > 0) {
    --requests->open;
    tx.put(*std::move(requests));
  }
  return success();
}

Result<std::optional<ConsentFrame>> plan_answer(Lookup& store, const Home& home, Moment& moment,
                                                const ConsentAnswer& answer) {
  CPC_TRY(const Consent consent, consent_to_answer(store, answer));
  if (answer.kind == AnswerKind::deny) return std::optional<ConsentFrame>{};
  if (consent.state == ConsentState::granted) return std::optional<ConsentFrame>{};
  CPC_TRY(auto frame, projection_frame(store, home, moment, FrameKind::granted,
                                       home.address_of(answer.owner), answer.subject));
  if (!frame) return frame;
  CPC_TRY(const bool is_known, was_granted(store, home, *frame));
  if (is_known) return std::optional<ConsentFrame>{};
  return frame;
}

Result<> answer_contact(Transaction& tx, const Home& home, Moment moment,
                        const ConsentAnswer& answer, const std::optional<SignedFrame>& frame) {
  CPC_TRY(const Consent consent, consent_to_answer(tx, answer));
  const ConsentKey key = messaging_consent(answer.owner, answer.subject);
  CPC_TRY(close_request(tx, answer.owner, answer.subject));
  if (answer.kind == AnswerKind::deny) {
    CPC_TRY(write_consent(tx, key, ConsentState::denied, "user_action", moment.now));
    return withhold_receipt(tx, home, answer.owner, answer.subject);
  }

  Moment planning = moment;
  CPC_TRY(const auto planned, plan_answer(tx, home, planning, answer));
  CPC_TRY(write_consent(tx, key, ConsentState::granted, "user_action", moment.now));
  if (answer.subject.instance != home.name) {
    CPC_TRY(set_federation_opt_in(tx, home, moment, answer.owner, answer.subject.instance, true));
  }
  if (!planned) return success();
  CPC_TRY(tell(tx, home, moment, *planned, frame));

  CPC_TRY(auto conversation, conversation_of(tx, planned->from.address, answer.subject));
  if (!conversation) return fail(ErrorCode::internal, "a grant without its conversation");
  return learn_person(tx, home, moment, *conversation, planned->from);
}

Result<std::optional<ConsentFrame>> plan_revocation(Lookup& store, const Home& home, Moment& moment,
                                                    const Revocation& revocation) {
  if (revocation.is_quiet) return std::optional<ConsentFrame>{};
  const Address owner = home.address_of(revocation.owner);
  CPC_TRY(const auto told, store.find(ProjectionKey{owner, revocation.subject}));
  if (!told || !told->is_granted) return std::optional<ConsentFrame>{};
  return projection_frame(store, home, moment, FrameKind::withdrawn, owner, revocation.subject);
}

Result<> revoke_consent(Transaction& tx, const Home& home, Moment moment,
                        const Revocation& revocation, const std::optional<SignedFrame>& frame) {
  Moment planning = moment;
  CPC_TRY(const auto planned, plan_revocation(tx, home, planning, revocation));
  const ConsentState state = revocation.is_quiet ? ConsentState::blocked : ConsentState::revoked;
  CPC_TRY(write_consent(tx, messaging_consent(revocation.owner, revocation.subject), state,
                        "user_action", moment.now));
  CPC_TRY(close_request(tx, revocation.owner, revocation.subject));
  CPC_TRY(withhold_receipt(tx, home, revocation.owner, revocation.subject));
  if (planned) return tell(tx, home, moment, *planned, frame);
  return success();
}

Result<> dispatch_frame(Transaction& tx, const Home& home, Moment& moment,
                        const SignedFrame& frame) {
  const InstanceName& peer = frame.frame.to.instance;
  if (peer == home.name) {
    // Chance of its own, or the caller would draw the ids again that are drawn in there.
    const Moment theirs{moment.now, Chance{moment.chance.id<ChanceSeed>()}};
    return apply_frame(tx, home, theirs, home.name, frame.frame);
  }

  const LaneKey key{peer, LaneKind::consent, {}};
  CPC_TRY(auto lane, tx.find(key));
  if (!lane) lane = Lane{key.peer, key.kind, key.conversation, {}, {}, {}};
  ++lane->head.seq;
  tx.put(Frame{peer, lane->head.seq, frame.jws});
  tx.put(*std::move(lane));
  tx.touched().peers.insert(peer);
  return success();
}

Projection projection_of(const ConsentFrame& frame) {
  Projection projection;
  projection.owner = frame.from.address;
  projection.subject = frame.to;
  projection.is_granted = frame.kind != FrameKind::withdrawn;
  projection.epoch = frame.epoch;
  projection.version = frame.version;
  projection.owner_iid = frame.from.iid;
  projection.owner_incarnation = frame.from.incarnation;
  projection.owner_member = frame.from.member_id;
  projection.issued_at = frame.time;
  return projection;
}

Result<bool> may_write(Lookup& store, const Address& from, const Address& to) {
  CPC_TRY(const auto projection, store.find(ProjectionKey{to, from}));
  return projection && projection->is_granted;
}

}  // namespace cpc::core
