// The identifiers of the rules. Each is a type of its own; core/base/bytes.h gives them their text
// form.
#pragma once

#include "core/base/bytes.h"

namespace cpc::core {

/// An instance for life: RFC 7638 thumbprint of its first root key. A name is pinned to one.
using Iid = Id<32, struct IidTag>;
/// Our own name for a conversation (UUIDv7). Never travels; store keys and clients use only this.
using ConversationId = Id<16, struct ConversationTag>;
/// The conversation's name on the wire; known once request and grant were exchanged.
using WireId = Id<32, struct WireIdTag>;
/// UUIDv7, chosen by the author's instance; unique with (conversation, author instance).
using EventId = Id<16, struct EventIdTag>;
/// UUIDv7 of a consent frame.
using FrameId = Id<16, struct FrameIdTag>;
/// A person inside one conversation: random, made by the person's own instance. Zero means the
/// instance itself.
using MemberId = Id<16, struct MemberIdTag>;
/// One life of an account name: new when the name is used again, so that nothing is inherited.
using Incarnation = Id<16, struct IncarnationTag>;
/// One life of a store: new when it is created or restored. Compared for equality only.
using StoreEpoch = Id<16, struct StoreEpochTag>;

/// A UUIDv7 (RFC 9562 section 5.7) from a time and random octets.
template <class AnyId>
[[nodiscard]] AnyId uuid_v7(std::int64_t milliseconds, const std::array<std::uint8_t, 16>& random) {
  static_assert(AnyId::size == 16);
  AnyId id;
  id.octets = random;
  for (int i = 0; i < 6; ++i) {
    id.octets[static_cast<std::size_t>(i)] =
        static_cast<std::uint8_t>(milliseconds >> (8 * (5 - i)));
  }
  id.octets[6] = static_cast<std::uint8_t>(0x70 | (id.octets[6] & 0x0f));
  id.octets[8] = static_cast<std::uint8_t>(0x80 | (id.octets[8] & 0x3f));
  return id;
}

}  // namespace cpc::core
