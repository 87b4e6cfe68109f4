// The opaque ids and cursors of the client API: a kind letter and base64url. Clients keep them and
// hand them back; only these functions look inside. Pure.
#pragma once

#include "core/home.h"
#include "core/records.h"
#include "crypto/deterministic_seal.h"

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

/// Whose cursors they are. The number n inside is counted over the whole instance, so that in the
/// clear a gap in it would tell a sender whether somebody else was given something: whether the
/// person they wrote to exists, or has blocked them. Cursors are sealed therefore, for one person.
/// Make one for a whole page: its keys are derived then.
struct CursorOwner {
  const core::Home& home;
  const std::string& local;
  crypto::DeterministicSeal seal{home.master};
};

/// A place in a person's stream of changes: (store epoch, n). `salt` is empty or cursor_salt_bytes
/// random octets, with which the same n looks different each time: without them, asking again and
/// again would tell when anything changes on the instance.
[[nodiscard]] std::string change_cursor(const CursorOwner& owner, std::int64_t n,
                                        std::string_view salt = {});
/// Fails with invalid (CURSOR_INVALID), or conflict (CURSOR_EXPIRED) under another store epoch.
[[nodiscard]] Result<std::int64_t> read_change_cursor(std::string_view text,
                                                      const CursorOwner& owner);
inline constexpr std::size_t cursor_salt_bytes = 8;

/// The version of a consent: (store epoch, counter).
[[nodiscard]] std::string consent_version(const core::StoreEpoch& epoch, std::int64_t version);
/// Fails with conflict (CONSENT_STALE) on any other epoch or form.
[[nodiscard]] Result<std::int64_t> read_consent_version(std::string_view text,
                                                        const core::StoreEpoch& epoch);

/// A place in a list that is ordered by last change. Sealed like a change cursor.
[[nodiscard]] std::string list_cursor(const CursorOwner& owner, std::int64_t n);
/// Fails with invalid (CURSOR_INVALID).
[[nodiscard]] Result<std::int64_t> read_list_cursor(std::string_view text,
                                                    const CursorOwner& owner);

/// A place in the list of a person's consents.
[[nodiscard]] std::string consent_cursor(const core::ConsentKey& key);
/// The same key with `owner`, whose consents are read on. Fails with invalid (CURSOR_INVALID).
[[nodiscard]] Result<core::ConsentKey> read_consent_cursor(std::string_view text,
                                                           const std::string& owner);

}  // namespace cpc::api
