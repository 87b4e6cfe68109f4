#include "core/conversation.h"

#include <algorithm>

#include "core/codes.h"
#include "crypto/digest.h"

namespace cpc::core {
namespace {

// A member row of somebody new in a conversation. What we know of our own people is filled in.
Result<Member> new_member(Transaction& tx, const Home& home, Moment& moment,
                          const ConversationId& conversation, const Address& address) {
  Member member;
  member.conversation = conversation;
  member.address = address;
  if (!home.is_local(address)) return member;
  member.iid = home.iid;
  member.member_id = moment.chance.id<MemberId>();
  CPC_TRY(const auto account, tx.find(AccountKey{address.local}));
  if (account) member.incarnation = account->incarnation;
  return member;
}

// Whether `address` is still the person who took part: an account name that was used again, here or
// at a peer, is somebody else.
Result<bool> is_same_person(Transaction& tx, const Home& home, const Conversation& conversation,
                            const Address& address, const std::optional<Incarnation>& told) {
  CPC_TRY(const Member member, member_of(tx, conversation, address));
  std::optional<Incarnation> current = told;
  if (home.is_local(address)) {
    CPC_TRY(const auto account, tx.find(AccountKey{address.local}));
    if (account) current = account->incarnation;
  }
  return !member.incarnation || !current || *member.incarnation == *current;
}

// Both sides have told each other about themselves: before that a wire id, and the log under it,
// would tell a stranger that the person exists.
Result<bool> have_met(Transaction& tx, const Conversation& conversation) {
  CPC_TRY(const auto one, tx.find(ProjectionKey{conversation.low, conversation.high}));
  CPC_TRY(const auto other, tx.find(ProjectionKey{conversation.high, conversation.low}));
  return one && other;
}

// Fills in what a member row of ours could not know before the account existed.
Result<> complete_local_member(Transaction& tx, const Home& home, Member& member) {
  if (!home.is_local(member.address) || member.incarnation) return success();
  CPC_TRY(const auto account, tx.find(AccountKey{member.address.local}));
  if (account) {
    member.incarnation = account->incarnation;
    tx.put(member);
  }
  return success();
}

std::optional<Person> person_of(const Member& member) {
  if (!member.iid || !member.incarnation || !member.member_id) return std::nullopt;
  return Person{*member.iid, member.address.local, *member.incarnation};
}

Result<> give_wire_id(Transaction& tx, const Home& home, Moment& moment,
                      Conversation& conversation) {
  CPC_TRY(Member low, member_of(tx, conversation, conversation.low));
  CPC_TRY(Member high, member_of(tx, conversation, conversation.high));
  CPC_TRY(complete_local_member(tx, home, low));
  CPC_TRY(complete_local_member(tx, home, high));
  const auto one = person_of(low);
  const auto other = person_of(high);
  CPC_TRY(const bool is_mutual, have_met(tx, conversation));
  if (conversation.wire_id || !one || !other || !is_mutual) return success();

  low.is_listed = true;
  high.is_listed = true;
  tx.put(low);
  tx.put(high);
  conversation.wire_id = direct_wire_id(*one, *other);
  conversation.hub = is_hub(*conversation.wire_id, one->iid, other->iid)
                         ? conversation.low.instance
                         : conversation.high.instance;
  tx.put(ConversationByWire{*conversation.wire_id, conversation.id});
  if (*conversation.hub == home.name) {
    Event create;
    create.conversation = conversation.id;
    create.author = home.iid;
    create.id = moment.chance.uuid<EventId>(moment.now);
    create.type = wire_name(EventType::conversation_create);
    create.time = moment.now;
    add_draft(tx, conversation, std::move(create));
  }
  return success();
}

}  // namespace

ConversationByPairKey pair_of(const Address& one, const Address& other) {
  const auto [low, high] = std::minmax(one, other);
  return {low, high};
}

WireId direct_wire_id(const Person& one, const Person& other) {
  const auto [low, high] = std::minmax(one, other);
  crypto::FramedHash framed;
  framed.add("cpc-direct-1");
  for (const Person& person : {low, high}) {
    framed.add(person.iid.view()).add(person.local).add(person.incarnation.view());
  }
  return WireId::from_bytes(framed.finish().view()).value();
}

bool is_hub(const WireId& wire_id, const Iid& one, const Iid& other) {
  const auto rank = [&](const Iid& iid) {
    return crypto::FramedHash{}.add(wire_id.view()).add(iid.view()).finish();
  };
  return rank(one) <= rank(other);
}

Result<Conversation> open_direct(Transaction& tx, const Home& home, Moment& moment,
                                 const Address& mine, const Address& other,
                                 const std::optional<Incarnation>& incarnation) {
  if (mine == other) {
    return refuse(ErrorCode::invalid, codes::self_not_possible,
                  "a conversation is between two people");
  }
  const ConversationByPairKey pair = pair_of(mine, other);
  CPC_TRY(const auto known, tx.find(pair));
  if (known) {
    CPC_TRY(auto conversation, tx.find(ConversationKey{known->id}));
    if (!conversation) return fail(ErrorCode::internal, "a pair names a conversation that is gone");
    CPC_TRY(const bool mine_is_same, is_same_person(tx, home, *conversation, mine, {}));
    CPC_TRY(const bool other_is_same, is_same_person(tx, home, *conversation, other, incarnation));
    if (mine_is_same && other_is_same) return *std::move(conversation);
  }

  Conversation conversation;
  conversation.id = moment.chance.uuid<ConversationId>(moment.now);
  conversation.low = pair.low;
  conversation.high = pair.high;
  conversation.created_at = moment.now;
  for (const Address& address : {pair.low, pair.high}) {
    CPC_TRY(Member member, new_member(tx, home, moment, conversation.id, address));
    tx.put(std::move(member));
  }
  tx.put(conversation);
  tx.put(ConversationByPair{pair.low, pair.high, conversation.id});
  return conversation;
}

Result<Conversation> start_direct(Transaction& tx, const Home& home, Moment& moment,
                                  const Address& mine, const Address& other) {
  CPC_TRY(Conversation conversation, open_direct(tx, home, moment, mine, other));
  CPC_TRY(Member member, member_of(tx, conversation, mine));
  if (member.is_listed) return conversation;
  member.is_listed = true;
  tx.put(std::move(member));
  tx.put(conversation);
  touch_people(tx, home, conversation);  // The other one may see it already.
  tx.touched().accounts[mine.local].everything = true;
  return conversation;
}

Result<Introduction> introduction_of(Lookup& store, const Home& home,
                                     const Conversation& conversation, const Address& person) {
  CPC_TRY(const Member member, member_of(store, conversation, person));
  CPC_TRY(const auto account, store.find(AccountKey{person.local}));
  if (!account || !member.member_id) {
    return refuse(ErrorCode::not_found, codes::not_found, "there is no such account");
  }
  return Introduction{person, home.iid, account->incarnation, *member.member_id};
}

Result<> learn_person(Transaction& tx, const Home& home, Moment& moment, Conversation& conversation,
                      const Introduction& person) {
  CPC_TRY(Member member, member_of(tx, conversation, person.address));
  const bool is_known = member.iid == person.iid && member.incarnation == person.incarnation &&
                        member.member_id == person.member_id;
  if (!is_known) {
    member.iid = person.iid;
    member.incarnation = person.incarnation;
    member.member_id = person.member_id;
    tx.put(member);
  }
  const bool had_wire_id = conversation.wire_id.has_value();
  CPC_TRY(give_wire_id(tx, home, moment, conversation));
  if (is_known && conversation.wire_id.has_value() == had_wire_id) return success();
  tx.put(conversation);
  touch_people(tx, home, conversation);
  return success();
}

void add_draft(Transaction& tx, Conversation& conversation, Event event) {
  event.state = EventState::draft;
  event.draft_order = ++conversation.drafts_made;
  ++conversation.drafts;
  tx.put(std::move(event));
  tx.touched().drafts = true;
}

Result<> ensure_join(Transaction& tx, const Home& home, Moment& moment, Conversation& conversation,
                     const Address& person) {
  CPC_TRY(Member member, member_of(tx, conversation, person));
  if (member.has_joined) return success();
  Event join;
  join.conversation = conversation.id;
  join.author = home.iid;
  join.id = moment.chance.uuid<EventId>(moment.now);
  join.type = wire_name(EventType::member_join);
  join.sender = person;
  join.member = member.member_id.value_or(MemberId{});
  join.time = moment.now;
  add_draft(tx, conversation, std::move(join));
  member.has_joined = true;
  tx.put(std::move(member));
  return success();
}

Result<> take_back_join(Transaction& tx, const Event& event) {
  if (event.type != wire_name(EventType::member_join) || !event.sender) return success();
  CPC_TRY(auto member, tx.find(MemberKey{event.conversation, *event.sender}));
  if (!member) return success();
  member->has_joined = false;
  tx.put(*std::move(member));
  return success();
}

Result<Member> member_of(Lookup& store, const Conversation& conversation, const Address& person) {
  CPC_TRY(auto member, store.find(MemberKey{conversation.id, person}));
  if (!member) return fail(ErrorCode::internal, "a conversation without its member's row");
  return *std::move(member);
}

bool takes_part(const Conversation& conversation, const Address& person) {
  return person == conversation.low || person == conversation.high;
}

const Address& other_than(const Conversation& conversation, const Address& person) {
  return person == conversation.low ? conversation.high : conversation.low;
}

void touch_people(Transaction& tx, const Home& home, const Conversation& conversation) {
  for (const Address& address : {conversation.low, conversation.high}) {
    if (!home.is_local(address)) continue;
    tx.touched().accounts[address.local].conversations.insert(conversation.id);
  }
}

}  // namespace cpc::core
