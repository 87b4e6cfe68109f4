// How clients are served over HTTP: formats, statuses, and how often they may try to sign in.

#include <catch2/catch.hpp>

#include "tests/unit/daemon/api/desk.h"

namespace cpc::api {
namespace {

std::string header_of(const federation::HttpReply& reply, std::string_view name) {
  return std::string{reply.headers.find(name).value_or("")};
}

federation::HttpReply sign_in_as(Desk& desk, const std::string& username,
                                 const std::string& address) {
  return desk.post("",
                   "mutation { signIn(input: {username: \"" + username +
                       "\", password: \"x\"}) { accessToken } }",
                   {}, address);
}

}  // namespace

TEST_CASE("the answer has the form that was asked for, and its status") {
  Desk desk;
  desk.alpha.add_person("anna");
  const auto reply = [&](const std::string& accept, const std::string& document) {
    return desk.post("anna", document, {{"accept", accept}});
  };
  const std::string good = "{ me { id } }";
  const std::string wrong = "{ nothing }";
  const std::string stream = "subscription { events { cursor } }";
  for (const std::string& accept : {std::string{"*/*"}, std::string{"application/*"},
                                    std::string{"Application/GraphQL-Response+JSON"}}) {
    CHECK(reply(accept, good).status == 200);
    CHECK(reply(accept, wrong).status == 400);
    CHECK(reply(accept, stream).status == 400);
    CHECK(header_of(reply(accept, wrong), "content-type") ==
          "application/graphql-response+json; charset=utf-8");
  }
  for (const std::string& document : {good, wrong, stream}) {
    const auto older = reply("application/json", document);
    CHECK(older.status == 200);
    CHECK(header_of(older, "content-type") == "application/json; charset=utf-8");
    CHECK(json::parse(older.body).contains("errors") == (document != good));
  }
  CHECK(reply("text/html", good).status == 406);
  CHECK(desk.post("anna", good).status == 200);
}

TEST_CASE("what is no GraphQL request is 400 in either form") {
  Desk desk;
  for (const std::string accept : {"application/json", "*/*"}) {
    federation::HttpRequest request{"POST", "/graphql", "", {}, "{}"};
    request.headers.list = {{"accept", accept}, {"content-type", "APPLICATION/JSON"}};
    CHECK(desk.run(desk.server.handle(std::move(request), {})).status == 400);
  }
}

TEST_CASE("the scheme of a token may be written in any letters") {
  Desk desk;
  desk.alpha.add_person("anna");
  for (const std::string scheme : {"bearer ", "BEARER ", "Bearer  "}) {
    const std::string credentials = scheme + desk.token_of("anna");
    CHECK(desk.post("", "{ me { id } }", {{"authorization", credentials}}).status == 200);
  }
  CHECK(desk.post("", "{ me { id } }", {{"authorization", "Basic abc"}}).status == 401);
}

TEST_CASE("one address that tries every name locks nobody out") {
  Desk desk;
  for (int i = 0; i < 20; ++i) {
    const auto tried = sign_in_as(desk, "anna", "192.0.2.66");
    CHECK(tried.status == (i < 2 ? 200 : 429));
  }
  for (int i = 0; i < 20; ++i) {
    CHECK(sign_in_as(desk, "ben", "192.0.2.66").status == 429);
  }
  CHECK(code_of(json::parse(sign_in_as(desk, "ben", "192.0.2.1").body)) == "SIGN_IN_FAILED");
}

TEST_CASE("one account is not tried from many addresses") {
  Desk desk;
  CHECK(sign_in_as(desk, "anna", "192.0.2.1").status == 200);
  CHECK(sign_in_as(desk, "anna", "192.0.2.2").status == 200);
  CHECK(sign_in_as(desk, "anna", "192.0.2.3").status == 429);
}

TEST_CASE("when too many sign in at once the next one is told how long to wait") {
  Desk desk;
  desk.hashed = fail(ErrorCode::unavailable, "the queue is full");
  const auto reply = sign_in_as(desk, "anna", "192.0.2.1");
  CHECK(reply.status == 429);
  CHECK(header_of(reply, "retry-after") == "5");
  CHECK(code_of(json::parse(reply.body)) == "RATE_LIMITED");
  CHECK(reply.body.find("queue") == std::string::npos);
}

}  // namespace cpc::api
