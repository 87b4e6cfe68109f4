// The log of a conversation: ordering at its hub, copying elsewhere, submitting to it.
//
// Every entry gets into a log through order() (we are the hub) or copy() (we are not). Both chain
// it and, in the same closure, decide for each of our people whether they see it. What consent says
// filters visibility, never the chain.
#pragma once

#include "core/conversation.h"
#include "core/event.h"

namespace cpc::core {

/// An event whose envelope is verified, as a row that has no place yet.
[[nodiscard]] Event event_row(const ConversationId& conversation, const VerifiedEnvelope& envelope);

/// May this event enter this log, by its type and author alone? One function for hubs and copies.
/// A join whose body names somebody else than its member is nobody's.
/// Returns the sender (none for an event of the hub's instance); fails with denied.
[[nodiscard]] Result<std::optional<Address>> authorize(Lookup& store,
                                                       const Conversation& conversation,
                                                       const Iid& hub_iid,
                                                       const VerifiedEnvelope& envelope);

/// Gives an own, signed event its place: ordered at once when we are the hub, otherwise submitted.
/// Idempotent for an event that is no draft any more. Fails with conflict when the conversation
/// moved in between (another hub, no wire id): sign again.
[[nodiscard]] Result<> place_own_event(Transaction& tx, const Home& home, Moment& moment,
                                       const ConversationId& conversation,
                                       const VerifiedEnvelope& envelope);

/// Gives up an own draft that cannot be signed or placed: FAILED with `reason`, out of the way of
/// the others. A join is made again before its person's next message. Does nothing when it is no
/// draft any more.
[[nodiscard]] Result<> fail_draft(Transaction& tx, const Home& home, const EventKey& key,
                                  std::string_view reason);

/// As the hub: appends `event` at the next position, chains it, moves the heads of the lanes,
/// decides who of ours sees it. `body` is the plaintext; it is stored encrypted. Puts event and
/// conversation.
[[nodiscard]] Result<> order(Transaction& tx, const Home& home, Moment& moment,
                             Conversation& conversation, Event event,
                             const std::optional<Bytes>& body);

/// An entry as the hub placed it.
struct Placement {
  Position position;
  TimePoint hub_time{};
  Digest link;
};

/// As a copy: takes over an entry whose chain was checked. Puts event and conversation.
[[nodiscard]] Result<> copy(Transaction& tx, const Home& home, Moment& moment,
                            Conversation& conversation, Event event,
                            const std::optional<Bytes>& body, const Placement& placement);

/// Encrypts and decrypts an event's body at rest (table events, the event's key as the row).
[[nodiscard]] Bytes seal_body(const Home& home, Moment& moment, const EventKey& key,
                              std::string_view body);
[[nodiscard]] Result<Bytes> open_body(const Home& home, const Event& event);

/// The envelope of a signed event as it travels, its body decrypted when we hold one.
[[nodiscard]] Result<Envelope> envelope_of(const Home& home, const Event& event);

/// About how many octets an envelope takes in a transaction, encoded.
[[nodiscard]] std::size_t travelling_size(const Envelope& envelope);

/// An own event that waits for its hub gets another signature, because the key of the one before,
/// `replaced`, counts no more. Nothing happens if it was placed or signed anew meanwhile.
[[nodiscard]] Result<> sign_anew(Transaction& tx, const EventKey& key, std::string_view replaced,
                                 std::string protected_header, std::string signature);

/// `event` as it was signed when its hub gave it the place whose link is `link` after `head`: with
/// its signature of now, or one that it had before. None if the link fits none of them.
[[nodiscard]] std::optional<Event> as_placed(const Head& head, const WireId& wire_id,
                                             const Placement& placement, Event event);

}  // namespace cpc::core
