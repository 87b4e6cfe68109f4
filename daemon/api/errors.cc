#include "daemon/api/errors.h"

#include "core/codes.h"

namespace cpc::api {
namespace {

graphql::FieldError plain(std::string_view message, std::string_view code) {
  return {std::string{message}, std::string{code}, graphql::Json::object()};
}

}  // namespace

graphql::FieldError field_error(const Error& error) {
  const std::string_view code = core::stable_code(error);
  if (!code.empty()) return plain(core::sentence_of(error), code);
  switch (error.code) {
    case ErrorCode::invalid:
      return plain(error.detail, "BAD_USER_INPUT");
    case ErrorCode::denied:
      return plain("you may not do this", "DENIED");
    case ErrorCode::not_found:
      return plain("there is no such thing", "NOT_FOUND");
    case ErrorCode::conflict:
      return plain("it changed meanwhile; look again", "CONFLICT");
    case ErrorCode::too_large:
      return plain("it is too large", "TOO_LARGE");
    case ErrorCode::unavailable:
      return plain("not possible now; try again later", "UNAVAILABLE");
    case ErrorCode::internal:
      break;
  }
  return plain("something went wrong on our side", "INTERNAL");
}

graphql::FieldError field_error(Log& log, const Error& error) {
  if (error.code == ErrorCode::internal) {
    log.error("client request failed", {{"reason", error.detail}});
  }
  return field_error(error);
}

Error unauthenticated() {
  return core::refuse(ErrorCode::denied, unauthenticated_code, "sign in first");
}

}  // namespace cpc::api
