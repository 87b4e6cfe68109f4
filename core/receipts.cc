#include "core/receipts.h"

#include <algorithm>
#include <array>

#include "core/codes.h"
#include "core/consent.h"
#include "core/conversation.h"

namespace cpc::core {

Result<> mark_read(Transaction& tx, const Home& home, const std::string& local,
                   const ConversationId& conversation_id, std::int64_t upto) {
  CPC_TRY(const auto conversation, tx.find(ConversationKey{conversation_id}));
  const Address mine = home.address_of(local);
  if (!conversation || !takes_part(*conversation, mine)) {
    return refuse(ErrorCode::not_found, codes::not_found, "you have no such conversation");
  }
  CPC_TRY(Member member, member_of(tx, *conversation, mine));
  const std::int64_t seq = std::min(upto, conversation->head.position.seq);
  if (seq <= member.read_seq) return success();
  member.read_seq = seq;
  tx.put(member);

  const Address& other = other_than(*conversation, mine);
  CPC_TRY(const Decision decision, verify_messaging_consent(tx, home, local, other));
  if (decision.verdict != Verdict::deliver) {
    tx.touched().accounts.insert(local);
    return success();
  }
  touch_people(tx, home, *conversation);
  if (home.is_local(other)) return success();

  const LaneKey key{other.instance, LaneKind::receipts, conversation->id};
  CPC_TRY(auto lane, tx.find(key));
  if (!lane) lane = Lane{key.peer, key.kind, key.conversation, {}, {}, {}};
  lane->head = {conversation->head.position.hub_epoch, seq};
  tx.put(*std::move(lane));
  tx.touched().peers.insert(other.instance);
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
