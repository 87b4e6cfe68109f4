#include "daemon/api/client_server.h"

#include "daemon/api/errors.h"
#include "federation/strict_json.h"

namespace cpc::api {
namespace {

using federation::HttpReply;
using federation::HttpRequest;
using graphql::Answer;

constexpr std::string_view graphql_path = "/graphql";

HttpReply reply_with(AnswerType type, int status, const Answer& answer) {
  HttpReply reply;
  reply.status = status;
  reply.headers.list.push_back(
      {"content-type", std::string{media_type_of(type)} + "; charset=utf-8"});
  reply.headers.list.push_back({"cache-control", "no-store"});
  reply.headers.list.push_back({"vary", "accept"});
  reply.body = graphql::to_text(answer);
  return reply;
}

HttpReply refusal(AnswerType type, int status, std::string_view code, std::string message) {
  HttpReply reply = reply_with(type, status, graphql::refuse(code, std::move(message)).answer());
  if (status == 401) reply.headers.list.push_back({"www-authenticate", "Bearer"});
  if (status == 405) reply.headers.list.push_back({"allow", "POST"});
  return reply;
}

// Of a well-formed request that cannot be run.
int request_error_status(AnswerType type) {
  return type == AnswerType::plain_json ? 200 : 400;
}

// What is wrong with a request before it is looked into; none: nothing.
std::optional<HttpReply> refused_unread(const HttpRequest& request,
                                        std::optional<AnswerType> wanted) {
  const AnswerType type = wanted.value_or(AnswerType::graphql_response);
  if (request.path != graphql_path) return refusal(type, 404, "NOT_FOUND", "there is nothing here");
  if (request.method != "POST") return refusal(type, 405, "METHOD_NOT_ALLOWED", "use POST");
  if (!wanted) {
    return refusal(type, 406, "NOT_ACCEPTABLE",
                   "accept application/graphql-response+json or application/json");
  }
  if (is_json_body(request.headers)) return std::nullopt;
  return refusal(type, 415, "UNSUPPORTED_MEDIA_TYPE", "use Content-Type: application/json");
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

}  // namespace

Task<Token> session_of(ApiParts& parts, std::string token) {
  CPC_CO_TRY(const Token read, read_token(token, parts.keys.delegation().identity,
                                          parts.settings.token_lifetime, parts.timers.now()));
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
  const auto wanted = answer_type_for(request.headers);
  auto refused = refused_unread(request, wanted);
  if (refused) co_return *std::move(refused);
  const AnswerType type = *wanted;
  Caller caller{parts_, {}, {}, peer.address};
  if (request.headers.count("authorization") > 0) {
    const auto credentials = request.headers.find("authorization");
    const auto token = credentials ? bearer_token(*credentials) : std::nullopt;
    if (!token) co_return refusal(type, 401, unauthenticated_code, "use Authorization: Bearer");
    const auto session = co_await session_of(parts_, std::string{*token});
    if (!session && session.error().code != ErrorCode::denied) {
      const auto told = field_error(parts_.log, session.error());
      const int status = session.error().code == ErrorCode::unavailable ? 503 : 500;
      co_return refusal(type, status, told.code, told.message);
    }
    if (!session) co_return refusal(type, 401, unauthenticated_code, "sign in again");
    caller.session = session.value().session;
    caller.session_ends = session.value().expires;
  }
  co_return co_await run(caller, request, type);
}

boost::asio::awaitable<HttpReply> ClientServer::run(Caller& caller, const HttpRequest& request,
                                                    AnswerType type) {
  federation::JsonLimits limits;
  limits.allow_floats = true;
  const auto value = federation::parse_strict_json(request.body, limits);
  if (!value) {
    co_return refusal(type, 400, graphql::code::bad_user_input, "the body is no strict JSON");
  }
  auto incoming = read_incoming(value.value());
  if (!incoming) {
    co_return refusal(type, 400, graphql::code::bad_user_input, incoming.error().detail);
  }
  incoming.value().may_introspect = caller.session.has_value();

  auto prepared = engine_.prepare(incoming.value());
  if (!prepared) {
    co_return reply_with(type, request_error_status(type), prepared.error().answer());
  }
  if (prepared.value().kind() == graphql::OperationKind::subscription) {
    co_return refusal(type, request_error_status(type), graphql::code::operation_resolution,
                      "subscriptions go over a WebSocket (graphql-transport-ws)");
  }
  const Answer answer =
      co_await engine_.execute(std::move(prepared).value(), graphql::Request{caller});
  const Verdict verdict = verdict_of(answer);
  HttpReply reply = reply_with(type, verdict.status, answer);
  if (verdict.status == 429) {
    reply.headers.list.push_back({"retry-after", std::to_string(verdict.retry_after)});
  }
  if (verdict.status == 401) reply.headers.list.push_back({"www-authenticate", "Bearer"});
  co_return reply;
}

}  // namespace cpc::api
