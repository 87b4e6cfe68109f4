// A name is another instance from now on, because the operator says so. What was said to the old
// one under this name is not the new one's to hear: conversations with its people end, their
// members stay who they were, and new ones begin as between strangers.
#pragma once

#include <vector>

#include "core/home.h"
#include "core/store.h"

namespace cpc::core {

/// The code of a lane that stopped because its peer is another instance now.
inline constexpr std::string_view rebound_code = "REBOUND";
inline constexpr std::size_t rebound_lanes_max = 100'000;
inline constexpr std::size_t rebound_frames_max = 100'000;

/// What is left from the old instance.
struct Leftover {
  std::vector<LaneKey> lanes;
  std::vector<std::int64_t> frames;  ///< Positions of those that it never acknowledged.
};

struct Rebound {
  std::int64_t conversations = 0;  ///< Ended.
  std::int64_t frames = 0;         ///< Requests, grants and withdrawals that are not sent any more.
};

/// Whether `peer` may still be `iid`: what was proved under it just before the operator bound the
/// name to another one counts for nothing after that.
[[nodiscard]] Result<bool> may_still_be(Transaction& tx, const InstanceName& peer, const Iid& iid);

/// Fails as the store does, and with too_large beyond the limits above.
[[nodiscard]] Result<Leftover> leftover_of(Snapshot& store, const InstanceName& peer);

/// Stops every lane of a conversation, so that nothing of it goes to the new instance, and takes
/// away the ways by which it could be reached: its wire id, and its place as the conversation of
/// the two. Consent and what was told of it end with it. Unsent frames are dropped. What came
/// between leftover_of() and now belongs to the old instance as well and would stay: call it while
/// traffic is stopped.
[[nodiscard]] Result<Rebound> end_conversations(Transaction& tx, const Home& home,
                                                const InstanceName& peer, const Leftover& leftover);

}  // namespace cpc::core
