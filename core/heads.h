// Do two instances hold the same of the logs they share? The copy says how far it is in each, the
// hub answers with what it has there, and each judges for itself: what it lacks, what the other one
// lost, where they hold different histories. Pure over the store; the loop that asks is
// routing/head_loop.h. docs/protocol.md section "Comparing heads".
//
// A link commits to everything before it (next_head), so agreeing about one position is agreeing
// about all of them up to there.
#pragma once

#include <optional>
#include <vector>

#include "core/delivery.h"

namespace cpc::core {

/// So many conversations are compared in one exchange.
inline constexpr std::size_t heads_max = 500;

/// How far the copy holds a log; `position` and `link` are zero before its first entry.
struct LogHead {
  WireId wire_id;
  Position position;
  Digest link;
  bool operator==(const LogHead&) const = default;
};

/// What the hub has of it.
struct HeadAnswer {
  WireId wire_id;
  Position position;           ///< Its own head.
  std::optional<Digest> link;  ///< Its link where the copy is; none if it holds no entry there.
  Position acked;              ///< What the copy acknowledged so far.
  bool operator==(const HeadAnswer&) const = default;
};

enum class HeadVerdict {
  lacking,  ///< The copy holds less than it acknowledged: it pulls the rest.
  lost,     ///< The hub holds less than it ordered.
  fork,     ///< Another link at the same place. Never healed silently.
  agreed,   ///< A lane that was stopped by `lost` or `fork` has no reason any more.
};
struct HeadFinding {
  ConversationId conversation;
  WireId wire_id;
  HeadVerdict verdict = HeadVerdict::agreed;
  bool operator==(const HeadFinding&) const = default;
};

/// The stable code of a finding: FORK, LOST, LACKING or AGREED.
[[nodiscard]] std::string_view to_text(HeadVerdict verdict);

struct HeadPage {
  std::vector<LogHead> heads;
  ConversationId last;  ///< Where the next page begins.
  bool has_more = false;
};
/// As a copy: the logs that `hub` orders, those after `after`, which need not exist, whose last
/// entry is not older than `since` (zero: all of them). None that ended when its name was bound
/// anew.
[[nodiscard]] Result<HeadPage> heads_at(Snapshot& store, const InstanceName& hub,
                                        const ConversationId& after, TimePoint since);

struct HubView {
  std::vector<HeadAnswer> answers;
  std::vector<HeadFinding> findings;  ///< What the hub learns from the copy's heads.
};
/// As the hub: what we hold of the logs that `copy` tells of. Those that we do not order, do not
/// know, or that no member at this very instance takes part in are left out, and the answer does
/// not tell which.
[[nodiscard]] Result<HubView> answer_heads(Snapshot& store, const Home& home,
                                           const InstanceName& copy, const Iid& copy_iid,
                                           const std::vector<LogHead>& heads);

/// As the copy: what `answers` mean. `told` is what was asked about; what the hub left out of the
/// answer although we hold entries of it counts as lost.
[[nodiscard]] Result<std::vector<HeadFinding>> judge_answers(
    Snapshot& store, const InstanceName& hub, const std::vector<LogHead>& told,
    const std::vector<HeadAnswer>& answers);

/// A finding stops our lane to `peer`, or lets a lane go on that one had stopped: the log's lane as
/// the hub, that of our submissions as the copy. True if that changed something, so that the
/// operator is told once.
[[nodiscard]] Result<bool> note_finding(Transaction& tx, const InstanceName& peer, LaneKind kind,
                                        const HeadFinding& finding);

/// A stretch of a log, for whoever takes part in it.
struct LogStretch {
  LogPart<Envelope> part;
  bool has_more = false;
};
/// As the hub: what follows `after`, each entry with its envelope, up to the limits. None as
/// answer_heads leaves a log out.
[[nodiscard]] Result<std::optional<LogStretch>> stretch_of(Snapshot& store, const Home& home,
                                                           const InstanceName& copy,
                                                           const Iid& copy_iid,
                                                           const WireId& wire_id, Position after,
                                                           const DeliveryLimits& limits);

}  // namespace cpc::core
