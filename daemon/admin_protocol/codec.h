// The JSON form of messages.h. Encoding and decoding of a type come from one list of its fields, so
// they cannot drift apart. All functions are pure and may be called from any thread; no exception
// leaves them.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "daemon/admin_protocol/messages.h"

namespace cpc::admin_protocol {

inline constexpr std::size_t request_bytes_max = 64 * 1024;        ///< The daemon reads no more.
inline constexpr std::size_t answer_bytes_max = 16 * 1024 * 1024;  ///< cpcctl reads no more.

/// One line. An answer and a Problem begin with their `schema`; a request has none. Text that is
/// not UTF-8 gets U+FFFD in its place. Defined for every request and answer, and for Problem.
template <class Message>
[[nodiscard]] std::string encode(const Message& message);

/// Fails with invalid if `text` is not one JSON object with all fields of the type, or of another
/// schema. A request with a field we do not know is refused, because it asks for something we would
/// not do; an answer with one was made by a newer daemon, and the field is passed over.
/// The detail names the field, never a value.
template <class Message>
[[nodiscard]] Result<Message> decode(std::string_view text);

/// The text of an enumeration, as it stands in JSON.
[[nodiscard]] std::string_view to_text(DaemonState state);
[[nodiscard]] std::string_view to_text(PeerState state);

/// The Problem that tells an Error of the rules: its code is invalid.request, auth.denied,
/// not_found.object, precond.conflict, invalid.too_large, unavailable.try_later or internal.error,
/// its `why` the error's detail. `what` is the sentence of the command that failed.
[[nodiscard]] Problem problem_of(const Error& error, std::string what);

/// 400, 403, 404, 409, 503 or 500, from the part of the code before the dot.
[[nodiscard]] unsigned http_status(const Problem& problem);

}  // namespace cpc::admin_protocol
