// Whose turn it is among the lanes that owe a peer something. A lane that the peer defers, or that
// has nothing to send after all, stays owing, perhaps for good: it goes behind the others, one item
// at a time, so that none of them waits for it.
#pragma once

#include <set>
#include <vector>

#include "core/delivery.h"

namespace cpc::core {

/// Of one peer, in memory: who is started again learns anew. A value like any other; not safe to
/// share.
class LaneTurns {
 public:
  /// So many are remembered; then all begin anew.
  static constexpr std::size_t behind_max = 800;

  [[nodiscard]] bool is_behind(const LaneKey& lane) const { return behind_.contains(lane); }
  [[nodiscard]] std::size_t behind() const { return behind_.size(); }

  /// Of what owed_to() read. True if a lane had nothing to send for the first time: others may have
  /// been passed over for it, so it is worth reading again.
  bool note_idle(const std::vector<LaneKey>& idle);
  /// What the peer's answer to `sent` came to.
  void note_outcome(const InstanceName& peer, const Batch& sent, const DeliveryOutcome& outcome);

 private:
  bool put_behind(const LaneKey& lane);
  std::set<LaneKey> behind_;
};

}  // namespace cpc::core
