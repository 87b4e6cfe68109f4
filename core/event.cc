#include "core/event.h"

#include <array>
#include <utility>

#include "crypto/digest.h"

namespace cpc::core {
namespace {

constexpr std::array<std::pair<EventType, std::string_view>, 3> type_names{{
    {EventType::conversation_create, "conversation.create"},
    {EventType::member_join, "member.join"},
    {EventType::message_post, "message.post"},
}};

}  // namespace

std::string_view wire_name(EventType type) {
  for (const auto& [known, name] : type_names) {
    if (known == type) return name;
  }
  return "unknown";
}

EventType event_type(std::string_view wire_name) {
  for (const auto& [known, name] : type_names) {
    if (name == wire_name) return known;
  }
  return EventType::unknown;
}

Digest envelope_hash(const Envelope& envelope) {
  std::string signed_bytes;
  signed_bytes.reserve(envelope.protected_header.size() + envelope.payload.size() +
                       envelope.signature.size() + 2);
  signed_bytes.append(envelope.protected_header).append(1, '.');
  signed_bytes.append(envelope.payload).append(1, '.').append(envelope.signature);
  return crypto::sha256(signed_bytes);
}

Head next_head(const Head& previous, const WireId& conversation, Position position,
               TimePoint hub_time, const Digest& hash) {
  crypto::FramedHash framed;
  framed.add("cpc-log-1").add(previous.link.view()).add(conversation.view());
  framed.add(static_cast<std::uint64_t>(position.hub_epoch));
  framed.add(static_cast<std::uint64_t>(position.seq));
  framed.add(static_cast<std::uint64_t>(to_milliseconds(hub_time)));
  framed.add(hash.view());
  return {position, hub_time, framed.finish()};
}

}  // namespace cpc::core
