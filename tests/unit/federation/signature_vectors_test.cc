// Our signature base is the one that RFC 9421 prints.

#include <catch2/catch.hpp>

#include "tests/unit/federation/signed_messages.h"

namespace cpc::federation {
using namespace test;

namespace {

using nlohmann::json;

HttpRequest from_vector(const json& test) {
  HttpRequest request;
  request.method = test.at("method");
  std::string target = test.contains("target") ? test.at("target").get<std::string>()
                                               : test.at("url").get<std::string>();
  if (target.starts_with("https://")) target = target.substr(target.find('/', 8));
  request.path = target.substr(0, target.find('?'));
  if (request.path.size() < target.size()) request.query = target.substr(request.path.size() + 1);
  for (const json& one : test.at("headers")) {
    std::string name = one[0];
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    request.headers.list.push_back({name, one[1]});
  }
  request.body = test.value("body", "");
  return request;
}

/// Whether `signature` (a whole Signature field) is by the published key over our own base.
bool verifies(const HttpRequest& request, const std::string& signature_input,
              const std::string& signature, const std::string& expected_base) {
  const auto base = signature_base(request, list_of(signature_input));
  if (!base) return false;
  CHECK(base.value() == expected_base);
  const auto fields = parse_field_dictionary(signature);
  const auto& item = std::get<FieldItem>(fields.value().at(0).value);
  const auto octets = crypto::Signature::from_bytes(std::get<FieldBytes>(item.value).octets);
  return test_key().public_key().verifies(octets.value(), base.value());
}

}  // namespace

TEST_CASE("RFC 9421 B.2.6: our base is the RFC's, and its signature verifies") {
  HttpRequest request{"POST",
                      "/foo",
                      "param=Value&Pet=dog",
                      {{{"host", "example.com"},
                        {"date", "Tue, 20 Apr 2021 02:07:55 GMT"},
                        {"content-type", "application/json"},
                        {"content-length", "18"}}},
                      R"({"hello": "world"})"};
  const std::string covered =
      R"(("date" "@method" "@path" "@authority" "content-type" "content-length"))"
      R"(;created=1618884473;keyid="test-key-ed25519")";
  CHECK(verifies(request, "sig-b26=" + covered,
                 "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQ"
                 "v5lIp5WPpBKRCw==:",
                 "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@method\": POST\n\"@path\": /foo\n"
                 "\"@authority\": example.com\n\"content-type\": application/json\n"
                 "\"content-length\": 18\n\"@signature-params\": " +
                     covered));
}

TEST_CASE("RFC 9421 vectors: every base and verdict is the published one") {
  const auto file = crypto::published_vectors("rfc/rfc9421_ed25519.json");
  if (!file) return;
  const json& b26 = file->at("b26");
  CHECK(verifies(from_vector(b26), b26.at("signature_input"), b26.at("signature"),
                 b26.at("signature_base")));
  std::size_t cases = 1;
  for (const json& test : file->at("b4_transformations")) {
    INFO(test.at("name"));
    HttpRequest request = from_vector(test);
    const std::string input = header(request.headers, "signature-input");
    const std::string signature = header(request.headers, "signature");
    CHECK(verifies(request, input, signature, test.at("signature_base")) ==
          (test.at("expect") == "valid"));
    ++cases;
  }
  // The policy cases cover other components than ours and name no purpose: sound signatures, for
  // which the base must come out, and which our policy refuses one and all.
  for (const json& test : file->at("policy_cases")) {
    if (!test.contains("signature_base")) continue;
    INFO(test.at("name"));
    HttpRequest request = from_vector(test);
    const std::string input = test.at("signature_input");
    const std::string signature = test.at("signature");
    const bool is_base = test.at("name") != "duplicate component";  // Has none, by section 2.5.
    CHECK(verifies(request, input, signature, test.at("signature_base")) == is_base);
    header(request.headers, "signature-input") = input;
    header(request.headers, "signature") = signature;
    CHECK(refusal(request) == WireCode::malformed);
    ++cases;
  }
  crypto::print_count("rfc9421_ed25519", cases);
}

}  // namespace cpc::federation
