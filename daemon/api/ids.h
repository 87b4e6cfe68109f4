// The opaque ids and cursors of the client API: a kind letter and base64url. Clients keep them and
// hand them back; only these functions look inside. Pure.
#pragma once

#include "core/records.h"

namespace cpc::api {

[[nodiscard]] std::string conversation_id(const core::ConversationId& id);
[[nodiscard]] std::string message_id(const core::EventKey& key);
[[nodiscard]] std::string user_id(const core::Address& address);
[[nodiscard]] std::string account_id(const core::Account& account);
[[nodiscard]] std::string request_id(const core::Address& from);

/// Each fails with invalid (ID_INVALID) on anything but what its counterpart made.
[[nodiscard]] Result<core::ConversationId> read_conversation_id(std::string_view text);
[[nodiscard]] Result<core::EventKey> read_message_id(std::string_view text);
[[nodiscard]] Result<core::Address> read_request_id(std::string_view text);

/// A place in a person's stream of changes: (store epoch, n).
[[nodiscard]] std::string change_cursor(const core::StoreEpoch& epoch, std::int64_t n);
/// Fails with invalid (CURSOR_INVALID), or conflict (CURSOR_EXPIRED) under another store epoch.
[[nodiscard]] Result<std::int64_t> read_change_cursor(std::string_view text,
                                                      const core::StoreEpoch& epoch);

/// The version of a consent: (store epoch, counter).
[[nodiscard]] std::string consent_version(const core::StoreEpoch& epoch, std::int64_t version);
/// Fails with conflict (CONSENT_STALE) on any other epoch or form.
[[nodiscard]] Result<std::int64_t> read_consent_version(std::string_view text,
                                                        const core::StoreEpoch& epoch);

/// A place in the list of conversations, by last change.
[[nodiscard]] std::string list_cursor(std::int64_t n);
[[nodiscard]] Result<std::int64_t> read_list_cursor(std::string_view text);

}  // namespace cpc::api
