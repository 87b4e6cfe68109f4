// The sending half of a message's life: a person's words become an event of a conversation.
//
// Three paths, decided by plan_send() from committed state so that the caller can sign, and decided
// again inside the closure: the event is placed at once (signed beforehand), becomes a draft for
// the signing loop, or begins a first contact (a draft that waits, and a request that travels). A
// first contact is also the reply to somebody whom one had not agreed to yet: then the draft waits
// for nothing, and the request tells them that they may write.
#pragma once

#include "core/contact.h"
#include "core/conversation_log.h"

namespace cpc::core {

/// Longest text of a message, in octets of UTF-8; with header and escaping it stays under
/// envelope_bytes_max.
inline constexpr std::size_t text_bytes_max = 32 * 1024;
/// The same as the body of an event: text of many quotes or control characters swells there. What
/// passed is always signed later, also when it waited as a draft.
inline constexpr std::size_t body_bytes_max = 60 * 1024;

/// Removing what people see as nothing: fails with invalid MESSAGE_EMPTY, MESSAGE_TOO_LONG, or
/// plain invalid for text that is not UTF-8 or holds NUL.
[[nodiscard]] Result<> check_text(std::string_view text);
[[nodiscard]] std::size_t code_points(std::string_view utf8);

enum class SendPath { place, draft, first_contact };

struct SendRequest {
  std::string local;
  ConversationId conversation;
  EventId id;             ///< Chosen by the caller, the same in every run.
  std::string client_id;  ///< Idempotency key; empty: none.
  std::string text;       ///< As the person wrote it.
  Bytes body;             ///< The same as the body of a message.post, from federation's codec.
};

struct SendPlan {
  SendPath path = SendPath::draft;
  std::optional<EventHeader> header;  ///< place: all but body_hash, to be signed.
  std::optional<ConsentFrame> frame;  ///< first_contact: to be signed when it leaves the instance.
};

/// Fails with not_found (no such conversation of this person), denied (FEDERATION_OPT_IN_REQUIRED,
/// BLOCKED_BY_YOU, REQUEST_LIMIT), conflict (REQUEST_PENDING), too_large (FIRST_MESSAGE_TOO_LONG).
[[nodiscard]] Result<SendPlan> plan_send(Lookup& store, const Home& home, Moment& moment,
                                         const SendRequest& request);

/// What the caller prepared by the plan.
struct PreparedSend {
  SendPath path = SendPath::draft;
  std::optional<VerifiedEnvelope> envelope;
  std::optional<SignedFrame> frame;
};

/// Stores the message. When it commits, the sender may be told "accepted". Returns the event; with
/// a known client_id the event of the first time. Fails like plan_send, with conflict
/// (CLIENT_ID_REUSED for another text), and with conflict without a code when the plan does not fit
/// any more: plan again.
[[nodiscard]] Result<EventKey> send_message(Transaction& tx, const Home& home, Moment moment,
                                            const SendRequest& request,
                                            const PreparedSend& prepared);

}  // namespace cpc::core
