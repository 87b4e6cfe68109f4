// How a failure is told to a client: a stable code, a sentence that helps, nothing about us.
#pragma once

#include "core/base/log.h"
#include "core/base/result.h"
#include "daemon/graphql/engine.h"

namespace cpc::api {

inline constexpr std::string_view unauthenticated_code = "UNAUTHENTICATED";
inline constexpr std::string_view rate_limited_code = "RATE_LIMITED";

/// The refusal's own code and sentence; without one a general code, and for internal and
/// unavailable no word of what happened.
[[nodiscard]] graphql::FieldError field_error(const Error& error);
/// The same, and one line for the operator when it is internal.
[[nodiscard]] graphql::FieldError field_error(Log& log, const Error& error);

/// `UNAUTHENTICATED: sign in first`.
[[nodiscard]] Error unauthenticated();

}  // namespace cpc::api
