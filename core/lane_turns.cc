#include "core/lane_turns.h"

namespace cpc::core {

bool LaneTurns::put_behind(const LaneKey& lane) {
  if (behind_.size() >= behind_max) behind_.clear();
  return behind_.insert(lane).second;
}

bool LaneTurns::note_idle(const std::vector<LaneKey>& idle) {
  if (behind_.size() + idle.size() > behind_max) return false;
  bool is_news = false;
  for (const LaneKey& lane : idle) is_news = put_behind(lane) || is_news;
  return is_news;
}

void LaneTurns::note_outcome(const InstanceName& peer, const Batch& sent,
                             const DeliveryOutcome& outcome) {
  for (const auto& part : sent.logs) behind_.erase({peer, LaneKind::log, part.conversation});
  for (const auto& part : sent.submissions) {
    behind_.erase({peer, LaneKind::submission, part.conversation});
  }
  for (const auto& part : sent.receipts) {
    behind_.erase({peer, LaneKind::receipts, part.conversation});
  }
  for (const LaneKey& lane : outcome.deferred) put_behind(lane);
}

}  // namespace cpc::core
