#include "federation/wire_codes.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "federation/peer_identity.h"
#include "federation/strict_json.h"

namespace cpc::federation {
namespace {

struct Row {
  WireCode code;
  std::string_view text;
  int status;
};

// In the order of the enum; wire_codes_test holds them to it. Statuses that oblige us to more
// headers (401, 426) are not used: the code says it.
constexpr std::array rows{
    Row{WireCode::bad_signature, "BAD_SIGNATURE", 403},
    Row{WireCode::unknown_key, "UNKNOWN_KEY", 403},
    Row{WireCode::unknown_sealing_key, "UNKNOWN_SEALING_KEY", 409},
    Row{WireCode::clock_skew, "CLOCK_SKEW", 403},
    Row{WireCode::replay, "REPLAY", 409},
    Row{WireCode::wrong_destination, "WRONG_DESTINATION", 421},
    Row{WireCode::not_peered, "NOT_PEERED", 403},
    Row{WireCode::identity_conflict, "IDENTITY_CONFLICT", 409},
    Row{WireCode::incompatible, "INCOMPATIBLE", 400},
    Row{WireCode::too_large, "TOO_LARGE", 413},
    Row{WireCode::busy, "BUSY", 503},
    Row{WireCode::stale_epoch, "STALE_EPOCH", 409},
    Row{WireCode::malformed, "MALFORMED", 400},
    Row{WireCode::internal, "INTERNAL", 500},
    Row{WireCode::retry, "RETRY", 503},
    Row{WireCode::unrecognized, "UNRECOGNIZED", 404},
    Row{WireCode::method_not_allowed, "METHOD_NOT_ALLOWED", 405},
};

const Row& row_of(WireCode code) {
  return rows[static_cast<std::size_t>(code)];
}

constexpr std::string_view problem_type = "application/problem+json";
constexpr JsonLimits problem_limits{.bytes_max = 4096, .depth_max = 4, .values_max = 64};

WireCode wire_code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid:
      return WireCode::malformed;
    case ErrorCode::denied:
      return WireCode::not_peered;
    case ErrorCode::not_found:
      return WireCode::unrecognized;
    case ErrorCode::too_large:
      return WireCode::too_large;
    case ErrorCode::conflict:
      return WireCode::retry;
    case ErrorCode::unavailable:
      return WireCode::busy;
    case ErrorCode::internal:
      break;
  }
  return WireCode::internal;
}

}  // namespace

std::string_view to_text(WireCode code) {
  return row_of(code).text;
}

std::optional<WireCode> wire_code_from_text(std::string_view text) {
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.text == text; });
  if (found == rows.end()) return std::nullopt;
  return found->code;
}

int http_status(WireCode code) {
  return row_of(code).status;
}

WireError::WireError(const Error& error) : code(wire_code_of(error.code)), detail(error.detail) {}

HttpReply problem_reply(WireCode code, TimePoint now, bool retryable) {
  HttpReply reply;
  reply.status = http_status(code);
  reply.headers.list = {{"content-type", std::string{problem_type}}};
  nlohmann::json problem{
      {"code", to_text(code)}, {"retryable", retryable}, {"server_time", to_milliseconds(now)}};
  if (code == WireCode::incompatible) problem["versions"] = protocol_versions;
  reply.body = compact_json(problem);
  return reply;
}

Result<WireProblem> read_problem(const HttpReply& reply) {
  if (reply.headers.find("content-type") != problem_type) {
    return fail(ErrorCode::invalid, "problem: another content type");
  }
  CPC_TRY(const nlohmann::json body, parse_strict_json(reply.body, problem_limits));
  CPC_TRY(const JsonObject problem, JsonObject::of(body, "problem"));
  CPC_TRY(const std::string_view text, problem.string("code", 64));
  CPC_TRY(const bool retryable, problem.boolean("retryable"));
  CPC_TRY(const TimePoint server_time, problem.time("server_time"));
  const std::optional<WireCode> code = wire_code_from_text(text);
  if (!code) return problem.wrong("code", "is unknown");
  WireProblem told{*code, retryable, server_time};
  if (problem.has("versions")) {
    CPC_TRY(told.versions, read_versions(problem));
  }
  return told;
}

std::optional<Milliseconds> read_retry_after(const HttpReply& reply) {
  const auto text = reply.headers.find("retry-after");
  if (!text || text->empty() || text->size() > 7) return std::nullopt;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  const bool is_number = error == std::errc{} && end == text->data() + text->size() && seconds >= 0;
  if (!is_number) return std::nullopt;
  return std::chrono::seconds{seconds};
}

}  // namespace cpc::federation
