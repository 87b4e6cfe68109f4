// A signed document is what its signer wrote, of the kind it says, or nothing.

#include "federation/jws.h"

#include <catch2/catch.hpp>

#include "crypto/digest.h"
#include "federation/strict_json.h"
#include "tests/unit/crypto/vectors.h"

namespace cpc::federation {
namespace {

using crypto::SigningKey;

// RFC 8037 appendix A.1: published, so of no use outside tests.
SigningKey test_key() {
  return SigningKey::from_seed(crypto::id_from_hex<crypto::Seed>(
      "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
}
SigningKey other_key() {
  return SigningKey::from_seed(crypto::id_from_hex<crypto::Seed>(
      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
}

ErrorCode refusal(const Jws& jws, std::string_view typ = "cpc-frame") {
  const auto verified = verify_jws(jws, typ, test_key().public_key());
  REQUIRE_FALSE(verified.has_value());
  return verified.error().code;
}

/// A soundly signed JWS with any protected header at all.
Jws signed_under(std::string_view header) {
  Jws jws{base64url(header), base64url("payload"), ""};
  jws.signature = to_text(test_key().sign(jws.protected_ + "." + jws.payload));
  return jws;
}

const std::string kid = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

}  // namespace

TEST_CASE("a document is signed under one header and verifies as what it is") {
  const Jws jws = sign_jws("cpc-frame", R"({"a":1})", test_key());
  CHECK(from_base64url(jws.protected_).value() ==
        R"({"alg":"EdDSA","kid":")" + kid + R"(","typ":"cpc-frame"})");
  CHECK(verify_jws(jws, "cpc-frame", test_key().public_key()).value() == R"({"a":1})");
  CHECK(read_header(jws).value().kid == test_key().id());
  CHECK(read_header(jws).value().typ == "cpc-frame");
  CHECK(read_unverified_payload(jws).value() == R"({"a":1})");
  CHECK(jws_hash(jws) == crypto::sha256(jws.protected_ + "." + jws.payload + "." + jws.signature));
}

TEST_CASE("RFC 8037 A.4: its signature over its octets is ours") {
  // The RFC's header has no kid, so only the signing is the same: EdDSA over the two texts.
  const std::string input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
  CHECK(to_text(test_key().sign(input)) ==
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
  const auto bare = jws_from_compact(input +
                                     ".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijc"
                                     "NR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
  CHECK(refusal(bare.value()) == ErrorCode::invalid);
}

TEST_CASE("no octet of a document can be altered") {
  const Jws good = sign_jws("cpc-frame", "payload", test_key());
  Jws jws = good;
  jws.payload = base64url("Payload");
  CHECK(refusal(jws) == ErrorCode::denied);
  jws = good;
  jws.signature = to_text(test_key().sign("something else"));
  CHECK(refusal(jws) == ErrorCode::denied);
  jws = good;
  jws.signature.pop_back();
  CHECK(refusal(jws) == ErrorCode::invalid);
  jws = good;
  jws.payload += "=";
  CHECK(refusal(jws) == ErrorCode::invalid);
  jws = good;  // The same octets in another spelling are another document, and none.
  jws.signature.back() = jws.signature.back() == 'A' ? 'B' : 'Z';
  CHECK(refusal(jws) != ErrorCode::internal);
  CHECK(refusal(good, "cpc-delegation") == ErrorCode::invalid);
}

TEST_CASE("a document by another key is denied, whatever key it names") {
  CHECK(refusal(sign_jws("cpc-frame", "payload", other_key())) == ErrorCode::denied);
  Jws jws = signed_under(R"({"alg":"EdDSA","kid":")" + kid + R"(","typ":"cpc-frame"})");
  CHECK(verify_jws(jws, "cpc-frame", test_key().public_key()).has_value());
  jws.signature = to_text(other_key().sign(jws.protected_ + "." + jws.payload));
  CHECK(refusal(jws) == ErrorCode::denied);
  // Signed by our key, but under another key's name.
  jws = signed_under(R"({"alg":"EdDSA","kid":")" + to_text(other_key().id()) +
                     R"(","typ":"cpc-frame"})");
  CHECK(refusal(jws) == ErrorCode::denied);
}

TEST_CASE("a header with anything more, less or else is refused, however well it is signed") {
  const std::string k = R"("kid":")" + kid + R"(",)";
  for (const std::string& header : std::vector<std::string>{
           R"({"alg":"none",)" + k + R"("typ":"cpc-frame"})",
           R"({"alg":"HS256",)" + k + R"("typ":"cpc-frame"})",
           R"({"alg":"ES256",)" + k + R"("typ":"cpc-frame"})",
           R"({"alg":"eddsa",)" + k + R"("typ":"cpc-frame"})",
           R"({"alg":"EdDSA","typ":"cpc-frame"})",
           R"({"alg":"EdDSA",)" + k + R"("typ":7})",
           R"({"alg":"EdDSA","kid":"short","typ":"cpc-frame"})",
           R"({"alg":"EdDSA",)" + k + R"("typ":"cpc-frame","crit":["b64"]})",
           R"({"alg":"EdDSA","b64":false,)" + k + R"("typ":"cpc-frame"})",
           R"({"alg":"EdDSA","jwk":{"kty":"OKP"},)" + k + R"("typ":"cpc-frame"})",
           R"({"alg":"EdDSA","jku":"https://evil",)" + k + R"("typ":"cpc-frame"})",
           R"({"alg":"EdDSA","alg":"EdDSA",)" + k + R"("typ":"cpc-frame"})",
           std::string{"[]"},
           std::string{""},
       }) {
    INFO(header);
    const Jws jws = signed_under(header);
    CHECK(refusal(jws) == ErrorCode::invalid);
    CHECK_FALSE(read_header(jws).has_value());
  }
}

TEST_CASE("a document travels as an object of three texts, unchanged") {
  const Jws jws = sign_jws("cpc-frame", "payload", test_key());
  CHECK(jws_from_json(to_json(jws)).value() == jws);
  for (const auto* text :
       {R"({"payload":"a","protected":"b"})", R"({"payload":"a","protected":"b","signature":1})",
        R"({"payload":"a","protected":"b","signature":"c","header":{}})",
        R"({"payload":"a","signatures":[]})", "[]", "\"a.b.c\""}) {
    INFO(text);
    const auto read = jws_from_json(parse_strict_json(text).value());
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == ErrorCode::invalid);
  }
}

TEST_CASE("a document over the limit is refused before it is decoded") {
  const Jws largest = sign_jws("cpc-frame", Bytes(jws_payload_bytes_max, 'x'), test_key());
  CHECK(verify_jws(largest, "cpc-frame", test_key().public_key()).has_value());
  CHECK(jws_from_json(to_json(largest)).has_value());
  const Jws larger = sign_jws("cpc-frame", Bytes(jws_payload_bytes_max + 3, 'x'), test_key());
  CHECK(refusal(larger) == ErrorCode::too_large);
  CHECK(jws_from_json(to_json(larger)).error().code == ErrorCode::too_large);
  CHECK(jws_from_compact(to_compact(larger)).error().code == ErrorCode::too_large);
  Jws long_header = largest;
  long_header.protected_ = base64url(Bytes(600, ' '));
  CHECK(refusal(long_header) == ErrorCode::too_large);
}

TEST_CASE("a token is the same three texts with dots between") {
  const std::string token = sign_compact("JWT", R"({"exp":1})", test_key());
  CHECK(token == to_compact(sign_jws("JWT", R"({"exp":1})", test_key())));
  CHECK(verify_compact(token, "JWT", test_key().public_key()).value() == R"({"exp":1})");
  CHECK(verify_compact(token, "cpc-frame", test_key().public_key()).error().code ==
        ErrorCode::invalid);
  CHECK(verify_compact(token, "JWT", other_key().public_key()).error().code == ErrorCode::denied);
  for (const auto* text : {"", ".", "..", "a.b", "a.b.", ".b.c", "a..c", "a.b.c.d"}) {
    INFO(text);
    CHECK(jws_from_compact(text).error().code == ErrorCode::invalid);
  }
}

}  // namespace cpc::federation
