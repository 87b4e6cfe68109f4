#include "core/rebind.h"

#include <set>

#include "core/consent.h"
#include "core/conversation.h"

namespace cpc::core {
namespace {

Result<> end_one(Transaction& tx, const Home& home, const ConversationId& id) {
  CPC_TRY(const auto conversation, tx.find(ConversationKey{id}));
  if (!conversation) return success();
  const Address& low = conversation->low;
  const Address& high = conversation->high;
  const ConversationByPairKey pair{low, high};
  CPC_TRY(const auto current, tx.find(pair));
  if (conversation->wire_id) tx.erase(ConversationByWireKey{*conversation->wire_id});
  if (current && current->id == id) {
    tx.erase(pair);
    tx.erase(ProjectionKey{low, high});
    tx.erase(ProjectionKey{high, low});
    const Address& mine = home.is_local(low) ? low : high;
    const Address& other = other_than(*conversation, mine);
    tx.erase(SentRequestKey{mine, other});
    CPC_TRY(const auto consent, tx.find(messaging_consent(mine.local, other)));
    // A refusal stays: it was meant for whoever has the address.
    if (consent && consent->state == ConsentState::granted) tx.erase(consent->key());
  }
  touch_people(tx, home, *conversation);
  return success();
}

}  // namespace

Result<bool> may_still_be(Transaction& tx, const InstanceName& peer, const Iid& iid) {
  CPC_TRY(const auto row, tx.find(PeerKey{peer}));
  return !row || row->iid.is_zero() || row->iid == iid;
}

Result<Leftover> leftover_of(Snapshot& store, const InstanceName& peer) {
  Leftover leftover;
  CPC_TRY(const auto lanes, store.lanes_of(peer, rebound_lanes_max));
  CPC_TRY(const auto frames, store.frames_after(peer, 0, rebound_frames_max));
  if (lanes.size() == rebound_lanes_max || frames.size() == rebound_frames_max) {
    return fail(ErrorCode::too_large, "this instance has too many conversations with the peer");
  }
  for (const Lane& lane : lanes) leftover.lanes.push_back(lane.key());
  for (const Frame& frame : frames) leftover.frames.push_back(frame.position);
  return leftover;
}

Result<Rebound> end_conversations(Transaction& tx, const Home& home, const InstanceName& peer,
                                  const Leftover& leftover) {
  std::set<ConversationId> ended;
  for (const LaneKey& key : leftover.lanes) {
    CPC_TRY(auto lane, tx.find(key));
    if (!lane) continue;
    if (key.kind == LaneKind::consent) {
      lane->acked = lane->head;
      lane->blocked.clear();
    } else {
      lane->blocked = rebound_code;
      if (ended.insert(key.conversation).second) {
        CPC_TRY(end_one(tx, home, key.conversation));
      }
    }
    tx.put(*std::move(lane));
  }
  for (const std::int64_t position : leftover.frames) tx.erase(FrameKey{peer, position});
  return Rebound{static_cast<std::int64_t>(ended.size()),
                 static_cast<std::int64_t>(leftover.frames.size())};
}

}  // namespace cpc::core
