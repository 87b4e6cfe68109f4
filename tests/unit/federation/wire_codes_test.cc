// What a refusal says, and what it does not.

#include "federation/wire_codes.h"

#include <catch2/catch.hpp>

namespace cpc::federation {
namespace {

constexpr TimePoint now = from_milliseconds(1'760'000'000'123);
constexpr int codes = static_cast<int>(WireCode::method_not_allowed) + 1;

HttpReply problem(std::string body) {
  return {400, {{{"content-type", "application/problem+json"}}}, std::move(body)};
}

}  // namespace

TEST_CASE("every code has a text of its own that leads back to it, and an HTTP status of refusal") {
  for (int i = 0; i < codes; ++i) {
    const auto code = static_cast<WireCode>(i);
    INFO(to_text(code));
    CHECK(wire_code_from_text(to_text(code)) == code);
    CHECK(http_status(code) >= 400);
    CHECK(http_status(code) < 600);
    const auto read = read_problem(problem_reply(code, now, i % 2 == 0));
    REQUIRE(read.has_value());
    CHECK(read.value().code == code);
    CHECK(read.value().retryable == (i % 2 == 0));
    CHECK(read.value().server_time == now);
  }
  CHECK(to_text(WireCode::bad_signature) == "BAD_SIGNATURE");
  CHECK(to_text(WireCode::method_not_allowed) == "METHOD_NOT_ALLOWED");
  CHECK_FALSE(wire_code_from_text("bad_signature").has_value());
  CHECK_FALSE(wire_code_from_text("").has_value());
}

TEST_CASE("a refusal carries its code, our clock and nothing else") {
  const HttpReply reply = problem_reply(WireCode::clock_skew, now, true);
  CHECK(reply.status == 403);
  CHECK(reply.body == R"({"code":"CLOCK_SKEW","retryable":true,"server_time":1760000000123})");
  REQUIRE(reply.headers.list.size() == 1);
  CHECK(reply.headers.find("content-type") == "application/problem+json");
}

TEST_CASE("a reply that is no problem of ours is not taken for one") {
  const std::string good = R"({"code":"BUSY","retryable":true,"server_time":1,"later":"member"})";
  CHECK(read_problem(problem(good)).has_value());
  HttpReply html = problem(good);
  html.headers.list[0].value = "text/html";
  for (const HttpReply& reply :
       {html, problem(""), problem("[]"),
        problem(R"({"code":"NEW","retryable":true,"server_time":1})"),
        problem(R"({"code":"BUSY","retryable":1,"server_time":1})"),
        problem(R"({"code":"BUSY","retryable":true,"server_time":-1})"),
        problem(R"({"code":"BUSY","code":"BUSY","retryable":true,"server_time":1})")}) {
    INFO(reply.body);
    const auto read = read_problem(reply);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == ErrorCode::invalid);
  }
}

TEST_CASE("an inner error becomes the wire code of what the peer can do about it") {
  const auto code_of = [](ErrorCode code) { return WireError{fail(code, "why")}.code; };
  CHECK(code_of(ErrorCode::invalid) == WireCode::malformed);
  CHECK(code_of(ErrorCode::denied) == WireCode::not_peered);
  CHECK(code_of(ErrorCode::not_found) == WireCode::unrecognized);
  CHECK(code_of(ErrorCode::too_large) == WireCode::too_large);
  CHECK(code_of(ErrorCode::conflict) == WireCode::retry);
  CHECK(code_of(ErrorCode::unavailable) == WireCode::busy);
  CHECK(code_of(ErrorCode::internal) == WireCode::internal);
}

TEST_CASE("a header that stands there twice is found by nobody") {
  HttpHeaders headers{{{"a", "1"}, {"b", "2"}, {"a", "3"}}};
  CHECK(headers.count("a") == 2);
  CHECK_FALSE(headers.find("a").has_value());
  CHECK(headers.find("b") == "2");
  CHECK_FALSE(headers.find("c").has_value());
}

TEST_CASE("a refusal may ask for time, in seconds") {
  using std::chrono::seconds;
  const auto asked = [](const std::vector<std::string>& values) {
    HttpReply reply = problem_reply(WireCode::busy, now, true);
    for (const std::string& value : values) reply.headers.list.push_back({"retry-after", value});
    return read_retry_after(reply);
  };
  CHECK(asked({"0"}) == seconds{0});
  CHECK(asked({"120"}) == seconds{120});
  CHECK(asked({"9999999"}) == seconds{9'999'999});
  for (const char* wrong : {"", "-1", "1.5", "12s", " 1", "Fri, 31 Dec 1999 23:59:59 GMT",
                            "99999999", "99999999999999999999"}) {
    INFO(wrong);
    CHECK_FALSE(asked({wrong}).has_value());
  }
  CHECK_FALSE(asked({}).has_value());
  CHECK_FALSE(asked({"1", "2"}).has_value());
}

}  // namespace cpc::federation
