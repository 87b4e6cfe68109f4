#include "core/receipts.h"

#include <algorithm>
#include <array>

#include "core/codes.h"
#include "core/consent.h"
#include "core/conversation.h"

namespace cpc::core {
namespace {

// What the person's clients show as read, and nobody else's.
Result<> keep_untold(Transaction& tx, const UntoldReadKey& key, std::int64_t seq) {
  CPC_TRY(const auto known, tx.find(key));
  if (known && known->read_seq >= seq) return success();
  tx.put(UntoldRead{key.conversation, key.address, seq});
  return success();
}

// Compared with the lane and not with what was read: while it was withheld, that went on alone.
Result<> owe_receipt(Transaction& tx, const InstanceName& peer, const ConversationId& conversation,
                     Position read) {
  const LaneKey key{peer, LaneKind::receipts, conversation};
  CPC_TRY(auto lane, tx.find(key));
  if (!lane) lane = Lane{key.peer, key.kind, key.conversation, {}, {}, {}};
  if (read <= lane->head) return success();
  lane->head = read;
  tx.put(*std::move(lane));
  tx.touched().peers.insert(peer);
  return success();
}

}  // namespace

Result<> mark_read(Transaction& tx, const Home& home, const std::string& local,
                   const ConversationId& conversation_id, std::int64_t upto) {
  CPC_TRY(const auto conversation, tx.find(ConversationKey{conversation_id}));
  const Address mine = home.address_of(local);
  if (!conversation || !takes_part(*conversation, mine)) {
    return refuse(ErrorCode::not_found, codes::not_found, "you have no such conversation");
  }
  const Position read{conversation->head.position.hub_epoch,
                      std::min(upto, conversation->head.position.seq)};
  if (read.seq <= 0) return success();
  const Address& other = other_than(*conversation, mine);
  CPC_TRY(const Decision decision, verify_messaging_consent(tx, home, local, other));
  if (decision.verdict != Verdict::deliver) {
    return keep_untold(tx, {conversation_id, mine}, read.seq);
  }
  CPC_TRY(Member member, member_of(tx, *conversation, mine));
  if (read.seq > member.read_seq) {
    member.read_seq = read.seq;
    tx.put(std::move(member));
    touch_people(tx, home, *conversation);
  }
  if (home.is_local(other)) return success();
  return owe_receipt(tx, other.instance, conversation_id, read);
}

Result<std::int64_t> read_by(Lookup& store, const Member& member) {
  CPC_TRY(const auto untold, store.find(UntoldReadKey{member.conversation, member.address}));
  return std::max(member.read_seq, untold ? untold->read_seq : 0);
}

Result<> withhold_receipt(Transaction& tx, const Home& home, const std::string& local,
                          const Address& other) {
  CPC_TRY(const auto pair, tx.find(pair_of(home.address_of(local), other)));
  if (!pair) return success();
  CPC_TRY(auto lane, tx.find(LaneKey{other.instance, LaneKind::receipts, pair->id}));
  if (!lane || lane->head == lane->acked) return success();
  lane->head = lane->acked;
  tx.put(*std::move(lane));
  return success();
}

std::string_view name_of(MessageState state) {
  static constexpr std::array<std::string_view, 8> names{
      "PENDING", "WAITING_CONSENT", "SENT", "DELIVERED", "READ", "DELAYED", "FAILED", "EXPIRED"};
  return names.at(static_cast<std::size_t>(state));
}

MessageState state_of(const Event& event, const Conversation& conversation, const Member& recipient,
                      const InstanceName& home, bool is_peer_failing) {
  switch (event.state) {
    case EventState::failed:
      return MessageState::failed;
    case EventState::expired:
      return MessageState::expired;
    case EventState::draft:
      if (event.draft_order == 0) return MessageState::waiting_consent;
      return MessageState::pending;
    case EventState::pending:
      return is_peer_failing ? MessageState::delayed : MessageState::pending;
    case EventState::ordered:
      break;
  }
  const std::int64_t seq = event.position.seq;
  if (recipient.read_seq >= seq) return MessageState::read;
  const InstanceName& there = recipient.address.instance;
  const bool is_there = there == home || conversation.hub == there;
  if (is_there || recipient.delivered_seq >= seq) return MessageState::delivered;
  return is_peer_failing ? MessageState::delayed : MessageState::sent;
}

std::optional<InstanceName> waits_for(const Event& event, const Conversation& conversation,
                                      const InstanceName& home) {
  const bool is_final = event.state == EventState::failed || event.state == EventState::expired;
  if (is_final || !event.sender) return std::nullopt;
  const InstanceName& there = other_than(conversation, *event.sender).instance;
  if (there == home) return std::nullopt;
  return there;
}

}  // namespace cpc::core
