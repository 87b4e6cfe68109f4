// What a client says about formats is read as RFC 9110 writes it.

#include "daemon/api/negotiation.h"

#include <catch2/catch.hpp>

namespace cpc::api {
namespace {

federation::HttpHeaders accepting(const std::vector<std::string>& values) {
  federation::HttpHeaders headers;
  for (const std::string& value : values) headers.list.push_back({"accept", value});
  return headers;
}

std::string_view chosen(const std::vector<std::string>& values) {
  const auto type = answer_type_for(accepting(values));
  return type ? media_type_of(*type) : "none";
}

constexpr std::string_view newer = "application/graphql-response+json";
constexpr std::string_view older = "application/json";

}  // namespace

TEST_CASE("the answer has the media type that the client likes best") {
  CHECK(chosen({}) == newer);
  CHECK(chosen({"*/*"}) == newer);
  CHECK(chosen({"application/*"}) == newer);
  CHECK(chosen({"application/graphql-response+json"}) == newer);
  CHECK(chosen({"application/json"}) == older);
  CHECK(chosen({"Application/JSON; charset=utf-8"}) == older);
  CHECK(chosen({"application/graphql-response+json, application/json;q=0.9"}) == newer);
  CHECK(chosen({"application/graphql-response+json;q=0.5, application/json"}) == older);
  CHECK(chosen({"application/json, */*;q=0.1"}) == older);
  CHECK(chosen({"text/html, application/xhtml+xml", "application/json ; Q=0.2"}) == older);
  CHECK(chosen({"*/*, application/graphql-response+json;q=0"}) == older);
  CHECK(chosen({"application/json, application/graphql-response+json"}) == newer);
  CHECK(chosen({",, ,application/json"}) == older);
}

TEST_CASE("a client that takes neither media type gets none") {
  CHECK(chosen({"text/html"}) == "none");
  CHECK(chosen({""}) == "none");
  CHECK(chosen({"application/json;q=0"}) == "none");
  CHECK(chosen({"*/*;q=0.000"}) == "none");
  CHECK(chosen({"application/jsonx, xapplication/json"}) == "none");
}

TEST_CASE("a weight that is none counts as not given") {
  CHECK(chosen({"application/json;q=x, application/graphql-response+json;q=0.9"}) == older);
  CHECK(chosen({"application/json;q=7, application/graphql-response+json;q=0.9"}) == older);
}

TEST_CASE("a body is JSON whatever its parameters and letters") {
  const auto is_json = [](const std::string& type) {
    return is_json_body({{{"content-type", type}}});
  };
  CHECK(is_json("application/json"));
  CHECK(is_json("Application/Json;charset=UTF-8"));
  CHECK(is_json("application/json ; charset=utf-8"));
  CHECK_FALSE(is_json("application/jsonp"));
  CHECK_FALSE(is_json("text/plain"));
  CHECK_FALSE(is_json(""));
  CHECK_FALSE(is_json_body({}));
}

TEST_CASE("a token follows Bearer in any letters") {
  CHECK(bearer_token("Bearer abc").value() == "abc");
  CHECK(bearer_token("bearer abc").value() == "abc");
  CHECK(bearer_token("BEARER   abc").value() == "abc");
  CHECK_FALSE(bearer_token("Basic abc"));
  CHECK_FALSE(bearer_token("Bearer"));
  CHECK_FALSE(bearer_token("Bearerabc"));
  CHECK_FALSE(bearer_token(""));
}

}  // namespace cpc::api
