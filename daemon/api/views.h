// Rows as the JSON objects behind the types of daemon/schema.graphql. Read from one Snapshot, on a
// reader thread. Members that begin with `_` are for resolvers and never reach a client.
#pragma once

#include <nlohmann/json.hpp>

#include "core/home.h"
#include "core/store.h"

namespace cpc::api {

using nlohmann::json;

/// Whose eyes see it.
struct Viewer {
  const core::Home& home;
  core::Address person;
};

[[nodiscard]] json user_view(const core::Address& address);
[[nodiscard]] json account_view(const core::Home& home, const core::Account& account);
[[nodiscard]] json consent_view(const core::Home& home, const core::Consent& consent);

/// Fail with unavailable when the store cannot be read, internal when a body cannot be opened.
/// Of others a participant shows only how far they told to have read.
[[nodiscard]] Result<json> participant_view(core::Lookup& store, const Viewer& viewer,
                                            const core::Conversation& conversation,
                                            const core::Member& member);
[[nodiscard]] Result<json> conversation_view(core::Snapshot& store, const Viewer& viewer,
                                             const core::Conversation& conversation);
[[nodiscard]] Result<json> message_view(core::Snapshot& store, const Viewer& viewer,
                                        const core::Conversation& conversation,
                                        const core::Event& event);
[[nodiscard]] Result<json> request_view(core::Snapshot& store, const Viewer& viewer,
                                        const core::ContactRequest& request);

/// The conversation if `viewer` takes part in it, else not_found.
[[nodiscard]] Result<core::Conversation> visible_conversation(core::Lookup& store,
                                                              const Viewer& viewer,
                                                              const core::ConversationId& id);

}  // namespace cpc::api
