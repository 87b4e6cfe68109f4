// The client API over HTTP and WebSocket: GraphQL over HTTP (POST /graphql, the GraphQL-over-HTTP
// specification) and, on the same path, the graphql-transport-ws protocol for subscriptions.
// Network thread only.
#pragma once

#include "daemon/api/api_parts.h"
#include "daemon/api/negotiation.h"
#include "daemon/api/token.h"
#include "daemon/graphql/engine.h"
#include "federation/http_server.h"

namespace cpc::api {

class ClientServer {
 public:
  ClientServer(ApiParts& parts, const graphql::Engine& engine) : parts_(parts), engine_(engine) {}

  /// 200 with a result, also one with field errors; 400 for a request that cannot be run (to a
  /// client that accepts application/json only, 200 when it is well-formed); 401 for a token that
  /// is not (or no longer) valid and for what needs one; 429 with Retry-After; 404, 405, 406, 415
  /// for other paths, methods, accepted and content types; 503 and 500 when the store fails.
  [[nodiscard]] boost::asio::awaitable<federation::HttpReply> handle(
      federation::HttpRequest request, federation::PeerInfo peer);

  /// The subprotocol when a request to upgrade is one of ours.
  [[nodiscard]] std::optional<std::string> take_upgrade(const federation::HttpRequest& request,
                                                        const federation::PeerInfo& peer) const;
  /// Serves one client until it leaves.
  [[nodiscard]] boost::asio::awaitable<void> serve(federation::HttpRequest request,
                                                   std::unique_ptr<federation::WebSocket> socket);

 private:
  [[nodiscard]] boost::asio::awaitable<federation::HttpReply> run(
      Caller& caller, const federation::HttpRequest& request, AnswerType type);

  ApiParts& parts_;
  const graphql::Engine& engine_;
};

/// What a bearer token stands for, checked against the account. Fails with denied, or like the
/// store.
[[nodiscard]] Task<Token> session_of(ApiParts& parts, std::string token);
/// Fails with denied once the token expired, the password changed or the account was disabled, or
/// like the store.
[[nodiscard]] Task<> check_token(ApiParts& parts, Token token);

/// The request of a GraphQL client from its JSON form. Fails with invalid.
[[nodiscard]] Result<graphql::Incoming> read_incoming(const graphql::Json& value);

}  // namespace cpc::api
