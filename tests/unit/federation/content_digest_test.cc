// A body is the one its digest was made of.

#include "federation/content_digest.h"

#include <catch2/catch.hpp>

#include "tests/unit/crypto/vectors.h"

namespace cpc::federation {
namespace {

// RFC 9530 appendix D.
constexpr std::string_view body = R"({"hello": "world"})";
constexpr std::string_view field = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";

ErrorCode refusal(std::string_view text, std::string_view of_body = body) {
  const Result<> checked = check_content_digest(text, of_body);
  REQUIRE_FALSE(checked.has_value());
  return checked.error().code;
}

}  // namespace

TEST_CASE("the digest of the RFC's example is the RFC's, and matches its body") {
  CHECK(content_digest(body) == field);
  CHECK(check_content_digest(field, body).has_value());
  CHECK(check_content_digest(content_digest(""), "").has_value());
}

TEST_CASE("an altered body is told apart from a field that says nothing") {
  CHECK(refusal(field, R"({"hello": "w0rld"})") == ErrorCode::denied);
  CHECK(refusal(field, "") == ErrorCode::denied);
  CHECK(refusal("sha-512=:AAAA:") == ErrorCode::invalid);
  CHECK(refusal("md5=:Sd/dVLAcvNLSq16eXua5uQ==:") == ErrorCode::invalid);
  CHECK(refusal("") == ErrorCode::invalid);
  CHECK(refusal("sha-256=:X48E9qOokqqrvdts8nOJRA==:") == ErrorCode::invalid);
  CHECK(refusal("sha-256=(:AAAA:)") == ErrorCode::invalid);
  CHECK(refusal("SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=") == ErrorCode::invalid);
}

TEST_CASE("an algorithm that we do not know changes nothing beside a sha-256") {
  const std::string right{field};
  CHECK(check_content_digest("foo-999=:AAAA:, " + right, body).has_value());
  CHECK(refusal("foo-999=:AAAA:, " + right, "other") == ErrorCode::denied);
  CHECK(refusal(right + ", " + right) == ErrorCode::invalid);
  CHECK(refusal("foo-999=\"text\", " + right) == ErrorCode::invalid);
}

TEST_CASE("published digests match their bodies, and published lies do not") {
  const auto file = crypto::published_vectors("rfc/rfc9530_digest.json");
  if (!file) return;
  std::size_t cases = 0;
  std::size_t sha256 = 0;
  for (const auto& test : file->at("positive")) {
    const Bytes of_body = crypto::from_hex(test.at("body_hex").get<std::string>());
    const auto text = test.at("field").get<std::string>();
    INFO(test.at("name") << " " << text);
    const bool ours = text.starts_with("sha-256=");  // The sha-512 twins must be refused.
    CHECK(check_content_digest(text, of_body).has_value() == ours);
    if (ours) CHECK(content_digest(of_body) == text);
    sha256 += ours ? 1 : 0;
    ++cases;
  }
  for (const auto& test : file->at("negative")) {
    // The second is right by sha-256, and sha-512 is unknown to us: "one wrong" cannot be seen.
    if (!test.contains("field") || test.at("name") == "two algorithms, one wrong") continue;
    INFO(test.at("name"));
    const Bytes of_body = crypto::from_hex(test.at("body_hex").get<std::string>());
    const bool accept = test.at("expect") == "accept";
    CHECK(check_content_digest(test.at("field").get<std::string>(), of_body).has_value() == accept);
    ++cases;
  }
  crypto::print_count("rfc9530_digest", cases);
  CHECK(sha256 > 3);
}

}  // namespace cpc::federation
