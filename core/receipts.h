// Receipts are state, not events: how far a person has read, coalesced, never dropped. And the one
// list of states a message has towards a person.
#pragma once

#include "core/home.h"
#include "core/store.h"

namespace cpc::core {

/// `local` has read everything up to the message `upto` (its place in the log). Never goes back.
/// The other side is told unless `local` refused them; then it is kept where nobody else looks, and
/// what is read after a new grant is told again. Fails with not_found.
[[nodiscard]] Result<> mark_read(Transaction& tx, const Home& home, const std::string& local,
                                 const ConversationId& conversation, std::int64_t upto);

/// How far `member`, a person of ours, has read, in their own eyes: also what they tell nobody.
[[nodiscard]] Result<std::int64_t> read_by(Lookup& store, const Member& member);

/// Nothing more is told to `other`, whom `local` refuses from now on: not even a receipt that waits
/// for the other instance to answer.
[[nodiscard]] Result<> withhold_receipt(Transaction& tx, const Home& home, const std::string& local,
                                        const Address& other);

/// The states of a message towards its recipient.
enum class MessageState {
  pending,          ///< Accepted by the sender's instance.
  waiting_consent,  ///< The recipient has not agreed yet.
  sent,             ///< Ordered by the hub.
  delivered,        ///< Accepted by the recipient's instance (its signed acknowledgement).
  read,
  delayed,  ///< Pending, and the instance it must reach does not answer.
  failed,
  expired,
};
[[nodiscard]] std::string_view name_of(MessageState state);  ///< "WAITING_CONSENT"

/// Where a message of `event.sender` stands towards the other member. `is_peer_failing`: the
/// instance it must reach next is not answering now.
[[nodiscard]] MessageState state_of(const Event& event, const Conversation& conversation,
                                    const Member& recipient, const InstanceName& home,
                                    bool is_peer_failing);

/// The instance an undelivered message of ours waits for, if any.
[[nodiscard]] std::optional<InstanceName> waits_for(const Event& event,
                                                    const Conversation& conversation,
                                                    const InstanceName& home);

}  // namespace cpc::core
