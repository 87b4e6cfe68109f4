#include "daemon/api/client_server.h"

#include "daemon/api/errors.h"
#include "federation/strict_json.h"

namespace cpc::api {
namespace {

using federation::HttpReply;
using federation::HttpRequest;
using graphql::Answer;

constexpr std::string_view graphql_path = "/graphql";
constexpr std::string_view bearer = "Bearer ";

HttpReply reply_with(int status, const Answer& answer) {
  HttpReply reply;
  reply.status = status;
  reply.headers.list.push_back(
      {"content-type", "application/graphql-response+json; charset=utf-8"});
  reply.headers.list.push_back({"cache-control", "no-store"});
  reply.body = graphql::to_text(answer);
  return reply;
}

HttpReply refusal(int status, std::string_view code, std::string message) {
  HttpReply reply = reply_with(status, graphql::refuse(code, std::move(message)).answer());
  if (status == 401) reply.headers.list.push_back({"www-authenticate", "Bearer"});
  if (status == 405) reply.headers.list.push_back({"allow", "POST"});
  return reply;
}

// The status that field errors ask for, and how long to wait when that is one of them.
struct Verdict {
  int status = 200;
  std::int64_t retry_after = 0;
};
Verdict verdict_of(const Answer& answer) {
  Verdict verdict;
  if (!answer.contains("errors")) return verdict;
  for (const auto& error : answer["errors"]) {
    const auto& extensions = error.at("extensions");
    if (extensions.at("code") == rate_limited_code) {
      return {429, extensions.at("retryAfter").get<std::int64_t>()};
    }
    if (extensions.at("code") == unauthenticated_code) verdict.status = 401;
  }
  return verdict;
}

bool is_json(const HttpRequest& request) {
  const auto type = request.headers.find("content-type");
  if (!type) return false;
  const std::string_view media = type->substr(0, type->find(';'));
  return media == "application/json" || media == "application/json ";
}

}  // namespace

Task<Token> session_of(ApiParts& parts, std::string token) {
  CPC_CO_TRY(const Token read, read_token(token, parts.home.name, parts.timers.now(),
                                          parts.keys.signing.public_key()));
  CPC_CO_TRY(co_await check_token(parts, read));
  co_return read;
}

Task<> check_token(ApiParts& parts, Token token) {
  if (TimePoint{token.expires} <= parts.timers.now()) {
    co_return fail(ErrorCode::denied, "the token has expired");
  }
  const auto look = [&](core::Snapshot& store) -> Result<> {
    CPC_TRY(core::check_session(store, token.session));
    return success();
  };
  co_return co_await parts.store.read(look);
}

Result<graphql::Incoming> read_incoming(const graphql::Json& value) {
  if (!value.is_object()) return fail(ErrorCode::invalid, "a GraphQL request is a JSON object");
  graphql::Incoming incoming;
  if (!value.contains("query") || !value["query"].is_string()) {
    return fail(ErrorCode::invalid, "`query` is missing or no string");
  }
  incoming.text = value["query"];
  if (value.contains("operationName") && !value["operationName"].is_null()) {
    if (!value["operationName"].is_string()) {
      return fail(ErrorCode::invalid, "`operationName` is no string");
    }
    incoming.operation_name = value["operationName"];
  }
  if (value.contains("variables") && !value["variables"].is_null()) {
    if (!value["variables"].is_object()) {
      return fail(ErrorCode::invalid, "`variables` is no object");
    }
    incoming.variables = value["variables"];
  }
  return incoming;
}

boost::asio::awaitable<HttpReply> ClientServer::handle(HttpRequest request,
                                                       federation::PeerInfo peer) {
  if (request.path != graphql_path) co_return refusal(404, "NOT_FOUND", "there is nothing here");
  if (request.method != "POST") co_return refusal(405, "METHOD_NOT_ALLOWED", "use POST");
  if (!is_json(request)) {
    co_return refusal(415, "UNSUPPORTED_MEDIA_TYPE", "use Content-Type: application/json");
  }
  Caller caller{parts_, {}, {}, peer.address};
  if (request.headers.count("authorization") > 0) {
    const auto authorization = request.headers.find("authorization");
    if (!authorization || !authorization->starts_with(bearer)) {
      co_return refusal(401, unauthenticated_code, "use Authorization: Bearer");
    }
    const auto session =
        co_await session_of(parts_, std::string{authorization->substr(bearer.size())});
    if (!session && session.error().code == ErrorCode::unavailable) {
      co_return refusal(503, "UNAVAILABLE", "not possible now; try again later");
    }
    if (!session) co_return refusal(401, unauthenticated_code, "sign in again");
    caller.session = session.value().session;
    caller.session_ends = session.value().expires;
  }
  co_return co_await run(caller, request);
}

boost::asio::awaitable<HttpReply> ClientServer::run(Caller& caller, const HttpRequest& request) {
  federation::JsonLimits limits;
  limits.allow_floats = true;
  const auto value = federation::parse_strict_json(request.body, limits);
  if (!value) co_return refusal(400, graphql::code::bad_user_input, "the body is no strict JSON");
  auto incoming = read_incoming(value.value());
  if (!incoming) co_return refusal(400, graphql::code::bad_user_input, incoming.error().detail);
  incoming.value().may_introspect = caller.session.has_value();

  auto prepared = engine_.prepare(incoming.value());
  if (!prepared) co_return reply_with(400, prepared.error().answer());
  if (prepared.value().kind() == graphql::OperationKind::subscription) {
    co_return refusal(400, graphql::code::operation_resolution,
                      "subscriptions go over a WebSocket (graphql-transport-ws)");
  }
  const Answer answer =
      co_await engine_.execute(std::move(prepared).value(), graphql::Request{caller});
  const Verdict verdict = verdict_of(answer);
  HttpReply reply = reply_with(verdict.status, answer);
  if (verdict.status == 429) {
    reply.headers.list.push_back({"retry-after", std::to_string(verdict.retry_after)});
  }
  if (verdict.status == 401) reply.headers.list.push_back({"www-authenticate", "Bearer"});
  co_return reply;
}

}  // namespace cpc::api
