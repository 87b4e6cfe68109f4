// An event of a conversation's log, as the rules see it: a typed header, opaque signed bytes, and
// the place the hub gave it.
//
// Start here: Envelope -> VerifiedEnvelope -> records.h's Event. Types narrow inward; whoever holds
// a VerifiedEnvelope need not check its signature again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/address.h"
#include "core/base/time.h"
#include "core/ids.h"

namespace cpc::federation {
class EnvelopeCodec;
}

namespace cpc::core {

enum class EventType : std::int16_t {
  unknown = 0,  ///< A later version's type: stored opaque, chained, shown to nobody.
  conversation_create = 1,
  member_join = 2,
  message_post = 3,
};
[[nodiscard]] std::string_view wire_name(EventType type);  ///< e.g. "message.post"
[[nodiscard]] EventType event_type(std::string_view wire_name);

/// Header and body of an envelope together; more is media.
inline constexpr std::size_t envelope_bytes_max = 64 * 1024;
inline constexpr std::size_t salt_bytes = 16;

/// What the author's instance signs. The body stands beside it, bound by
/// body_hash = SHA-256(salt || body), so that it can be dropped and the chain still verifies.
struct EventHeader {
  WireId conversation;
  std::string type;  ///< The wire name, also of types we do not know.
  Iid author;
  MemberId member;  ///< Zero: the author's instance itself.
  EventId id;
  TimePoint time;  ///< The author's claim; order goes by hub time.
  Digest body_hash;
};

/// The exact bytes as they travel: a flattened JWS (its three base64url texts) and the body.
struct Envelope {
  std::string protected_header;
  std::string payload;
  std::string signature;
  Bytes salt;                 ///< 16 octets, or empty without a body.
  std::optional<Bytes> body;  ///< Absent: deleted, withheld or pruned.
};

/// Whom the body of a member.join names.
struct JoinClaim {
  Address address;
  Incarnation incarnation;
};

/// SHA-256 of `protected.payload.signature`.
[[nodiscard]] Digest envelope_hash(const Envelope& envelope);

/// An envelope whose signature, header and body hash were checked (or that we signed ourselves).
/// Only the codec in federation/ makes one.
class VerifiedEnvelope {
 public:
  [[nodiscard]] const EventHeader& header() const { return header_; }
  [[nodiscard]] const Envelope& envelope() const { return envelope_; }
  [[nodiscard]] const Digest& hash() const { return hash_; }
  /// None for other types, without a body, and for a body that names nobody.
  [[nodiscard]] const std::optional<JoinClaim>& join() const { return join_; }

 private:
  friend class cpc::federation::EnvelopeCodec;
  VerifiedEnvelope(EventHeader header, Envelope envelope, Digest hash,
                   std::optional<JoinClaim> join)
      : header_(std::move(header)),
        envelope_(std::move(envelope)),
        hash_(hash),
        join_(std::move(join)) {}
  EventHeader header_;
  Envelope envelope_;
  Digest hash_;
  std::optional<JoinClaim> join_;
};

/// A place in a log: seq is gapless from 1 inside a hub epoch, and hub epochs only rise.
struct Position {
  std::int64_t hub_epoch = 0;
  std::int64_t seq = 0;
  auto operator<=>(const Position&) const = default;
};

/// The last entry of a log: what two instances compare to know that they agree.
struct Head {
  Position position;
  TimePoint hub_time{};
  Digest link;
  auto operator<=>(const Head&) const = default;
};

/// link = H("cpc-log-1", previous link, conversation, hub epoch, seq, hub time, envelope hash).
/// The previous link of the first entry is 32 zero octets.
[[nodiscard]] Head next_head(const Head& previous, const WireId& conversation, Position position,
                             TimePoint hub_time, const Digest& hash);

}  // namespace cpc::core
