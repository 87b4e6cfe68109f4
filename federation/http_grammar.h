// The words of HTTP/1.1 (RFC 9110 section 5, RFC 9112, RFC 3986), for what we read and for what we
// write: a header that we would refuse from others is never sent by us.
#pragma once

#include <string_view>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "federation/http_message.h"

namespace cpc::federation {

/// RFC 9110 section 5.6.2.
[[nodiscard]] bool is_token(std::string_view text);
/// A method as HttpRequest has it: upper-case letters only.
[[nodiscard]] bool is_method(std::string_view text);
/// No control octets but tabs, and no white space at either end. Empty is a value.
[[nodiscard]] bool is_header_value(std::string_view text);
/// What RFC 3986 allows in a path that begins with '/', percent-encoding well-formed.
[[nodiscard]] bool is_path(std::string_view text);
/// The same for what follows the '?'.
[[nodiscard]] bool is_query(std::string_view text);
/// ASCII letters compare equal in either case.
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b);
[[nodiscard]] std::string lower_case(std::string_view text);
/// `token` is one of the members of a comma-separated list, in any case.
[[nodiscard]] bool list_contains(std::string_view list, std::string_view token);

/// The octets of a message's head: start line and headers from CRLF to CRLF, each in `block`.
/// True unless something in it is read differently by different readers: CR or LF alone, a folded
/// line, an empty line before the last, white space before a colon, a control octet.
[[nodiscard]] bool is_strict_head(std::string_view block);

/// Headers that only the connection may set: they say where a message ends.
[[nodiscard]] bool is_framing_header(std::string_view lower_case_name);

/// Start line and headers without the framing ones, up to but without the blank line. Fails with
/// invalid if something in it is not HTTP.
[[nodiscard]] Result<Bytes> request_head(const HttpRequest& request);
[[nodiscard]] Result<Bytes> reply_head(const HttpReply& reply);

}  // namespace cpc::federation
