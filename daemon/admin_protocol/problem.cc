#include <utility>

#include "daemon/admin_protocol/codec.h"

namespace cpc::admin_protocol {
namespace {

struct Telling {
  const char* code;
  const char* todo;
};

Telling telling_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid:
      return {"invalid.request", "Correct the request; the same one will not work."};
    case ErrorCode::denied:
      return {"auth.denied", "Ask somebody whose role permits it."};
    case ErrorCode::not_found:
      return {"not_found.object", "Check the spelling of the name."};
    case ErrorCode::conflict:
      return {"precond.conflict", "Look at the present state, then decide again."};
    case ErrorCode::too_large:
      return {"invalid.too_large", "Make the request smaller."};
    case ErrorCode::unavailable:
      return {"unavailable.try_later", "Nothing was changed. Try again in a while."};
    case ErrorCode::internal:
      break;
  }
  return {"internal.error", "Look at the daemon's log; this is a bug or a broken machine."};
}

}  // namespace

Problem problem_of(const Error& error, std::string what) {
  const auto [code, todo] = telling_of(error.code);
  return {code, std::move(what), error.detail, todo};
}

unsigned http_status(const Problem& problem) {
  const std::string_view kind = std::string_view{problem.code}.substr(0, problem.code.find('.'));
  if (kind == "invalid") return 400;
  if (kind == "auth") return 403;
  if (kind == "not_found") return 404;
  if (kind == "precond") return 409;
  if (kind == "unavailable") return 503;
  return 500;
}

}  // namespace cpc::admin_protocol
