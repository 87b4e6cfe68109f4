// Direct conversations: who takes part, what the conversation is called on the wire, who orders it.
//
// A conversation has a local id from the start and a wire id once both sides know each other's
// instance, incarnation and member id: after request and grant were exchanged.
#pragma once

#include "core/home.h"
#include "core/store.h"

namespace cpc::core {

/// One end of a direct conversation, as both instances know it.
struct Person {
  Iid iid;
  std::string local;
  Incarnation incarnation;
  auto operator<=>(const Person&) const = default;
};

/// The key under which the conversation of two people is found, whichever comes first.
[[nodiscard]] ConversationByPairKey pair_of(const Address& one, const Address& other);

/// H("cpc-direct-1", then iid, local, incarnation of both, the smaller person first).
[[nodiscard]] WireId direct_wire_id(const Person& one, const Person& other);

/// The instance with the lower H(wire id, iid) orders the log, so that neither name nor who wrote
/// first decides. True when `one` does.
[[nodiscard]] bool is_hub(const WireId& wire_id, const Iid& one, const Iid& other);

/// What a person told about themselves in a request or a grant.
struct Introduction {
  Address address;
  Iid iid;
  Incarnation incarnation;
  MemberId member_id;
};

/// The conversation of one of our people with anybody, found or begun. Begun anew when either
/// account name has a new incarnation. Fails with invalid (SELF_NOT_POSSIBLE) for oneself.
[[nodiscard]] Result<Conversation> open_direct(Transaction& tx, const Home& home, Moment& moment,
                                               const Address& mine, const Address& other,
                                               const std::optional<Incarnation>& incarnation = {});

/// open_direct for somebody who wants to see the conversation from now on; a stranger whom they
/// write to does not, before agreeing.
[[nodiscard]] Result<Conversation> start_direct(Transaction& tx, const Home& home, Moment& moment,
                                                const Address& mine, const Address& other);

/// What `member` would tell a peer about themselves: our person's side of a request or grant.
/// Fails with not_found when the person has no active account here.
[[nodiscard]] Result<Introduction> introduction_of(Lookup& store, const Home& home,
                                                   const Conversation& conversation,
                                                   const Address& person);

/// Notes what one side told, and gives the conversation its wire id and hub when both sides told
/// each other (both Projections exist); if we are the hub, the first entry of its log becomes a
/// draft. Puts the conversation when that is news: a peer that repeats itself changes nothing that
/// anybody could see.
[[nodiscard]] Result<> learn_person(Transaction& tx, const Home& home, Moment& moment,
                                    Conversation& conversation, const Introduction& person);

/// Makes an own event a draft that the signing loop picks up. Puts `event`, changes `conversation`
/// (the caller puts it).
void add_draft(Transaction& tx, Conversation& conversation, Event event);

/// member.join as a draft, unless this person joined before. Changes `conversation`.
[[nodiscard]] Result<> ensure_join(Transaction& tx, const Home& home, Moment& moment,
                                   Conversation& conversation, const Address& person);

/// A join that got no place is made again before its person's next message. Does nothing for other
/// events.
[[nodiscard]] Result<> take_back_join(Transaction& tx, const Event& event);

/// Fails with internal when the row is missing: only a bug loses a member.
[[nodiscard]] Result<Member> member_of(Lookup& store, const Conversation& conversation,
                                       const Address& person);
[[nodiscard]] bool takes_part(const Conversation& conversation, const Address& person);
[[nodiscard]] const Address& other_than(const Conversation& conversation, const Address& person);

/// Wakes everybody of ours who can see the conversation.
void touch_people(Transaction& tx, const Home& home, const Conversation& conversation);

}  // namespace cpc::core
