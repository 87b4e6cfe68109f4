// What we owe a peer, what its answer changes, and what its transaction does to us: three
// questions, all pure over the store. The loops in routing/ and the codecs in federation/ stand
// around them.
//
// Start here for the federation's bookkeeping. A lane is gapless and ordered; its position makes
// every retry idempotent, so there is no answer cache.
#pragma once

#include <optional>
#include <vector>

#include "core/conversation_log.h"

namespace cpc::core {

struct DeliveryLimits {
  std::size_t entries_max = 500;        ///< Log entries, submissions and frames together.
  std::size_t bytes_max = 1536 * 1024;  ///< Of envelopes and frames, before encoding.
  std::size_t lanes_max = 100;
  std::int64_t inbox_frames_max = 1000;  ///< Stored and not applied, per origin.
};

/// An entry as the hub sends it. Without an envelope it goes back to its author's own instance.
template <class AnyEnvelope>
struct LogItem {
  Placement placement;
  Iid author;
  EventId id;
  std::optional<AnyEnvelope> envelope;
};

/// Part of one lane. `conversation` is our local id and never travels; `refused` is set by whoever
/// verified the part: the code why nothing from there on could be taken.
template <class AnyEnvelope>
struct LogPart {
  WireId wire_id;
  ConversationId conversation;
  std::vector<LogItem<AnyEnvelope>> items;
  std::string refused;
};
template <class AnyEnvelope>
struct SubmissionPart {
  WireId wire_id;
  ConversationId conversation;
  std::int64_t first = 0;  ///< Lane position of the first one; the others follow without a gap.
  std::vector<AnyEnvelope> items;
  std::vector<EventKey> keys;  ///< Which events of ours; does not travel.
  std::string refused;
  std::int64_t skipped = 0;  ///< So many positions before `first` hold nothing any more.
};
struct FrameItem {
  FrameId id;
  Bytes jws;
};
struct FramePart {
  std::int64_t first = 0;
  std::vector<FrameItem> items;
  std::string refused;
  std::int64_t skipped = 0;  ///< As in a SubmissionPart.
};
/// Where a part with positions of its own begins, with what it skips, and the last it tells of.
template <class Part>
[[nodiscard]] std::int64_t begin_of(const Part& part) {
  return part.first - part.skipped;
}
template <class Part>
[[nodiscard]] std::int64_t end_of(const Part& part) {
  return part.first + static_cast<std::int64_t>(part.items.size()) - 1;
}
/// State: how far the sender's person has read.
struct ReceiptPart {
  WireId wire_id;
  ConversationId conversation;
  MemberId member;
  Position read;
};

/// What travels in one transaction.
template <class AnyEnvelope>
struct BasicBatch {
  std::vector<LogPart<AnyEnvelope>> logs;
  std::vector<SubmissionPart<AnyEnvelope>> submissions;
  std::optional<FramePart> frames;
  std::vector<ReceiptPart> receipts;
  std::vector<LaneKey> idle{};  ///< Lanes that owe, and had nothing to send; they do not travel.
  [[nodiscard]] bool is_empty() const {
    return logs.empty() && submissions.empty() && !frames && receipts.empty();
  }
};
using Batch = BasicBatch<Envelope>;
using VerifiedBatch = BasicBatch<VerifiedEnvelope>;

enum class LaneVerdict {
  ok,       ///< Everything sent of this lane is on disk.
  gap,      ///< `position` is what we hold; send what follows it.
  fork,     ///< Our entry at a position has another link. Never healed silently.
  not_hub,  ///< This log is not ordered here, or not by the sender.
  defer,    ///< Not now; the same again later.
  reject,   ///< Never; `code` says why.
};
[[nodiscard]] std::string_view wire_name(LaneVerdict verdict);
[[nodiscard]] std::optional<LaneVerdict> lane_verdict(std::string_view wire_name);

/// The code of a log's `defer`: an entry of the receiver's own came without its envelope, and its
/// event is lost there. The receiver pulls it.
inline constexpr std::string_view envelope_needed = "ENVELOPE_NEEDED";

struct ItemReject {
  std::int64_t position = 0;
  std::string code;
};
struct LaneAnswer {
  LaneKind kind = LaneKind::log;
  WireId wire_id;  ///< Zero for the consent lane.
  LaneVerdict verdict = LaneVerdict::ok;
  std::string code;
  Position position;           ///< What we hold of the lane now.
  std::optional<Digest> link;  ///< Of our head, for logs.
  /// Of the frame or submission at `position`: SHA-256 of its JWS, if it came in this transaction.
  std::optional<Digest> item{};
  std::vector<ItemReject> rejects;  ///< Submissions that were refused for good.
};
/// How much its receiver has room for in the sender's next transaction. Without entries: it is
/// asked again a little later.
struct Credit {
  std::size_t entries = 0;
  std::size_t bytes = 0;
  bool operator==(const Credit&) const = default;
};
struct Answer {
  StoreEpoch epoch;
  std::int64_t boot_counter = 0;
  TimePoint now{};
  std::vector<LaneAnswer> lanes;
  std::optional<Credit> credit{};  ///< None: as much as its document allows.
  Bytes proof{};  ///< The signed exchange that told it, as federation/proof.h; does not travel.
};

class LaneTurns;
/// What does `peer` lack now, up to the limits? Consent frames first; then the lanes whose turn it
/// is, and behind them one item of each other (core/lane_turns.h).
[[nodiscard]] Result<Batch> owed_to(Snapshot& store, const Home& home, const InstanceName& peer,
                                    const DeliveryLimits& limits, const LaneTurns* turns = nullptr);

/// An item of ours that the peer will never take: it is left out, and its lane goes on.
struct LeftOut {
  LaneKey lane;
  std::int64_t position = 0;
  std::string code;
};

/// How one transaction went, for the loop.
struct DeliveryOutcome {
  bool has_progressed = false;
  bool is_deferred = false;         ///< Some lane asks for a little time.
  std::vector<LaneKey> deferred{};  ///< Those that did not move for it.
  std::vector<LaneKey> blocked;     ///< Lanes that stopped; the operator is told.
  std::vector<LeftOut> left_out;    ///< Likewise.
};

/// What changes now that `peer` answered `sent`?
[[nodiscard]] Result<DeliveryOutcome> apply_answer(Transaction& tx, const Home& home,
                                                   const InstanceName& peer, const Batch& sent,
                                                   const Answer& answer);

/// What of `answer` is worth keeping as evidence, without a number: the lanes that were `sent`, but
/// for receipts, which are state. Its code is the first lane's that stopped, LOST where a lane says
/// that less is held than was acknowledged before, or empty. None without a proof.
[[nodiscard]] std::optional<Evidence> evidence_of(const InstanceName& peer, const Batch& sent,
                                                  const Answer& answer, TimePoint now);

/// Whose transaction it is: verified by its request's signature.
struct Origin {
  InstanceName name;
  Iid iid;
  StoreEpoch epoch;
};

/// What does this verified transaction do to us? Each lane gets its verdict; a bad one does not
/// harm the others. A verdict depends on the frame, the lane, the log and what this peer was told
/// before, never on private consent or on who exists. Fails as the store does, and with conflict
/// where the operator bound the origin's name to another instance meanwhile.
[[nodiscard]] Result<Answer> apply_batch(Transaction& tx, const Home& home, Moment moment,
                                         const Origin& origin, const VerifiedBatch& batch,
                                         const DeliveryLimits& limits);

/// Keys that apply_batch will look up, to be fetched together.
[[nodiscard]] Keys keys_of(const Origin& origin, const VerifiedBatch& batch);

}  // namespace cpc::core
