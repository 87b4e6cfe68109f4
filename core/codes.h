// The stable codes that people and peers see. A rule that refuses puts one of these first in its
// Error's detail, so that faces (GraphQL, the wire, cpcctl) need no translation of their own.
#pragma once

#include <string_view>

#include "core/base/result.h"

namespace cpc::core::codes {

inline constexpr std::string_view address_invalid = "ADDRESS_INVALID";
inline constexpr std::string_view federation_opt_in_required = "FEDERATION_OPT_IN_REQUIRED";
inline constexpr std::string_view request_pending = "REQUEST_PENDING";
inline constexpr std::string_view request_limit = "REQUEST_LIMIT";
inline constexpr std::string_view first_message_too_long = "FIRST_MESSAGE_TOO_LONG";
inline constexpr std::string_view message_too_long = "MESSAGE_TOO_LONG";
inline constexpr std::string_view message_empty = "MESSAGE_EMPTY";
inline constexpr std::string_view blocked_by_you = "BLOCKED_BY_YOU";
inline constexpr std::string_view consent_stale = "CONSENT_STALE";
inline constexpr std::string_view consent_required = "CONSENT_REQUIRED";
inline constexpr std::string_view request_expired = "REQUEST_EXPIRED";
inline constexpr std::string_view not_found = "NOT_FOUND";
inline constexpr std::string_view client_id_reused = "CLIENT_ID_REUSED";
inline constexpr std::string_view account_disabled = "ACCOUNT_DISABLED";
inline constexpr std::string_view conversation_ended = "CONVERSATION_ENDED";
inline constexpr std::string_view self_not_possible = "SELF_NOT_POSSIBLE";

}  // namespace cpc::core::codes

namespace cpc::core {

/// An Error whose detail is `CODE: sentence`.
[[nodiscard]] inline Error refuse(ErrorCode kind, std::string_view code,
                                  std::string_view sentence) {
  return fail(kind, std::string{code} + ": " + std::string{sentence});
}

/// The CODE of a refusal, or empty when the error carries none.
[[nodiscard]] std::string_view stable_code(const Error& error);
/// What stands behind the code; the whole detail when there is none.
[[nodiscard]] std::string_view sentence_of(const Error& error);

}  // namespace cpc::core
