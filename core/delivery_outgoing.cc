// What we owe a peer, and what its answer changes. The other half is delivery_incoming.cc.

#include <algorithm>
#include <functional>

#include "core/codes.h"
#include "core/consent.h"
#include "core/delivery.h"
#include "core/lane_turns.h"

namespace cpc::core {
namespace {

// Room left in the transaction that is being collected.
struct Budget {
  std::size_t entries;
  std::size_t bytes;
  [[nodiscard]] bool take(std::size_t size) {
    is_full = is_full || entries == 0 || (size > bytes && bytes_taken > 0);
    if (is_full) return false;
    --entries;
    bytes -= std::min(bytes, size);
    bytes_taken += size;
    return true;
  }
  std::size_t bytes_taken = 0;
  bool is_full = false;  ///< Something did not fit: what follows it waits, too.
};

Result<> collect_frames(Snapshot& store, const Lane& lane, Budget& budget, Batch& batch) {
  CPC_TRY(const auto frames, store.frames_after(lane.peer, lane.acked.seq, budget.entries));
  FramePart part;
  // Without a frame, all that is left was left out.
  part.first = frames.empty() ? lane.head.seq + 1 : frames.front().position;
  part.skipped = part.first - lane.acked.seq - 1;
  for (const Frame& frame : frames) {
    if (frame.position != end_of(part) + 1 || !budget.take(frame.jws.size())) break;
    part.items.push_back({{}, frame.jws});
  }
  if (!part.items.empty() || part.skipped > 0) batch.frames = std::move(part);
  return success();
}

Result<> collect_log(Snapshot& store, const Home& home, const Iid& peer_iid, const Lane& lane,
                     const Conversation& conversation, Budget& budget, Batch& batch) {
  CPC_TRY(const auto events, store.entries_after(lane.conversation, lane.acked, budget.entries));
  LogPart<Envelope> part{*conversation.wire_id, lane.conversation, {}, {}};
  for (const Event& event : events) {
    LogItem<Envelope> item{
        {event.position, event.hub_time, event.link}, event.author, event.id, {}};
    std::size_t size = 200;
    if (event.author != peer_iid) {
      CPC_TRY(item.envelope, envelope_of(home, event));
      size = travelling_size(*item.envelope);
    }
    if (!budget.take(size)) break;
    part.items.push_back(std::move(item));
  }
  if (!part.items.empty()) batch.logs.push_back(std::move(part));
  return success();
}

Result<> collect_submissions(Snapshot& store, const Home& home, const Lane& lane,
                             const Conversation& conversation, Budget& budget, Batch& batch) {
  CPC_TRY(const auto events,
          store.submissions_after(lane.conversation, lane.acked.seq, budget.entries));
  SubmissionPart<Envelope> part{
      *conversation.wire_id, lane.conversation, lane.acked.seq + 1, {}, {}, {}};
  for (const Event& event : events) {
    // It failed before it was taken, or came back in the log before its hub's answer: nobody waits
    // for it any more. One with a place keeps its signature, whose key may count no more.
    if (event.state != EventState::pending) {
      if (!part.items.empty()) break;
      part.first = event.submission + 1;
      part.skipped = event.submission - lane.acked.seq;
      continue;
    }
    CPC_TRY(Envelope envelope, envelope_of(home, event));
    if (!budget.take(travelling_size(envelope))) break;
    part.items.push_back(std::move(envelope));
    part.keys.push_back(event.key());
  }
  if (!part.items.empty() || part.skipped > 0) batch.submissions.push_back(std::move(part));
  return success();
}

Result<> collect_receipt(Snapshot& store, const Home& home, const Lane& lane,
                         const Conversation& conversation, Batch& batch) {
  const Address& mine = home.is_local(conversation.low) ? conversation.low : conversation.high;
  // It may have waited long: who is refused by now gets none.
  CPC_TRY(const Decision decision,
          verify_messaging_consent(store, home, mine.local, other_than(conversation, mine)));
  if (decision.verdict != Verdict::deliver) return success();
  CPC_TRY(const Member member, member_of(store, conversation, mine));
  if (!member.member_id) return success();
  batch.receipts.push_back(
      {*conversation.wire_id, lane.conversation, *member.member_id, lane.head});
  return success();
}

// Whether it had anything to send.
Result<bool> collect_lane(Snapshot& store, const Home& home, const Iid& peer_iid, const Lane& lane,
                          Budget& budget, Batch& batch) {
  const auto parts = [&] {
    return batch.logs.size() + batch.submissions.size() + batch.receipts.size();
  };
  const std::size_t before = parts();
  CPC_TRY(const auto conversation, store.find(ConversationKey{lane.conversation}));
  if (!conversation || !conversation->wire_id) return false;
  if (lane.kind == LaneKind::log) {
    CPC_TRY(collect_log(store, home, peer_iid, lane, *conversation, budget, batch));
  } else if (lane.kind == LaneKind::submission) {
    CPC_TRY(collect_submissions(store, home, lane, *conversation, budget, batch));
  } else {
    CPC_TRY(collect_receipt(store, home, lane, *conversation, batch));
  }
  // What did not fit waits for its turn.
  return parts() > before || budget.is_full;
}

const LaneAnswer* answer_to(const Answer& answer, LaneKind kind, const WireId& wire_id) {
  const auto found = std::ranges::find_if(answer.lanes, [&](const LaneAnswer& lane) {
    return lane.kind == kind && lane.wire_id == wire_id;
  });
  return found == answer.lanes.end() ? nullptr : &*found;
}

// The answer about a log, with the verdict that its link deserves: another link than ours at a
// place that travelled is another history, whatever the peer calls it.
std::optional<LaneAnswer> answer_about(const Answer& answer, const LogPart<Envelope>& part) {
  const LaneAnswer* found = answer_to(answer, LaneKind::log, part.wire_id);
  if (found == nullptr) return std::nullopt;
  LaneAnswer lane = *found;
  for (const auto& item : part.items) {
    if (item.placement.position != lane.position || !lane.link) continue;
    if (*lane.link == item.placement.link) continue;
    lane.verdict = LaneVerdict::fork;
    lane.code = "FORK";
  }
  return lane;
}

// How much of what a peer claims to hold can be so: it holds nothing, or a stretch up to what
// travelled now or was acknowledged before, in a hub epoch that we sent. A seq of any other epoch
// says nothing, however its order looks. None when it cannot be so at all.
std::optional<Position> believed(Position claimed, Position sent_upto, Position acked) {
  if (claimed.seq == 0) return Position{};
  const Position most = std::max(sent_upto, acked);
  for (const Position& known : {most, acked}) {
    if (claimed.hub_epoch == known.hub_epoch) return std::min(claimed, known);
  }
  return std::nullopt;
}

void note_left_out(const LaneKey& lane, const ItemReject& item, DeliveryOutcome& outcome) {
  outcome.has_progressed = true;
  outcome.left_out.push_back({lane, item.position, item.code});
}

// What the peer took before it stopped is not sent again.
void note_taken(Lane& lane, Position taken, DeliveryOutcome& outcome) {
  if (taken <= lane.acked) return;
  lane.acked = taken;
  // What was held back since it travelled is held all the same.
  lane.head = std::max(lane.head, taken);
  outcome.has_progressed = true;
}

// Moves one lane by its answer. `sent_upto` is the last position that travelled.
Result<> move_lane(Transaction& tx, const LaneKey& key, Position sent_upto,
                   const LaneAnswer& answer, DeliveryOutcome& outcome) {
  CPC_TRY(auto lane, tx.find(key));
  if (!lane) return success();
  const auto held = believed(answer.position, sent_upto, lane->acked);
  switch (answer.verdict) {
    case LaneVerdict::ok:
    case LaneVerdict::gap:
      if (!held || *held == lane->acked) {
        outcome.is_deferred = true;
        outcome.deferred.push_back(key);
        return success();
      }
      // What the peer lost it asks for again by a lower position.
      if (*held < lane->acked) lane->acked = *held;
      note_taken(*lane, *held, outcome);
      break;
    case LaneVerdict::defer:
      if (held.value_or(Position{}) <= lane->acked) outcome.deferred.push_back(key);
      note_taken(*lane, held.value_or(Position{}), outcome);
      outcome.is_deferred = true;
      break;
    case LaneVerdict::reject:
      note_taken(*lane, held.value_or(Position{}), outcome);
      [[fallthrough]];
    case LaneVerdict::fork:
    case LaneVerdict::not_hub:
      lane->blocked = answer.code.empty() ? std::string{wire_name(answer.verdict)} : answer.code;
      outcome.blocked.push_back(key);
      break;
  }
  tx.put(*std::move(lane));
  return success();
}

// The recipient's instance holds everything up to `acked`: DELIVERED for our people.
Result<> note_delivered(Transaction& tx, const Home& home, const LogPart<Envelope>& part,
                        const LaneKey& key) {
  CPC_TRY(const auto lane, tx.find(key));
  CPC_TRY(const auto conversation, tx.find(ConversationKey{part.conversation}));
  if (!lane || !conversation) return success();
  for (const Address& address : {conversation->low, conversation->high}) {
    if (address.instance != key.peer) continue;
    CPC_TRY(Member member, member_of(tx, *conversation, address));
    if (member.delivered_seq >= lane->acked.seq) continue;
    member.delivered_seq = lane->acked.seq;
    tx.put(std::move(member));
    touch_people(tx, home, *conversation);
  }
  return success();
}

// A submission that the hub will never order becomes FAILED for its author.
Result<> fail_submission(Transaction& tx, const Home& home, const SubmissionPart<Envelope>& part,
                         const ItemReject& reject) {
  const std::int64_t index = reject.position - part.first;
  if (index < 0 || index >= static_cast<std::int64_t>(part.keys.size())) return success();
  CPC_TRY(auto event, tx.find(part.keys[static_cast<std::size_t>(index)]));
  if (!event || event->state != EventState::pending) return success();
  event->state = EventState::failed;
  event->reason = reject.code;
  CPC_TRY(take_back_join(tx, *event));
  tx.put(*std::move(event));
  CPC_TRY(const auto conversation, tx.find(ConversationKey{part.conversation}));
  if (conversation) touch_people(tx, home, *conversation);
  return success();
}

// The item at which a `reject` stopped: the one behind what the peer says to hold. None if that is
// none of those that were sent: then the lane stops.
template <class Part>
std::optional<ItemReject> item_rejected(const Part& part, const LaneAnswer& answer) {
  if (answer.verdict != LaneVerdict::reject) return std::nullopt;
  const std::int64_t position = answer.position.seq + 1;
  if (position < part.first || position > end_of(part)) return std::nullopt;
  return ItemReject{position, answer.code.empty() ? "REJECTED" : answer.code};
}

// What the peer took, and not what it stopped at: that is left out from now on.
LaneAnswer without_reject(LaneAnswer answer) {
  answer.verdict = LaneVerdict::defer;
  return answer;
}

// Lanes of an answer, and the first of them that is an exception.
struct Told {
  Evidence row;
  void add(const LaneAnswer& lane, Position before) {
    row.lanes += evidence_lane(static_cast<std::uint8_t>(lane.kind), lane.wire_id);
    if (!row.code.empty()) return;
    const bool has_stopped = lane.verdict == LaneVerdict::fork ||
                             lane.verdict == LaneVerdict::not_hub ||
                             lane.verdict == LaneVerdict::reject;
    if (has_stopped) row.code = lane.code.empty() ? wire_name(lane.verdict) : lane.code;
    if (!has_stopped && lane.position < before) row.code = evidence_lost;
  }
};

}  // namespace

std::optional<Evidence> evidence_of(const InstanceName& peer, const Batch& sent,
                                    const Answer& answer, TimePoint now) {
  if (answer.proof.empty()) return std::nullopt;
  Told told;
  if (sent.frames) {
    const LaneAnswer* lane = answer_to(answer, LaneKind::consent, {});
    if (lane != nullptr) told.add(*lane, {0, begin_of(*sent.frames) - 1});
  }
  for (const auto& part : sent.logs) {
    Position before = part.items.front().placement.position;
    --before.seq;
    if (before.seq == 0) before = {};
    if (const auto lane = answer_about(answer, part)) told.add(*lane, before);
  }
  for (const auto& part : sent.submissions) {
    const LaneAnswer* lane = answer_to(answer, LaneKind::submission, part.wire_id);
    if (lane != nullptr) told.add(*lane, {0, begin_of(part) - 1});
  }
  if (told.row.lanes.empty()) return std::nullopt;
  told.row.peer = peer;
  told.row.at = now;
  told.row.proof = answer.proof;
  return std::move(told.row);
}

Result<Batch> owed_to(Snapshot& store, const Home& home, const InstanceName& peer,
                      const DeliveryLimits& limits, const LaneTurns* turns) {
  Batch batch;
  Budget budget{limits.entries_max, limits.bytes_max};
  CPC_TRY(const auto known, store.find(PeerKey{peer}));
  // By its key: with many lanes it is not among the first, and other lanes may wait for it.
  CPC_TRY(const auto consent, store.find(LaneKey{peer, LaneKind::consent, {}}));
  if (consent && consent->blocked.empty() && consent->head > consent->acked) {
    CPC_TRY(collect_frames(store, *consent, budget, batch));
  }
  const std::size_t behind = turns == nullptr ? 0 : turns->behind();
  CPC_TRY(auto lanes, store.owing_lanes(peer, limits.lanes_max + behind));
  const auto is_behind = [&](const Lane& lane) {
    return behind > 0 && turns->is_behind(lane.key());
  };
  std::stable_partition(lanes.begin(), lanes.end(), std::not_fn(is_behind));
  const Iid peer_iid = known ? known->iid : Iid{};
  std::size_t given = 0;
  for (const Lane& lane : lanes) {
    if (budget.is_full || budget.entries == 0 || given == limits.lanes_max) break;
    if (lane.kind == LaneKind::consent) continue;
    Budget room = budget;
    if (is_behind(lane)) room.entries = 1;
    const std::size_t allowed = room.entries;
    CPC_TRY(const bool has_given, collect_lane(store, home, peer_iid, lane, room, batch));
    if (!has_given) batch.idle.push_back(lane.key());
    given += has_given ? 1 : 0;
    budget.entries -= allowed - room.entries;
    budget.bytes = room.bytes;
    budget.bytes_taken = room.bytes_taken;
    budget.is_full = room.is_full && room.entries > 0;
  }
  return batch;
}

Result<DeliveryOutcome> apply_answer(Transaction& tx, const Home& home, const InstanceName& peer,
                                     const Batch& sent, const Answer& answer) {
  DeliveryOutcome outcome;
  if (sent.frames) {
    const LaneKey key{peer, LaneKind::consent, {}};
    const std::int64_t last = end_of(*sent.frames);
    if (const LaneAnswer* lane = answer_to(answer, LaneKind::consent, {})) {
      const auto rejected = item_rejected(*sent.frames, *lane);
      CPC_TRY(move_lane(tx, key, {0, last}, rejected ? without_reject(*lane) : *lane, outcome));
      CPC_TRY(const auto moved, tx.find(key));
      const std::int64_t acked = moved ? moved->acked.seq : 0;
      for (std::int64_t at = sent.frames->first; at <= std::min(last, acked); ++at) {
        tx.erase(FrameKey{peer, at});
      }
      if (rejected) {
        tx.erase(FrameKey{peer, rejected->position});
        note_left_out(key, *rejected, outcome);
      }
    }
  }
  for (const auto& part : sent.logs) {
    const LaneKey key{peer, LaneKind::log, part.conversation};
    if (const auto lane = answer_about(answer, part)) {
      CPC_TRY(move_lane(tx, key, part.items.back().placement.position, *lane, outcome));
      CPC_TRY(note_delivered(tx, home, part, key));
    }
  }
  for (const auto& part : sent.submissions) {
    const LaneAnswer* lane = answer_to(answer, LaneKind::submission, part.wire_id);
    if (lane == nullptr) continue;
    const LaneKey key{peer, LaneKind::submission, part.conversation};
    const auto rejected = item_rejected(part, *lane);
    CPC_TRY(
        move_lane(tx, key, {0, end_of(part)}, rejected ? without_reject(*lane) : *lane, outcome));
    for (const ItemReject& reject : lane->rejects) {
      CPC_TRY(fail_submission(tx, home, part, reject));
    }
    if (rejected) {
      CPC_TRY(fail_submission(tx, home, part, *rejected));
      note_left_out(key, *rejected, outcome);
    }
  }
  for (const ReceiptPart& part : sent.receipts) {
    if (const LaneAnswer* lane = answer_to(answer, LaneKind::receipts, part.wire_id)) {
      CPC_TRY(
          move_lane(tx, {peer, LaneKind::receipts, part.conversation}, part.read, *lane, outcome));
    }
  }
  return outcome;
}

}  // namespace cpc::core
