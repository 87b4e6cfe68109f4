// What a client says about formats in the headers of HTTP: which media type its body has, which it
// takes back, and the scheme of its credentials. Names are compared without regard to case (RFC
// 9110). Pure.
#pragma once

#include <optional>
#include <string_view>

#include "federation/http_message.h"

namespace cpc::api {

/// The two media types of the GraphQL-over-HTTP draft. They differ in status as well: the older one
/// has 200 for every well-formed request, also one that cannot be run.
enum class AnswerType { graphql_response, plain_json };

[[nodiscard]] std::string_view media_type_of(AnswerType type);

/// What the Accept headers like best (RFC 9110 section 12.5.1); graphql_response without any, and
/// where both are liked as well. None when neither is acceptable.
[[nodiscard]] std::optional<AnswerType> answer_type_for(const federation::HttpHeaders& headers);

/// Whether the body is application/json, with whatever parameters.
[[nodiscard]] bool is_json_body(const federation::HttpHeaders& headers);

/// What follows `Bearer` and its spaces (RFC 6750 section 2.1); none under another scheme.
[[nodiscard]] std::optional<std::string_view> bearer_token(std::string_view credentials);

}  // namespace cpc::api
