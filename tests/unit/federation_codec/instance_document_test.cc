// A document proves itself, or it is nothing: by the pinned root, for the name, in its time.

#include "federation/instance_document.h"

#include <catch2/catch.hpp>
#include <functional>

#include "crypto/digest.h"
#include "federation/jws.h"
#include "federation/strict_json.h"
#include "tests/support/document_draft.h"

namespace cpc::federation {
namespace {

using nlohmann::json;

crypto::SigningKey key_of(const std::string& label) {
  return crypto::SigningKey::from_seed(
      crypto::Seed::from_bytes(crypto::sha256(label).view()).value());
}

const TimePoint now = from_milliseconds(1'800'000'000'000);
const core::InstanceName alpha = core::InstanceName::parse("alpha.cpc").value();

tests::DocumentDraft draft() {
  auto made = tests::document_draft(alpha, key_of("root"), key_of("signing"), now);
  made.delegation.serial = 3;
  made.operational.serial = 5;
  return made;
}
Bytes document(const tests::DocumentDraft& made = draft()) {
  return made.signed_by(key_of("root"), key_of("signing"));
}
Bytes document_of_another_root() {
  return tests::document_draft(alpha, key_of("other root"), key_of("signing"), now)
      .signed_by(key_of("other root"), key_of("signing"));
}
core::Iid pinned() {
  return iid_of(key_of("root").public_key());
}
std::string verdict(std::string_view bytes, TimePoint at = now,
                    const core::InstanceName& name = alpha) {
  const auto verified = verify_document(bytes, name, pinned(), at);
  if (verified) return "ok";
  switch (verified.error().code) {
    case ErrorCode::invalid:
      return "invalid";
    case ErrorCode::denied:
      return "denied";
    case ErrorCode::conflict:
      return "conflict";
    case ErrorCode::too_large:
      return "too_large";
    default:
      return "other";
  }
}

using Change = std::function<void(json&)>;
json payload_of(const json& part) {
  return json::parse(from_base64url(part.at("payload").get<std::string>()).value());
}
// The document with one part changed and signed again, by whoever is named.
std::string changed(const char* part, const Change& change, const std::string& signer) {
  json value = json::parse(document());
  json payload = payload_of(value.at(part));
  change(payload);
  const std::string typ = std::string{part} == "delegation" ? "cpc-delegation" : "cpc-operational";
  value[part] = to_json(sign_jws(typ, payload.dump(), key_of(signer)));
  return verdict(value.dump());
}
std::string delegation(const Change& change) {
  return changed("delegation", change, "root");
}
std::string operational(const Change& change) {
  return changed("operational", change, "signing");
}

}  // namespace

TEST_CASE("a document tells who an instance is, which keys speak for it and where it listens") {
  const auto verified = verify_document(document(), alpha, pinned(), now);
  REQUIRE(verified.has_value());
  const PeerIdentity& identity = verified.value();
  CHECK(identity.name == alpha);
  CHECK(identity.iid == pinned());
  CHECK(identity.key(key_of("signing").id(), now) != nullptr);
  CHECK(identity.key(key_of("root").id(), now) == nullptr);
  CHECK(identity.endpoints == draft().operational.endpoints);
  CHECK(identity.tls_pins == draft().operational.tls_pins);
  CHECK(identity.delegation_serial == 3);
  CHECK(identity.operational_serial == 5);
  CHECK(identity.transaction_bytes_max == 2 * 1024 * 1024);
  CHECK(identity.transaction_entries_max == 500);
  CHECK(identity.operational_expires == now + operational_life_max);
  CHECK(document() == compact_json(json::parse(document())));
  CHECK(document() == document());
}

TEST_CASE("a peer whose clock is behind by what is allowed can use the key at once") {
  const TimePoint behind = now - std::chrono::minutes{4};
  const auto verified = verify_document(document(), alpha, pinned(), behind);
  REQUIRE(verified.has_value());
  CHECK(verified.value().key(key_of("signing").id(), behind) != nullptr);
}

TEST_CASE("a document holds from its issue, with five minutes of grace, until it expires") {
  CHECK(verdict(document(), now - std::chrono::minutes{5}) == "ok");
  CHECK(verdict(document(), now - std::chrono::minutes{5} - Milliseconds{1}) == "denied");
  CHECK(verdict(document(), now + operational_life_max - Milliseconds{1}) == "ok");
  CHECK(verdict(document(), now + operational_life_max) == "denied");
  CHECK(verdict(document(), now + delegation_life_max) == "denied");
}

TEST_CASE("a document of another root is another instance, one of another name is refused") {
  CHECK(verdict(document_of_another_root()) == "conflict");
  CHECK(verdict(document(), now, core::InstanceName::parse("beta.cpc").value()) == "denied");
  const auto other_iid = [](json& v) { v["iid"] = to_text(crypto::sha256("other")); };
  CHECK(delegation(other_iid) == "conflict");
  CHECK(operational(other_iid) == "conflict");
  CHECK(delegation([](json& v) { v["name"] = "beta.cpc"; }) == "denied");
  CHECK(operational([](json& v) { v["name"] = "beta.cpc"; }) == "denied");
}

TEST_CASE("another root cannot speak for an instance, whatever it says of itself") {
  json value = json::parse(document_of_another_root());
  for (const char* part : {"delegation", "operational"}) {
    const bool is_root = std::string{part} == "delegation";
    json payload = payload_of(value.at(part));
    payload["iid"] = to_text(pinned());
    value[part] = to_json(sign_jws(std::string{"cpc-"} + part, payload.dump(),
                                   key_of(is_root ? "other root" : "signing")));
  }
  CHECK(verdict(value.dump()) == "conflict");
}

TEST_CASE("each part is signed by who may sign it and by nobody else") {
  const Change nothing = [](json&) {};
  CHECK(changed("delegation", nothing, "root") == "ok");
  CHECK(changed("delegation", nothing, "signing") == "denied");
  CHECK(changed("operational", nothing, "root") == "denied");
  CHECK(changed("operational", nothing, "stranger") == "denied");
  json swapped = json::parse(document());
  std::swap(swapped["delegation"], swapped["operational"]);
  CHECK(verdict(swapped.dump()) != "ok");
  json altered = json::parse(document());
  json payload = payload_of(altered["operational"]);
  payload["serial"] = 6;
  altered["operational"]["payload"] = base64url(payload.dump());
  CHECK(verdict(altered.dump()) == "denied");
}

TEST_CASE("a part that lives too long, or is not active, is refused") {
  const auto longer = [](auto life) {
    return [life](json& v) {
      v["expires"] = v["issued"].get<std::int64_t>() + Milliseconds{life}.count() + 1;
    };
  };
  CHECK(delegation(longer(delegation_life_max)) == "denied");
  CHECK(operational(longer(operational_life_max)) == "denied");
  CHECK(delegation([](json& v) { v["status"] = "retired"; }) == "denied");
}

TEST_CASE("a delegated key names itself by its thumbprint, and there are one to three") {
  CHECK(delegation([](json& v) { v["keys"][0]["kid"] = to_text(key_of("b").id()); }) == "denied");
  CHECK(delegation([](json& v) { v["keys"] = json::array(); }) == "invalid");
  CHECK(delegation([](json& v) {
          for (int i = 0; i < 3; ++i) v["keys"].push_back(v["keys"][0]);
        }) == "invalid");
  CHECK(delegation([](json& v) { v["keys"][0]["x"] = base64url(Bytes(32, '\0')); }) == "invalid");
  CHECK(delegation([](json& v) { v["keys"][0]["not_after"] = v["issued"]; }) == "denied");
}

TEST_CASE("a document tells which keys to seal to, by their thumbprints, two at most") {
  const auto key = crypto::SealingKey::from_private(
      crypto::Seed::from_bytes(crypto::sha256("sealing").view()).value());
  auto made = draft();
  made.operational.sealing_keys.push_back(key.public_key());
  const auto identity = verify_document(document(made), alpha, pinned(), now);
  CHECK(identity.value().sealing_keys == made.operational.sealing_keys);
  const json good{{"kid", to_text(key.id())}, {"x", key.public_key().text()}};
  CHECK(operational([&](json& v) { v["sealing_keys"] = {good, good}; }) == "ok");
  CHECK(operational([&](json& v) { v["sealing_keys"] = {good, good, good}; }) == "invalid");
  CHECK(operational([&](json& v) { v.erase("sealing_keys"); }) == "ok");
  json other = good;
  other["kid"] = to_text(key_of("b").id());
  CHECK(operational([&](json& v) { v["sealing_keys"] = json::array({other}); }) == "denied");
  json small = good;
  small["x"] = base64url(Bytes(32, '\0'));
  CHECK(operational([&](json& v) { v["sealing_keys"] = json::array({small}); }) == "invalid");
}

TEST_CASE("a document without pins, or malformed anywhere, is invalid") {
  CHECK(operational([](json& v) { v["tls_pins"] = json::array(); }) == "invalid");
  CHECK(operational([](json& v) { v["tls_pins"][0] = "short"; }) == "invalid");
  CHECK(operational([](json& v) { v["endpoints"][0] = "https://x"; }) == "invalid");
  CHECK(operational([](json& v) { v["limits"]["transaction_bytes_max"] = 1; }) == "invalid");
  CHECK(operational([](json& v) { v["serial"] = 0; }) == "invalid");
  CHECK(operational([](json& v) { v["serial"] = 1.5; }) == "invalid");
  CHECK(delegation([](json& v) { v["v"] = 2; }) == "invalid");
  json more = json::parse(document());
  more["extra"] = 1;
  CHECK(verdict(more.dump()) == "invalid");
  for (const char* text : {"", "null", "[]", "{}", R"({"delegation":{},"operational":{}})"}) {
    CHECK(verdict(text) == "invalid");
  }
  CHECK(verdict(std::string(document_bytes_max + 1, ' ')) == "too_large");
}

}  // namespace cpc::federation
