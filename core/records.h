// Every kind of row an instance keeps, by its key. The state of an instance is these and nothing
// else.
//
// Rules for rows: a Key names exactly one row; times are milliseconds; `Visible` rows are seen by
// clients and carry `n`, the number of their last change. n is given by the store when a batch is
// flushed and is only meaningful in rows read from a Snapshot; inside a closure it is zero.
// A struct is one table of the same name in migrations/, a field is one column.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "core/address.h"
#include "core/event.h"
#include "core/ids.h"

namespace cpc::core {

// --- people -----------------------------------------------------------------------------------

struct AccountKey {
  std::string local;
  auto operator<=>(const AccountKey&) const = default;
};
/// Table accounts. A local login; its address is local@<our name>.
struct Account {
  using Key = AccountKey;
  std::string local;
  Incarnation incarnation;
  std::string password_hash;
  bool is_disabled = false;
  std::int64_t session_generation = 1;  ///< Rises with each password change; older tokens are void.
  TimePoint created_at{};
  /// First-contact requests sent in the day that began at requests_since.
  TimePoint requests_since{};
  std::int64_t requests_sent = 0;
  [[nodiscard]] Key key() const { return {local}; }
};

// --- conversations ----------------------------------------------------------------------------

struct ConversationKey {
  ConversationId id;
  auto operator<=>(const ConversationKey&) const = default;
};
/// Table conversations. One per unordered pair of addresses (and their incarnations once known).
struct Conversation {
  using Key = ConversationKey;
  ConversationId id;
  Address low;   ///< The smaller of the two addresses.
  Address high;  ///< May equal low's instance, never low itself.
  std::optional<WireId> wire_id;
  std::optional<InstanceName> hub;  ///< Known together with wire_id.
  Head head;                        ///< The last ordered entry we hold; zero before the first.
  std::int64_t drafts = 0;          ///< Own events that may be signed and are not yet.
  std::int64_t drafts_made = 0;     ///< Last draft_order given.
  std::int64_t submitted = 0;  ///< Last position of our submission lane, when the hub is remote.
  TimePoint created_at{};
  std::int64_t n =
      0;  ///< Visible: last change of the conversation or of anything in it (`last_n`).
  [[nodiscard]] Key key() const { return {id}; }
};

struct ConversationByPairKey {
  Address low;
  Address high;
  auto operator<=>(const ConversationByPairKey&) const = default;
};
/// Table conversations_by_pair. The current conversation of two addresses.
struct ConversationByPair {
  using Key = ConversationByPairKey;
  Address low;
  Address high;
  ConversationId id;
  [[nodiscard]] Key key() const { return {low, high}; }
};

struct ConversationByWireKey {
  WireId wire_id;
  auto operator<=>(const ConversationByWireKey&) const = default;
};
/// Table conversations_by_wire.
struct ConversationByWire {
  using Key = ConversationByWireKey;
  WireId wire_id;
  ConversationId id;
  [[nodiscard]] Key key() const { return {wire_id}; }
};

struct MemberKey {
  ConversationId conversation;
  Address address;
  auto operator<=>(const MemberKey&) const = default;
};
/// Table members. One person's part in one conversation; receipts are state here, not events.
struct Member {
  using Key = MemberKey;
  ConversationId conversation;
  Address address;
  std::optional<Iid> iid;                  ///< Of the person's instance, once known.
  std::optional<Incarnation> incarnation;  ///< Once known.
  std::optional<MemberId> member_id;       ///< Once known; ours from the start for local people.
  bool is_listed = false;   ///< The person sees the conversation: began it, or agreed.
  bool has_joined = false;  ///< member.join was authored (ours) or ordered (theirs).
  std::int64_t delivered_seq =
      0;                      ///< Accepted by the person's instance up to here (remote people).
  std::int64_t read_seq = 0;  ///< Read by the person up to here, as far as the other may know.
  std::int64_t n = 0;         ///< Visible.
  [[nodiscard]] Key key() const { return {conversation, address}; }
};

struct UntoldReadKey {
  ConversationId conversation;
  Address address;
  auto operator<=>(const UntoldReadKey&) const = default;
};
/// Table untold_reads. How far a person of ours read while they refused the other one. Apart from
/// members, of whose changes both people hear.
struct UntoldRead {
  using Key = UntoldReadKey;
  ConversationId conversation;
  Address address;
  std::int64_t read_seq = 0;
  [[nodiscard]] Key key() const { return {conversation, address}; }
};

enum class EventState : std::int16_t {
  draft = 1,    ///< Ours, unsigned: waits for a grant or for the signing loop.
  pending = 2,  ///< Ours, signed and submitted to a remote hub; not ordered yet.
  ordered = 3,  ///< Has a place in the log.
  failed = 4,   ///< Ours, refused by the hub with `reason`, or cancelled.
  expired = 5,  ///< Ours, nobody answered in time.
};

struct EventKey {
  ConversationId conversation;
  Iid author;
  EventId id;
  auto operator<=>(const EventKey&) const = default;
};
/// Table events. An entry of a log, or one of ours that is not in it yet.
struct Event {
  using Key = EventKey;
  ConversationId conversation;
  Iid author;
  EventId id;
  std::string type;               ///< Wire name.
  std::optional<Address> sender;  ///< The person, when known; none for an instance's event.
  MemberId member;
  TimePoint time{};
  EventState state = EventState::draft;
  std::string reason;  ///< Stable code when failed or expired; else empty.
  Position position;   ///< Zero unless ordered.
  TimePoint hub_time{};
  Digest link;
  Digest hash;                   ///< Of the envelope; zero for a draft.
  std::int64_t submission = 0;   ///< Position in our submission lane; zero: not submitted.
  std::int64_t draft_order = 0;  ///< Order of signing in the conversation; zero: no draft,
                                 ///< or one that waits for consent.
  std::string protected_header;  ///< The envelope's three texts; empty for a draft.
  std::string payload;
  std::string signature;
  /// "protected.signature" of earlier signatures, a blank between them; only while it waits for
  /// its hub, which may have placed it under one of them.
  std::string superseded;
  Bytes salt;
  Bytes sealed_body;       ///< AES-256-GCM of the body; empty: not kept.
  bool is_hidden = false;  ///< Chained and acknowledged, shown to its author only.
  std::int64_t n = 0;      ///< Visible.
  [[nodiscard]] Key key() const { return {conversation, author, id}; }
};

// --- consent ----------------------------------------------------------------------------------

enum class ConsentType : std::int16_t { messaging = 1, media_sharing = 2, cross_instance = 3 };
enum class ConsentScope : std::int16_t { person = 1, instance = 2, anyone = 3 };
enum class ConsentState : std::int16_t {
  requested = 1,
  granted = 2,
  denied = 3,   ///< A request was refused; further requests are swallowed.
  revoked = 4,  ///< Taken back openly; may be asked for again.
  blocked = 5,  ///< Taken back quietly; everything is swallowed.
};

struct ConsentKey {
  std::string owner;  ///< Local part of the person whose consent it is. Only we write it.
  ConsentType type = ConsentType::messaging;
  ConsentScope scope = ConsentScope::person;
  std::string subject;  ///< An address, an instance name, or "*".
  auto operator<=>(const ConsentKey&) const = default;
};
/// Table consents. Never leaves the instance; peers see Projections only.
struct Consent {
  using Key = ConsentKey;
  std::string owner;
  ConsentType type = ConsentType::messaging;
  ConsentScope scope = ConsentScope::person;
  std::string subject;
  ConsentState state = ConsentState::requested;
  std::int64_t version = 0;  ///< Rises with each change; with our store epoch it is the version.
  std::string basis;         ///< user_action | sent_first | request | operator
  TimePoint changed_at{};
  /// Version of the last frame that told its subject. Counted apart: `version` would betray the
  /// changes in between.
  std::int64_t told_version = 0;
  std::int64_t n = 0;  ///< Visible to its owner.
  [[nodiscard]] Key key() const { return {owner, type, scope, subject}; }
};

struct ContactRequestKey {
  std::string owner;  ///< Local part of the person who is asked.
  Address from;
  auto operator<=>(const ContactRequestKey&) const = default;
};
/// Table contact_requests. The latest request of a stranger to one of our people.
struct ContactRequest {
  using Key = ContactRequestKey;
  std::string owner;
  Address from;
  FrameId frame;
  ConversationId conversation;
  Iid from_iid;
  Incarnation from_incarnation;
  MemberId from_member;
  Bytes sealed_intro;
  bool is_open = true;  ///< Not answered yet.
  TimePoint received_at{};
  std::int64_t n = 0;  ///< Visible to its owner.
  [[nodiscard]] Key key() const { return {owner, from}; }
};

struct OpenRequestsKey {
  std::string owner;
  InstanceName origin;
  auto operator<=>(const OpenRequestsKey&) const = default;
};
/// Table open_requests. What strangers of one instance left at one person since `since`: how many
/// contact_requests wait for an answer, and how many people were remembered unheard.
struct OpenRequests {
  using Key = OpenRequestsKey;
  std::string owner;
  InstanceName origin;
  TimePoint since{};
  std::int64_t open = 0;
  std::int64_t unheard = 0;
  [[nodiscard]] Key key() const { return {owner, origin}; }
};

struct SentRequestKey {
  Address from;  ///< One of our people.
  Address to;
  auto operator<=>(const SentRequestKey&) const = default;
};
/// Table sent_requests. A first contact of one of our people that waits for its answer.
struct SentRequest {
  using Key = SentRequestKey;
  Address from;
  Address to;
  FrameId frame;
  EventId draft;
  TimePoint sent_at{};
  [[nodiscard]] Key key() const { return {from, to}; }
};

struct ProjectionKey {
  Address owner;    ///< Whose consent it is.
  Address subject;  ///< Whom it concerns.
  auto operator<=>(const ProjectionKey&) const = default;
};
/// Table projections. The part of a consent that the subject's instance was told: what we told a
/// peer when the owner is ours, what a peer told us when the subject is ours, both when both are.
struct Projection {
  using Key = ProjectionKey;
  Address owner;
  Address subject;
  bool is_granted = false;  ///< false: withdrawn.
  StoreEpoch epoch;         ///< Version of the owner's instance, compared with `version`.
  std::int64_t version = 0;
  Iid owner_iid;
  Incarnation owner_incarnation;
  MemberId owner_member;
  TimePoint issued_at{};
  [[nodiscard]] Key key() const { return {owner, subject}; }
};

// --- what we owe peers, what they gave us -------------------------------------------------------

enum class LaneKind : std::int16_t {
  log = 1,         ///< A conversation we are hub of; position = (hub epoch, seq).
  submission = 2,  ///< Our people's events for a remote hub; position = (0, 1, 2 ...).
  consent = 3,     ///< Consent frames; one lane per peer; position = (0, 1, 2 ...).
  receipts = 4,    ///< State: how far our person has read; position = that place in the log.
};

struct LaneKey {
  InstanceName peer;
  LaneKind kind = LaneKind::log;
  ConversationId conversation;  ///< Zero for the consent lane.
  auto operator<=>(const LaneKey&) const = default;
};
/// Table lanes. What we owe a peer is what lies after `acked` up to `head`.
struct Lane {
  using Key = LaneKey;
  InstanceName peer;
  LaneKind kind = LaneKind::log;
  ConversationId conversation;
  Position head;
  Position acked;
  std::string
      blocked;  ///< Empty, or the code why nothing is sent until something changes (a fork).
  [[nodiscard]] Key key() const { return {peer, kind, conversation}; }
};

struct FrameKey {
  InstanceName peer;
  std::int64_t position = 0;
  auto operator<=>(const FrameKey&) const = default;
};
/// Table frames. Consent frames owed to a peer; erased when acknowledged.
struct Frame {
  using Key = FrameKey;
  InstanceName peer;
  std::int64_t position = 0;
  Bytes jws;  ///< Exact bytes, as they travel.
  [[nodiscard]] Key key() const { return {peer, position}; }
};

struct InLaneKey {
  InstanceName peer;
  LaneKind kind = LaneKind::consent;  ///< consent or submission; a log's position is its head.
  ConversationId conversation;
  auto operator<=>(const InLaneKey&) const = default;
};
/// Table in_lanes. How far we hold a peer's lane. Another store epoch of the peer starts it anew.
struct InLane {
  using Key = InLaneKey;
  InstanceName peer;
  LaneKind kind = LaneKind::consent;
  ConversationId conversation;
  StoreEpoch epoch;
  std::int64_t accepted = 0;  ///< Last position on disk here.
  std::int64_t waiting = 0;   ///< Consent frames stored and not applied yet; bounded.
  std::int64_t parked = 0;    ///< Consent frames that failed and wait for the operator; bounded.
  [[nodiscard]] Key key() const { return {peer, kind, conversation}; }
};

struct InboxFrameKey {
  InstanceName origin;
  FrameId id;
  auto operator<=>(const InboxFrameKey&) const = default;
};
/// Table inbox_frames. Consent frames that were stored and acknowledged and wait to be applied.
struct InboxFrame {
  using Key = InboxFrameKey;
  InstanceName origin;
  FrameId id;
  Bytes jws;
  TimePoint received_at{};
  std::int64_t attempts = 0;
  bool is_parked = false;  ///< Failed too often; waits for the operator.
  [[nodiscard]] Key key() const { return {origin, id}; }
};

struct PeerKey {
  InstanceName name;
  auto operator<=>(const PeerKey&) const = default;
};
/// Who vouches for it that a name is an iid, the strongest first: a weaker one never overrides a
/// stronger one.
enum class Trust : std::int16_t {
  none = 0,        ///< Nobody yet.
  pinned = 1,      ///< The operator.
  directory = 2,   ///< A signed directory.
  dnssec = 3,      ///< A resolver that validated what it said, and is believed.
  introduced = 4,  ///< A peer that is trusted itself.
  tofu = 5,        ///< Nobody; it was there when we first looked.
};
/// Table peers. Another instance: its name pinned to its iid, its latest document, its last word.
struct Peer {
  using Key = PeerKey;
  InstanceName name;
  Iid iid;         ///< Zero: the name was blocked, or given endpoints, and is pinned to nobody.
  Bytes document;  ///< The exact instance document last accepted.
  std::int64_t delegation_serial = 0;
  std::int64_t operational_serial = 0;
  TimePoint fetched_at{};
  StoreEpoch epoch;               ///< From its last hello or transaction.
  std::int64_t boot_counter = 0;  ///< Likewise.
  Trust trust = Trust::none;      ///< That the name is this iid.
  std::string source;             ///< Who said so: "operator", "dns", a peer's name ...
  std::string endpoints;          ///< Set by the operator: `host:port`, a blank between two.
  bool is_blocked = false;        ///< By the operator: nothing goes either way.
  TimePoint accepted_at{};        ///< When the name was pinned to this iid.
  /// Its root keys so far, the first one first, and whom the last one promised: key ids in
  /// base64url, a blank between two. Kept beside the document, which may verify no more one day.
  std::string roots;
  std::string next_root;
  std::optional<Iid> rival;  ///< Another iid was seen under this name.
  std::string rival_source;  ///< Where.
  TimePoint rival_seen_at{};
  [[nodiscard]] Key key() const { return {name}; }
};

// --- clients ----------------------------------------------------------------------------------

struct IdempotencyKey {
  std::string local;
  std::string client_id;
  auto operator<=>(const IdempotencyKey&) const = default;
};
/// Table idempotency. What a client's mutation with this id already did.
struct Idempotency {
  using Key = IdempotencyKey;
  std::string local;
  std::string client_id;
  Digest request;  ///< Hash of what was asked; another request under the same id is a conflict.
  ConversationId conversation;
  EventId event;
  TimePoint created_at{};
  [[nodiscard]] Key key() const { return {local, client_id}; }
};

}  // namespace cpc::core
