// An acknowledgement is evidence: of who answered what to which request.

#include <catch2/catch.hpp>

#include "federation/content_digest.h"
#include "tests/unit/federation/signed_messages.h"

using namespace std::chrono_literals;

namespace cpc::federation {
using namespace test;

namespace {

std::optional<WireCode> reply_refusal(const HttpReply& reply, const HttpRequest& request,
                                      const crypto::PublicKey& key = test_key().public_key()) {
  const auto verified = verify_reply(reply, request, key);
  if (!verified) return verified.error().code;
  return std::nullopt;
}

}  // namespace

TEST_CASE("an acknowledgement is bound to its request, its status and its body") {
  const HttpRequest request = signed_request();
  HttpReply reply{200, {{{"content-type", "application/json"}}}, R"({"ok":true})"};
  REQUIRE(sign_reply(reply, request, now + 1s, test_key()).has_value());
  CHECK(reply.headers.find("signature-input") ==
        R"(fed=("@status" "content-type" "content-digest" "cpc-origin" "cpc-destination" )"
        R"("signature";req;key="fed");created=1760000001;)"
        R"(keyid="poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U";alg="ed25519";)"
        R"(tag="cpc-fed-ack-1")");

  const auto verified = verify_reply(reply, request, test_key().public_key());
  REQUIRE(verified.has_value());
  CHECK(verified.value().origin == "beta.cpc");
  CHECK(verified.value().destination == "alpha.cpc");
  CHECK(verified.value().created == from_milliseconds(1'760'000'001'000));
  CHECK(verified.value().key_id == test_key().id());
  const std::string request_signature{request.headers.find("signature")->substr(4)};
  CHECK(verified.value().base.find("\"signature\";req;key=\"fed\": " + request_signature + "\n") !=
        std::string::npos);

  CHECK(reply_refusal(reply, request, other_key().public_key()) == WireCode::bad_signature);
  HttpRequest another = plain_transaction();
  REQUIRE(
      sign_request(another,
                   {"alpha.cpc", "beta.cpc", now, Nonce::from_bytes("fedcba9876543210").value()},
                   test_key())
          .has_value());
  CHECK(reply_refusal(reply, another) == WireCode::bad_signature);

  HttpReply altered = reply;
  altered.status = 503;
  CHECK(reply_refusal(altered, request) == WireCode::bad_signature);
  altered = reply;
  altered.body = R"({"ok":false})";
  CHECK(reply_refusal(altered, request) == WireCode::bad_signature);
  header(altered.headers, "content-digest") = content_digest(altered.body);
  CHECK(reply_refusal(altered, request) == WireCode::bad_signature);
  altered = reply;
  header(altered.headers, "cpc-origin") = "gamma.cpc";
  CHECK(reply_refusal(altered, request) == WireCode::wrong_destination);
  altered = reply;
  drop(altered.headers, "signature");
  CHECK(reply_refusal(altered, request) == WireCode::malformed);
}

TEST_CASE("an acknowledgement that does not cover its request is none") {
  const HttpRequest request = signed_request();
  HttpReply reply{200, {{{"content-type", "application/json"}}}, "{}"};
  REQUIRE(sign_reply(reply, request, now, test_key()).has_value());
  for (const auto* dropped : {" \"signature\";req;key=\"fed\"", ";key=\"fed\"", ";req",
                              "\"@status\" ", " \"content-digest\""}) {
    INFO(dropped);
    HttpReply narrowed = reply;
    auto& input = header(narrowed.headers, "signature-input");
    input = replaced(input, dropped, "");
    CHECK(reply_refusal(narrowed, request) == WireCode::malformed);
  }
}

TEST_CASE("a signature for one purpose serves no other") {
  const HttpRequest request = signed_request();
  HttpReply reply{200, {{{"content-type", "application/json"}}}, R"({"a":1})"};
  REQUIRE(sign_reply(reply, request, now, test_key()).has_value());
  HttpRequest posed = request;
  header(posed.headers, "signature-input") = *reply.headers.find("signature-input");
  header(posed.headers, "signature") = *reply.headers.find("signature");
  CHECK(refusal(posed) == WireCode::malformed);
  header(reply.headers, "signature-input") = *request.headers.find("signature-input");
  header(reply.headers, "signature") = *request.headers.find("signature");
  CHECK(reply_refusal(reply, request) == WireCode::malformed);
}

TEST_CASE("no reply is signed to a request that was not") {
  HttpReply reply{200, {{{"content-type", "application/json"}}}, "{}"};
  CHECK(sign_reply(reply, plain_transaction(), now, test_key()).error().code == ErrorCode::invalid);
  HttpReply untyped{200, {}, "{}"};
  CHECK(sign_reply(untyped, signed_request(), now, test_key()).error().code == ErrorCode::invalid);
}

}  // namespace cpc::federation
