// What a verified transaction does to us. The other half is delivery_outgoing.cc.

#include <algorithm>
#include <array>
#include <utility>

#include "core/codes.h"
#include "core/contact.h"
#include "core/delivery.h"
#include "core/rebind.h"
#include "crypto/digest.h"

namespace cpc::core {
namespace {

constexpr std::array<std::pair<LaneVerdict, std::string_view>, 6> verdict_names{{
    {LaneVerdict::ok, "ok"},
    {LaneVerdict::gap, "gap"},
    {LaneVerdict::fork, "fork"},
    {LaneVerdict::not_hub, "not_hub"},
    {LaneVerdict::defer, "defer"},
    {LaneVerdict::reject, "reject"},
}};

constexpr std::string_view event_not_allowed = "EVENT_NOT_ALLOWED";

LaneAnswer answer_for(LaneKind kind, const WireId& wire_id, LaneVerdict verdict,
                      std::string_view code = {}) {
  LaneAnswer answer;
  answer.kind = kind;
  answer.wire_id = wire_id;
  answer.verdict = verdict;
  answer.code = code;
  return answer;
}

Result<std::optional<Conversation>> conversation_by_wire(Transaction& tx, const WireId& wire_id) {
  CPC_TRY(const auto found, tx.find(ConversationByWireKey{wire_id}));
  if (!found) return std::optional<Conversation>{};
  return tx.find(ConversationKey{found->id});
}

// Our position in a lane of the origin. A new life of the origin's store starts its lanes anew;
// what came before is recognised by the ids inside.
Result<InLane> lane_of(Transaction& tx, const Origin& origin, LaneKind kind,
                       const ConversationId& conversation, std::int64_t first) {
  CPC_TRY(auto lane, tx.find(InLaneKey{origin.name, kind, conversation}));
  if (!lane) lane = InLane{origin.name, kind, conversation, origin.epoch, 0, 0, 0};
  if (lane->epoch != origin.epoch) {
    lane->epoch = origin.epoch;
    lane->accepted = first - 1;
  }
  return *std::move(lane);
}

// Which item of a part lies at a position of its lane.
template <class Part>
std::optional<std::size_t> index_in(const Part& part, std::int64_t position) {
  const std::int64_t index = position - part.first;
  const bool is_inside = index >= 0 && index < static_cast<std::int64_t>(part.items.size());
  return is_inside ? std::optional{static_cast<std::size_t>(index)} : std::nullopt;
}

Result<LaneAnswer> take_frames(Transaction& tx, const Moment& moment, const Origin& origin,
                               const FramePart& part, const DeliveryLimits& limits) {
  CPC_TRY(InLane lane, lane_of(tx, origin, LaneKind::consent, {}, begin_of(part)));
  LaneAnswer answer = answer_for(LaneKind::consent, {}, LaneVerdict::ok);
  if (begin_of(part) > lane.accepted + 1) {
    answer.verdict = LaneVerdict::gap;
  } else {
    lane.accepted = std::max(lane.accepted, part.first - 1);
    std::int64_t position = part.first;
    for (const FrameItem& item : part.items) {
      const std::int64_t at = position++;
      if (at <= lane.accepted) continue;
      if (lane.waiting >= limits.inbox_frames_max) {
        answer.verdict = LaneVerdict::defer;
        break;
      }
      CPC_TRY(const auto known, tx.find(InboxFrameKey{origin.name, item.id}));
      if (!known) ++lane.waiting;
      CPC_TRY(store_frame(tx, origin.name, item.id, item.jws, moment.now));
      lane.accepted = at;
    }
    if (lane.accepted > 0) tx.put(lane);  // Who had nothing taken leaves no trace.
  }
  answer.position = {0, lane.accepted};
  if (const auto at = index_in(part, lane.accepted)) {
    answer.item = crypto::sha256(part.items[*at].jws);
  }
  if (!part.refused.empty() && answer.verdict == LaneVerdict::ok) {
    answer.verdict = LaneVerdict::reject;
    answer.code = part.refused;
  }
  return answer;
}

// What an entry of our own says beyond what its envelope tells: how it got there.
Event with_own_traces(Event event, const Event& known, Conversation& conversation) {
  event.submission = known.submission;
  if (known.state == EventState::draft && known.draft_order > 0) --conversation.drafts;
  return event;
}

// One entry of a hub's log. Returns the verdict that stops the lane, or ok; defer is for an entry
// of ours that came without its envelope although we have it no more.
Result<LaneVerdict> take_entry(Transaction& tx, const Home& home, Moment& moment,
                               const Origin& origin, Conversation& conversation,
                               const LogItem<VerifiedEnvelope>& item) {
  const EventKey key{conversation.id, item.author, item.id};
  CPC_TRY(const auto known, tx.find(key));
  const Position& head = conversation.head.position;
  if (item.placement.position <= head) {
    const bool is_same =
        known && known->position == item.placement.position && known->link == item.placement.link;
    return is_same ? LaneVerdict::ok : LaneVerdict::fork;
  }
  const bool is_next = item.placement.position.seq == head.seq + 1 &&
                       (item.placement.position.hub_epoch == head.hub_epoch || head.seq == 0);
  if (!is_next) return LaneVerdict::gap;
  // An event has one place, or a message that was swallowed could be shown by placing it again
  // after a grant. And the time of a log never falls.
  const bool has_place = known && known->position.seq > 0;
  if (has_place || item.placement.hub_time < conversation.head.hub_time) return LaneVerdict::fork;

  Event event;
  std::optional<Bytes> body;
  std::optional<Event> placed;
  if (item.author == home.iid && known && !known->hash.is_zero()) {
    placed = as_placed(conversation.head, *conversation.wire_id, item.placement, *known);
  }
  if (placed) {
    event = *std::move(placed);
    if (!event.sealed_body.empty()) {
      CPC_TRY(body, open_body(home, event));
    }
  } else if (item.envelope) {
    event = event_row(conversation.id, *item.envelope);
    if (known) event = with_own_traces(std::move(event), *known, conversation);
    body = item.envelope->envelope().body;
    // A copy never vetoes what its hub ordered; where our rules disagree it stays without a sender.
    auto sender = authorize(tx, conversation, origin.iid, *item.envelope);
    if (!sender && sender.error().code == ErrorCode::unavailable) return sender.error();
    if (sender) event.sender = sender.value();
  } else {
    return item.author == home.iid ? LaneVerdict::defer : LaneVerdict::fork;
  }
  const Head next = next_head(conversation.head, *conversation.wire_id, item.placement.position,
                              item.placement.hub_time, event.hash);
  if (next.link != item.placement.link) return LaneVerdict::fork;
  CPC_TRY(copy(tx, home, moment, conversation, std::move(event), body, item.placement));
  return LaneVerdict::ok;
}

Result<LaneAnswer> take_log(Transaction& tx, const Home& home, Moment& moment, const Origin& origin,
                            const LogPart<VerifiedEnvelope>& part) {
  CPC_TRY(auto conversation, conversation_by_wire(tx, part.wire_id));
  if (!conversation) return answer_for(LaneKind::log, part.wire_id, LaneVerdict::defer);
  if (conversation->hub != origin.name) {
    return answer_for(LaneKind::log, part.wire_id, LaneVerdict::not_hub, "NOT_HUB");
  }
  LaneAnswer answer = answer_for(LaneKind::log, part.wire_id, LaneVerdict::ok);
  Keys events;
  for (const auto& item : part.items) {
    events.emplace_back(EventKey{conversation->id, item.author, item.id});
  }
  CPC_TRY(tx.prefetch(events));
  for (const auto& item : part.items) {
    CPC_TRY(answer.verdict, take_entry(tx, home, moment, origin, *conversation, item));
    if (answer.verdict != LaneVerdict::ok) break;
  }
  if (answer.verdict == LaneVerdict::fork) answer.code = "FORK";
  if (answer.verdict == LaneVerdict::defer) answer.code = envelope_needed;
  if (answer.verdict == LaneVerdict::ok && !part.refused.empty()) {
    answer.verdict = LaneVerdict::reject;
    answer.code = part.refused;
  }
  answer.position = conversation->head.position;
  answer.link = conversation->head.link;
  return answer;
}

// Did those of ours who take part tell the origin's person that they may write?
Result<bool> may_submit(Transaction& tx, const Origin& origin, const Conversation& conversation) {
  for (const Address& address : {conversation.low, conversation.high}) {
    if (address.instance != origin.name) continue;
    CPC_TRY(const bool is_allowed, may_write(tx, address, other_than(conversation, address)));
    if (is_allowed) return true;
  }
  return false;
}

// Why the hub never orders `event`, as a code; empty when it may. Fills in its sender.
Result<std::string> refusal_of(Transaction& tx, const Home& home, const Origin& origin,
                               const Conversation& conversation, const VerifiedEnvelope& envelope,
                               Event& event) {
  const EventHeader& header = envelope.header();
  if (header.author != origin.iid) return std::string{"AUTHOR_INVALID"};
  CPC_TRY(const bool is_allowed, may_submit(tx, origin, conversation));
  if (!is_allowed) return std::string{codes::consent_required};
  auto sender = authorize(tx, conversation, home.iid, envelope);
  if (!sender) {
    if (sender.error().code == ErrorCode::denied) return std::string{event_not_allowed};
    return sender.error();
  }
  if (event_type(header.type) == EventType::unknown) return std::string{"TYPE_UNKNOWN"};
  event.sender = sender.value();
  return std::string{};
}

// As the hub: one submitted event. An empty string when it has its place, else why it never will.
// One that `was_here` before and has no place was refused then. It stays refused, because its
// author may know; and its author is told again, because the first answer may have been lost.
Result<std::string> take_submission(Transaction& tx, const Home& home, Moment& moment,
                                    const Origin& origin, Conversation& conversation,
                                    const VerifiedEnvelope& envelope, bool was_here) {
  Event event = event_row(conversation.id, envelope);
  CPC_TRY(const auto known, tx.find(event.key()));
  // Signed anew it stays the same event; something else under its id was never said before.
  if (known && known->payload != event.payload) return std::string{event_not_allowed};
  if (known) return std::string{};
  CPC_TRY(std::string why, refusal_of(tx, home, origin, conversation, envelope, event));
  if (!why.empty()) return why;
  if (was_here) return std::string{codes::consent_required};
  CPC_TRY(order(tx, home, moment, conversation, std::move(event), envelope.envelope().body));
  return std::string{};
}

Result<LaneAnswer> take_submissions(Transaction& tx, const Home& home, Moment& moment,
                                    const Origin& origin,
                                    const SubmissionPart<VerifiedEnvelope>& part) {
  const auto answer_with = [&](LaneVerdict verdict, std::string_view code = {}) {
    return answer_for(LaneKind::submission, part.wire_id, verdict, code);
  };
  CPC_TRY(auto conversation, conversation_by_wire(tx, part.wire_id));
  // The frame that makes it known may be on its way, or wait in the inbox.
  if (!conversation) return answer_with(LaneVerdict::defer, codes::consent_required);
  if (conversation->hub != home.name) return answer_with(LaneVerdict::not_hub, "NOT_HUB");
  if (conversation->head.position.seq == 0) return answer_with(LaneVerdict::defer);

  CPC_TRY(InLane lane, lane_of(tx, origin, LaneKind::submission, conversation->id, begin_of(part)));
  LaneAnswer answer = answer_with(LaneVerdict::ok);
  if (begin_of(part) > lane.accepted + 1) {
    answer.verdict = LaneVerdict::gap;
  } else {
    lane.accepted = std::max(lane.accepted, part.first - 1);
    Keys events;
    for (const VerifiedEnvelope& envelope : part.items) {
      const EventHeader& header = envelope.header();
      events.emplace_back(EventKey{conversation->id, header.author, header.id});
    }
    CPC_TRY(tx.prefetch(events));
    std::int64_t position = part.first;
    for (const VerifiedEnvelope& envelope : part.items) {
      const std::int64_t at = position++;
      const bool was_here = at <= lane.accepted;
      CPC_TRY(std::string why,
              take_submission(tx, home, moment, origin, *conversation, envelope, was_here));
      if (!why.empty()) answer.rejects.push_back({at, std::move(why)});
      lane.accepted = std::max(lane.accepted, at);
    }
    if (lane.accepted > 0) tx.put(lane);  // Who had nothing taken leaves no trace.
    if (!part.refused.empty()) {
      answer.verdict = LaneVerdict::reject;
      answer.code = part.refused;
    }
  }
  answer.position = {0, lane.accepted};
  if (const auto at = index_in(part, lane.accepted)) answer.item = part.items[*at].hash();
  return answer;
}

// State of a peer's person: how far they have read. Takes effect only for members of that peer.
Result<LaneAnswer> take_receipt(Transaction& tx, const Home& home, const Origin& origin,
                                const ReceiptPart& part) {
  CPC_TRY(const auto conversation, conversation_by_wire(tx, part.wire_id));
  LaneAnswer answer = answer_for(LaneKind::receipts, part.wire_id, LaneVerdict::ok);
  if (!conversation) {
    answer.verdict = LaneVerdict::defer;
    return answer;
  }
  // A place of an earlier hub epoch says nothing of this log: it is taken without effect. One that
  // we do not hold yet, of this epoch or a later one, is asked for again.
  const Position& head = conversation->head.position;
  const bool is_of_epoch = part.read.hub_epoch == head.hub_epoch;
  const Position held = std::min(part.read, head);
  for (const Address& address : {conversation->low, conversation->high}) {
    if (address.instance != origin.name) continue;
    CPC_TRY(Member member, member_of(tx, *conversation, address));
    if (member.member_id != part.member || member.iid != origin.iid) continue;
    answer.position = held;
    if (!is_of_epoch || member.read_seq >= held.seq) continue;
    member.read_seq = held.seq;
    tx.put(std::move(member));
    touch_people(tx, home, *conversation);
  }
  if (held < part.read) answer.verdict = LaneVerdict::defer;
  return answer;
}

}  // namespace

std::string_view wire_name(LaneVerdict verdict) {
  for (const auto& [known, name] : verdict_names) {
    if (known == verdict) return name;
  }
  return "defer";
}

std::optional<LaneVerdict> lane_verdict(std::string_view wire_name) {
  for (const auto& [verdict, name] : verdict_names) {
    if (name == wire_name) return verdict;
  }
  return std::nullopt;
}

Result<Answer> apply_batch(Transaction& tx, const Home& home, Moment moment, const Origin& origin,
                           const VerifiedBatch& batch, const DeliveryLimits& limits) {
  CPC_TRY(const bool is_peer, may_still_be(tx, origin.name, origin.iid));
  if (!is_peer) return fail(ErrorCode::conflict, "the name is another instance by now");
  Answer answer{home.epoch, home.boot_counter, moment.now, {}};
  if (batch.frames) {
    CPC_TRY(auto lane, take_frames(tx, moment, origin, *batch.frames, limits));
    answer.lanes.push_back(std::move(lane));
  }
  for (const auto& part : batch.logs) {
    CPC_TRY(auto lane, take_log(tx, home, moment, origin, part));
    answer.lanes.push_back(std::move(lane));
  }
  for (const auto& part : batch.submissions) {
    CPC_TRY(auto lane, take_submissions(tx, home, moment, origin, part));
    answer.lanes.push_back(std::move(lane));
  }
  for (const ReceiptPart& part : batch.receipts) {
    CPC_TRY(auto lane, take_receipt(tx, home, origin, part));
    answer.lanes.push_back(std::move(lane));
  }
  return answer;
}

Keys keys_of(const Origin& origin, const VerifiedBatch& batch) {
  Keys keys;
  keys.emplace_back(PeerKey{origin.name});
  if (batch.frames) keys.push_back(InLaneKey{origin.name, LaneKind::consent, {}});
  for (const auto& part : batch.logs) keys.push_back(ConversationByWireKey{part.wire_id});
  for (const auto& part : batch.submissions) keys.push_back(ConversationByWireKey{part.wire_id});
  for (const ReceiptPart& part : batch.receipts) {
    keys.push_back(ConversationByWireKey{part.wire_id});
  }
  return keys;
}

}  // namespace cpc::core
