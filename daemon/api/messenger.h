// What a person can do, as coroutines: plan from committed state, sign what leaves the instance,
// run the closure, and plan again when the state moved in between. The rules are core's. Network
// thread only.
#pragma once

#include "core/contact.h"
#include "core/send_message.h"
#include "daemon/api/api_parts.h"

namespace cpc::api {

struct OutgoingText {
  std::string local;
  core::ConversationId conversation;
  std::string text;
  std::string client_id;  ///< Empty: none.
};
/// Fails like core::check_text and core::send_message.
[[nodiscard]] Task<core::EventKey> send_text(ApiParts& parts, OutgoingText outgoing);

/// Fails like core::start_direct.
[[nodiscard]] Task<core::ConversationId> start_conversation(ApiParts& parts, std::string local,
                                                            core::Address other);

/// Fails like core::answer_contact.
[[nodiscard]] Task<> answer_contact(ApiParts& parts, core::ConsentAnswer answer);
[[nodiscard]] Task<> revoke_consent(ApiParts& parts, core::Revocation revocation);
[[nodiscard]] Task<> set_federation_opt_in(ApiParts& parts, std::string local,
                                           std::optional<core::InstanceName> instance,
                                           bool is_granted);
/// Fails with not_found when the person cannot see this message.
[[nodiscard]] Task<> mark_read(ApiParts& parts, std::string local, core::EventKey message);

struct SignedIn {
  core::Account account;
  std::string token;
  TimePoint expires;
};
/// Fails with denied (SIGN_IN_FAILED: unknown, disabled or wrong password, all alike), unavailable
/// (RATE_LIMITED when too many sign in at once).
[[nodiscard]] Task<SignedIn> sign_in(ApiParts& parts, std::string username, std::string password);

}  // namespace cpc::api
