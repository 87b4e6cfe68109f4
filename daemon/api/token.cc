#include "daemon/api/token.h"

#include <algorithm>

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

struct Claims {
  Token token;
  TimePoint issued;
};

Result<Claims> read_claims(const nlohmann::json& value, const core::InstanceName& issuer,
                           std::chrono::seconds lifetime, TimePoint now) {
  CPC_TRY(const auto claims, federation::JsonObject::of(value, "token"));
  CPC_TRY(const std::string_view iss, claims.string("iss", 253));
  CPC_TRY(const std::string_view aud, claims.string("aud", 32));
  if (iss != issuer.text() || aud != audience) {
    return fail(ErrorCode::denied, "a token for somewhere else");
  }
  CPC_TRY(const std::int64_t expires, claims.integer("exp", 0, federation::json_integer_max));
  CPC_TRY(const std::int64_t issued, claims.integer("iat", 0, federation::json_integer_max));
  const std::int64_t end = std::min(expires, issued + lifetime.count());
  if (end <= seconds_of(now)) return fail(ErrorCode::denied, "the token has expired");
  Token token;
  token.expires = std::chrono::sys_seconds{std::chrono::seconds{end}};
  CPC_TRY(const std::string_view sub, claims.string("sub", 64));
  token.session.local = sub;
  CPC_TRY(token.session.incarnation, claims.id<core::Incarnation>("inc"));
  CPC_TRY(token.session.session_generation, claims.integer("gen", 1, federation::json_integer_max));
  return Claims{token, TimePoint{std::chrono::seconds{issued}}};
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

namespace {

Result<Token> read_any_token(std::string_view text, const federation::PeerIdentity& issuer,
                             std::chrono::seconds lifetime, TimePoint now) {
  if (text.size() > token_bytes_max) return fail(ErrorCode::denied, "longer than any token");
  CPC_TRY(const federation::Jws jws, federation::jws_from_compact(text));
  CPC_TRY(const federation::JwsHeader header, federation::read_header(jws));
  CPC_TRY(const Bytes payload, federation::read_unverified_payload(jws));
  CPC_TRY(const auto value, federation::parse_strict_json(payload));
  CPC_TRY(const Claims claims, read_claims(value, issuer.name, lifetime, now));
  // Whether the key's time had begun is no matter: clocks are set back.
  const federation::DelegatedKey* signer = issuer.find(header.kid);
  const bool is_ours =
      signer != nullptr && claims.issued < signer->not_after && !issuer.is_revoked(header.kid);
  if (!is_ours) return fail(ErrorCode::denied, "signed by no key of ours");
  CPC_TRY(federation::verify_jws(jws, token_typ, signer->key));
  return claims.token;
}

}  // namespace

Result<Token> read_token(std::string_view text, const federation::PeerIdentity& issuer,
                         std::chrono::seconds lifetime, TimePoint now) {
  auto token = read_any_token(text, issuer, lifetime, now);
  if (token) return token;
  return fail(ErrorCode::denied, "not a token of ours");
}

}  // namespace cpc::api
