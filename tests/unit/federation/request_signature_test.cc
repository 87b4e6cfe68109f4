// A request is taken for what it is only if its signer made it so, for us, now.

#include "federation/request_signature.h"

#include <catch2/catch.hpp>
#include <functional>
#include <optional>

#include "federation/content_digest.h"
#include "tests/unit/federation/signed_messages.h"

using namespace std::chrono_literals;

namespace cpc::federation {
using namespace test;

namespace {

using nlohmann::json;

/// A signature that is sound by RFC 9421 over whatever `signature_input` covers: what a signer of
/// other habits, or a malicious peer, would send.
HttpRequest signed_as(const std::string& signature_input, HttpRequest request = signed_request()) {
  const auto base = signature_base(request, list_of(signature_input));
  REQUIRE(base.has_value());
  header(request.headers, "signature-input") = signature_input;
  header(request.headers, "signature") =
      "fed=:" + base64(test_key().sign(base.value()).view()) + ":";
  return request;
}

const std::string covered_input =
    R"(fed=("@method" "@path" "@query" "content-type" "content-digest" "cpc-origin" )"
    R"("cpc-destination" "cpc-version");created=1760000000;expires=1760000300;)"
    R"(nonce="MDEyMzQ1Njc4OWFiY2RlZg";keyid="poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U";)"
    R"(alg="ed25519";tag="cpc-fed-1")";

}  // namespace

TEST_CASE("a request is signed in the form that the protocol prints") {
  const HttpRequest request = signed_request();
  CHECK(request.headers.find("signature-input") == covered_input);
  const auto parsed = parse_request_signature(request);
  REQUIRE(parsed.has_value());
  CHECK(parsed.value().base ==
        "\"@method\": PUT\n\"@path\": /cpc/fed/v1/txn/7\n\"@query\": ?\n"
        "\"content-type\": application/json\n\"content-digest\": " +
            content_digest(R"({"a":1})") +
            "\n\"cpc-origin\": alpha.cpc\n\"cpc-destination\": beta.cpc\n\"cpc-version\": 1\n"
            "\"@signature-params\": " +
            covered_input.substr(4));
  CHECK(parsed.value().origin == "alpha.cpc");
  CHECK(parsed.value().destination == "beta.cpc");
  CHECK(parsed.value().version == "1");
  CHECK(parsed.value().created == from_milliseconds(1'760'000'000'000));
  CHECK(parsed.value().expires == from_milliseconds(1'760'000'300'000));
  CHECK(parsed.value().nonce == nonce);
  CHECK(parsed.value().key_id == test_key().id());
  CHECK(parsed.value().components.size() == 8);
  CHECK_FALSE(refusal(request).has_value());
}

TEST_CASE("a request without a body covers no content, and a query is covered") {
  HttpRequest request{"GET", "/cpc/fed/v1/log/x", "from=1&to=9", {}, ""};
  request = signed_request(request);
  CHECK(request.headers.count("content-digest") == 0);
  CHECK_FALSE(refusal(request).has_value());
  request.query = "from=1&to=99";
  CHECK(refusal(request) == WireCode::bad_signature);
}

TEST_CASE("a retry is signed anew and leaves no second signature behind") {
  HttpRequest request = signed_request();
  const std::string first{*request.headers.find("signature")};
  const RequestSigning again{"alpha.cpc", "beta.cpc", now + 5s,
                             Nonce::from_bytes("another nonce 16").value()};
  REQUIRE(sign_request(request, again, test_key()).has_value());
  CHECK(request.headers.count("signature") == 1);
  CHECK(request.headers.count("cpc-origin") == 1);
  CHECK(request.headers.find("signature") != first);
  CHECK_FALSE(refusal(request, now + 5s).has_value());
}

TEST_CASE("whatever is covered cannot be altered on the way") {
  const std::vector<std::pair<std::string, std::function<void(HttpRequest&)>>> alterations = {
      {"method", [](HttpRequest& r) { r.method = "POST"; }},
      {"path", [](HttpRequest& r) { r.path = "/cpc/fed/v1/txn/8"; }},
      {"path case", [](HttpRequest& r) { r.path = "/cpc/fed/v1/TXN/7"; }},
      {"query", [](HttpRequest& r) { r.query = "x"; }},
      {"body", [](HttpRequest& r) { r.body = R"({"a":2})"; }},
      {"body and digest",
       [](HttpRequest& r) {
         r.body = R"({"a":2})";
         header(r.headers, "content-digest") = content_digest(r.body);
       }},
      {"body taken away", [](HttpRequest& r) { r.body.clear(); }},
      {"type", [](HttpRequest& r) { header(r.headers, "content-type") = "text/html"; }},
      {"origin", [](HttpRequest& r) { header(r.headers, "cpc-origin") = "gamma.cpc"; }},
      {"created",
       [](HttpRequest& r) {
         auto& input = header(r.headers, "signature-input");
         input = replaced(input, "created=1760000000", "created=1760000001");
       }},
      {"expires",
       [](HttpRequest& r) {
         auto& input = header(r.headers, "signature-input");
         input = replaced(input, "expires=1760000300", "expires=1760000299");
       }},
      {"nonce",
       [](HttpRequest& r) {
         auto& input = header(r.headers, "signature-input");
         input = replaced(input, "MDEy", "MDEz");
       }},
      {"key id",
       [](HttpRequest& r) {
         auto& input = header(r.headers, "signature-input");
         input = replaced(input, "poqk", "poql");
       }},
      {"order of components",
       [](HttpRequest& r) {
         auto& input = header(r.headers, "signature-input");
         input = replaced(input, "\"@method\" \"@path\"", "\"@path\" \"@method\"");
       }},
      {"signature",
       [](HttpRequest& r) {
         header(r.headers, "signature") = "fed=:" + base64(Bytes(64, 'x')) + ":";
       }},
  };
  for (const auto& [name, alter] : alterations) {
    INFO(name);
    HttpRequest request = signed_request();
    alter(request);
    CHECK(refusal(request) == WireCode::bad_signature);
  }
  HttpRequest redirected = signed_request();
  header(redirected.headers, "cpc-destination") = "gamma.cpc";
  CHECK(refusal(redirected) == WireCode::wrong_destination);
}

TEST_CASE("another key than the one named proves nothing") {
  CHECK(refusal(signed_request(), now, other_key().public_key()) == WireCode::bad_signature);
  // Sound, but under the name of a key that did not make it.
  const std::string posing =
      replaced(covered_input, to_text(test_key().id()), to_text(other_key().id()));
  CHECK(refusal(signed_as(posing)) == WireCode::bad_signature);
  CHECK(refusal(signed_as(posing), now, other_key().public_key()) == WireCode::bad_signature);
}

TEST_CASE("each required component must be covered, whoever signed the rest") {
  for (const auto* name : {"@method", "@path", "@query", "content-type", "content-digest",
                           "cpc-origin", "cpc-destination", "cpc-version"}) {
    INFO(name);
    const std::string quoted = '"' + std::string{name} + '"';
    const bool is_first = std::string_view{name} == "@method";
    const HttpRequest request =
        signed_as(replaced(covered_input, is_first ? quoted + " " : " " + quoted, ""));
    CHECK(refusal(request) == WireCode::malformed);
  }
}

TEST_CASE(
    "a signature of our form, made by other hands, is accepted; more headers may be covered") {
  CHECK_FALSE(refusal(signed_as(covered_input)).has_value());
  HttpRequest request = signed_request();
  header(request.headers, "date") = "Tue, 20 Apr 2021 02:07:55 GMT";
  const std::string wider = replaced(covered_input, "\"@method\"", "\"date\" \"@method\"");
  request = signed_as(wider, request);
  CHECK_FALSE(refusal(request).has_value());
  header(request.headers, "date") = "Tue, 20 Apr 2021 02:07:56 GMT";
  CHECK(refusal(request) == WireCode::bad_signature);
  drop(request.headers, "date");
  CHECK(refusal(request) == WireCode::malformed);
}

TEST_CASE("sound signatures with other parameters, lives, purposes or forms are malformed") {
  const std::vector<std::pair<std::string, std::string>> rewrites = {
      {";alg=\"ed25519\"", ""},
      {";alg=\"ed25519\"", ";alg=\"hmac-sha256\""},
      {";alg=\"ed25519\"", ";alg=ed25519"},
      {"cpc-fed-1", "cpc-fed-ack-1"},
      {";tag=\"cpc-fed-1\"", ""},
      {";created=1760000000", ""},
      {"created=1760000000", "created=\"1760000000\""},
      {"created=1760000000", "created=-1760000000"},
      {";expires=1760000300", ""},
      {"expires=1760000300", "expires=1760000301"},
      {"expires=1760000300", "expires=1759999999"},
      {"nonce=\"MDEyMzQ1Njc4OWFiY2RlZg\"", "nonce=\"n-0001\""},
      {"nonce=\"MDEyMzQ1Njc4OWFiY2RlZg\"", "nonce=\"MDEyMzQ1Njc4OWFiY2RlZh\""},
      {";nonce=\"MDEyMzQ1Njc4OWFiY2RlZg\"", ""},
      {"poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U", "test-key-ed25519"},
      {";tag=\"cpc-fed-1\"", ";tag=\"cpc-fed-1\";more=1"},
      {"\"cpc-version\")", "\"cpc-version\" \"@authority\" \"absent\")"},
      {"\"@method\"", "\"@method\";req"},
      {"\"@method\"", "@method"},
      {"\"@method\"", "\"@method\" \"@method\""},
      {"fed=(", "fed=( "},
      {"fed=", "other="},
      {"fed=", " fed="},
      {"tag=\"cpc-fed-1\"", "tag=\"cpc-fed-1\";tag=\"cpc-fed-1\""},
  };
  for (const auto& [from, to] : rewrites) {
    INFO(from << " -> " << to);
    HttpRequest request = signed_request();
    auto& input = header(request.headers, "signature-input");
    input = replaced(input, from, to);
    // Signed as it stands wherever a base can be made of it, so that only policy is in the way.
    const auto fields = parse_field_dictionary(input);
    if (fields) {
      const auto base = signature_base(request, std::get<InnerList>(fields.value()[0].value));
      if (base) {
        header(request.headers, "signature") =
            "fed=:" + base64(test_key().sign(base.value()).view()) + ":";
      }
    }
    CHECK(refusal(request) == WireCode::malformed);
  }
}

TEST_CASE(
    "signature headers stand there once, labelled fed once; other labels are not our business") {
  HttpRequest request = signed_request();
  const std::string input{*request.headers.find("signature-input")};
  const std::string signature{*request.headers.find("signature")};

  header(request.headers, "signature-input") = input + ", proxy=(\"@method\");created=1";
  header(request.headers, "signature") = signature + ", proxy=:AAAA:";
  CHECK_FALSE(refusal(request).has_value());

  const auto with = [&](std::string first, std::string second) {
    HttpRequest changed = signed_request();
    header(changed.headers, "signature-input") = std::move(first);
    header(changed.headers, "signature") = std::move(second);
    return refusal(changed);
  };
  CHECK(with(input + ", " + input, signature) == WireCode::malformed);
  CHECK(with(input, signature + ", " + signature) == WireCode::malformed);
  CHECK(with(input, "other=" + signature.substr(4)) == WireCode::malformed);
  CHECK(with(input, "fed=\"text\"") == WireCode::malformed);
  CHECK(with(input, "fed=:AAAA:") == WireCode::malformed);
  CHECK(with(input, signature + ";x=1") == WireCode::malformed);
  CHECK(with(input, signature + ",proxy=:AAAA:") == WireCode::malformed);  // Not canonical.
  CHECK(with("fed=1", signature) == WireCode::malformed);
  CHECK(with("", "") == WireCode::malformed);
  CHECK(with(std::string(9000, 'a'), signature) == WireCode::malformed);

  for (const auto* name : {"signature", "signature-input", "cpc-origin", "cpc-destination",
                           "content-type", "content-digest", "cpc-version"}) {
    INFO(name);
    HttpRequest twice = signed_request();
    const std::string value = header(twice.headers, name);
    twice.headers.list.push_back({name, value});
    CHECK(refusal(twice) == WireCode::malformed);
    HttpRequest without = signed_request();
    drop(without.headers, name);
    CHECK(refusal(without) == WireCode::malformed);
  }
}

TEST_CASE("content that nobody signed cannot be put under a signed request without a body") {
  HttpRequest get = signed_request({"GET", "/cpc/fed/v1/log/x", "", {}, ""});
  HttpRequest stuffed = get;
  stuffed.body = "{}";
  CHECK(refusal(stuffed) == WireCode::malformed);
  header(stuffed.headers, "content-digest") = content_digest("{}");
  header(stuffed.headers, "content-type") = "application/json";
  CHECK(refusal(stuffed) == WireCode::malformed);
  header(get.headers, "content-type") = "application/json";
  CHECK(refusal(get) == WireCode::malformed);
}

TEST_CASE("a digest that we cannot check is malformed, also under a sound signature") {
  HttpRequest request = signed_request();
  header(request.headers, "content-digest") = "sha-512=:AAAA:";
  CHECK(refusal(signed_as(covered_input, request)) == WireCode::malformed);
}

TEST_CASE("nothing that holds a line break is signed or believed") {
  for (const auto* evil : {"alpha.cpc\n\"cpc-destination\": x", "a\r", "a\tb", "\xc3\xa9.cpc"}) {
    HttpRequest request = plain_transaction();
    const auto signed_now = sign_request(request, {evil, "beta.cpc", now, nonce}, test_key());
    REQUIRE_FALSE(signed_now.has_value());
    CHECK(signed_now.error().code == ErrorCode::invalid);
  }
  HttpRequest request = signed_request();
  request.path = "/cpc\n\"@query\": ?x";
  CHECK(refusal(request) == WireCode::malformed);
}

TEST_CASE("what no peer would accept is not signed") {
  const auto refused = [](HttpRequest request, RequestSigning signing) {
    const auto result = sign_request(request, signing, test_key());
    return !result && result.error().code == ErrorCode::invalid;
  };
  const RequestSigning good{"alpha.cpc", "beta.cpc", now, nonce};
  RequestSigning signing = good;
  signing.life = 301s;
  CHECK(refused(plain_transaction(), signing));
  signing.life = 0s;
  CHECK(refused(plain_transaction(), signing));
  HttpRequest untyped = plain_transaction();
  untyped.headers.list.clear();
  CHECK(refused(untyped, good));
}

TEST_CASE("clocks may differ by the limit either way, and not by a second more") {
  const HttpRequest request = signed_request();
  const TimePoint created = from_milliseconds(1'760'000'000'000);
  CHECK_FALSE(refusal(request, created + 300s).has_value());
  CHECK(refusal(request, created + 300s + 1ms) == WireCode::clock_skew);
  CHECK_FALSE(refusal(request, created - 300s).has_value());
  CHECK(refusal(request, created - 300s - 1ms) == WireCode::clock_skew);

  const auto file = crypto::published_vectors("clock/skew_cases.json");
  if (!file) return;
  for (const json& test : file->at("cases")) {
    const auto offset = std::chrono::seconds{test.at("receiver_offset_s").get<std::int64_t>()};
    INFO(offset.count());
    const bool accept = test.at("expect") == "accept";
    CHECK(refusal(request, created + offset) ==
          (accept ? std::nullopt : std::optional{WireCode::clock_skew}));
  }
  crypto::print_count("clock skew", file->at("cases").size());
}

TEST_CASE("name, version and time are refused before any key is needed") {
  const auto parsed = parse_request_signature(signed_request());
  REQUIRE(parsed.has_value());
  CHECK(check_request_terms(parsed.value(), "beta.cpc", now).has_value());
  CHECK(check_request_terms(parsed.value(), "gamma.cpc", now).error().code ==
        WireCode::wrong_destination);
  CHECK(check_request_terms(parsed.value(), "beta.cpc", now + 1h).error().code ==
        WireCode::clock_skew);
  HttpRequest future = signed_request();
  header(future.headers, "cpc-version") = "2";
  CHECK(refusal(signed_as(covered_input, future)) == WireCode::incompatible);
}

}  // namespace cpc::federation
