// What the tests of signatures share: a signed request, and ways to spoil it.
#pragma once

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "federation/request_signature.h"
#include "tests/unit/crypto/vectors.h"

namespace cpc::federation::test {

// RFC 9421 appendix B.1.4: published, so of no use outside tests.
inline crypto::SigningKey test_key() {
  return crypto::SigningKey::from_seed(crypto::id_from_hex<crypto::Seed>(
      "9f8362f87a484a954e6e740c5b4c0e84229139a20aa8ab56ff66586f6a7d29c5"));
}
inline crypto::SigningKey other_key() {
  return crypto::SigningKey::from_seed(crypto::id_from_hex<crypto::Seed>(
      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
}

inline constexpr TimePoint now = from_milliseconds(1'760'000'000'400);
inline const Nonce nonce = Nonce::from_bytes("0123456789abcdef").value();

inline HttpRequest plain_transaction() {
  return {"PUT", "/cpc/fed/v1/txn/7", "", {{{"content-type", "application/json"}}}, R"({"a":1})"};
}

inline HttpRequest signed_request(HttpRequest request = plain_transaction()) {
  const RequestSigning signing{"alpha.cpc", "beta.cpc", now, nonce};
  REQUIRE(sign_request(request, signing, test_key()).has_value());
  return request;
}

inline std::string& header(HttpHeaders& headers, std::string_view name) {
  for (HttpHeader& one : headers.list) {
    if (one.name == name) return one.value;
  }
  headers.list.push_back({std::string{name}, ""});
  return headers.list.back().value;
}

inline void drop(HttpHeaders& headers, std::string_view name) {
  std::erase_if(headers.list, [&](const HttpHeader& one) { return one.name == name; });
}

/// What a server does with a request, but for the look-up of the key. Nothing: accepted.
inline std::optional<WireCode> refusal(const HttpRequest& request, TimePoint at = now,
                                       const crypto::PublicKey& key = test_key().public_key()) {
  const auto parsed = parse_request_signature(request);
  if (!parsed) return parsed.error().code;
  const auto checked = check_request_signature(parsed.value(), request, key, "beta.cpc", at);
  if (!checked) return checked.error().code;
  return std::nullopt;
}

inline std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

inline InnerList list_of(std::string_view signature_input) {
  const auto fields = parse_field_dictionary(signature_input);
  REQUIRE(fields.has_value());
  return std::get<InnerList>(fields.value().at(0).value);
}

}  // namespace cpc::federation::test
