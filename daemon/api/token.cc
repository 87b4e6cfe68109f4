#include "daemon/api/token.h"

#include "federation/jws.h"
#include "federation/strict_json.h"

namespace cpc::api {
namespace {

constexpr std::string_view token_typ = "cpc-at";
constexpr std::string_view audience = "cpc-client";
constexpr std::size_t token_bytes_max = 2048;

std::int64_t seconds_of(TimePoint time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

Result<Token> read_claims(const nlohmann::json& value, const core::InstanceName& issuer,
                          TimePoint now) {
  CPC_TRY(const auto claims, federation::JsonObject::of(value, "token"));
  CPC_TRY(const std::string_view iss, claims.string("iss", 253));
  CPC_TRY(const std::string_view aud, claims.string("aud", 32));
  if (iss != issuer.text() || aud != audience) {
    return fail(ErrorCode::denied, "a token for somewhere else");
  }
  CPC_TRY(const std::int64_t expires, claims.integer("exp", 0, federation::json_integer_max));
  if (expires <= seconds_of(now)) return fail(ErrorCode::denied, "the token has expired");
  Token token;
  token.expires = std::chrono::sys_seconds{std::chrono::seconds{expires}};
  CPC_TRY(const std::string_view sub, claims.string("sub", 64));
  token.session.local = sub;
  CPC_TRY(token.session.incarnation, claims.id<core::Incarnation>("inc"));
  CPC_TRY(token.session.session_generation, claims.integer("gen", 1, federation::json_integer_max));
  return token;
}

}  // namespace

std::string make_token(const core::SessionClaim& session, const core::InstanceName& issuer,
                       TimePoint now, std::chrono::seconds lifetime,
                       const crypto::SigningKey& key) {
  const std::int64_t issued = seconds_of(now);
  const nlohmann::json claims{{"iss", issuer.text()},
                              {"aud", audience},
                              {"sub", session.local},
                              {"inc", to_text(session.incarnation)},
                              {"gen", session.session_generation},
                              {"iat", issued},
                              {"exp", issued + lifetime.count()}};
  return federation::sign_compact(token_typ, federation::compact_json(claims), key);
}

Result<Token> read_token(std::string_view text, const core::InstanceName& issuer, TimePoint now,
                         const crypto::PublicKey& key) {
  const auto denied = [](const Error&) { return fail(ErrorCode::denied, "not a token of ours"); };
  if (text.size() > token_bytes_max) return fail(ErrorCode::denied, "not a token of ours");
  const auto payload = federation::verify_compact(text, token_typ, key);
  if (!payload) return denied(payload.error());
  const auto value = federation::parse_strict_json(payload.value());
  if (!value) return denied(value.error());
  auto token = read_claims(value.value(), issuer, now);
  if (!token) return denied(token.error());
  return token;
}

}  // namespace cpc::api
