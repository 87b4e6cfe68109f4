// An access token is ours, whole and in time, or it is none.

#include "daemon/api/token.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "federation/jws.h"

namespace cpc::api {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint now = from_milliseconds(1'800'000'000'500);

crypto::SigningKey key_of(char letter) {
  return crypto::SigningKey::from_seed(crypto::Seed::from_bytes(Bytes(32, letter)).value());
}

struct Scene {
  crypto::SigningKey key = key_of('k');
  core::InstanceName us = core::InstanceName::parse("alpha.cpc").value();
  federation::PeerIdentity ourselves = identity();
  core::SessionClaim session{"anna", core::Incarnation::from_bytes(Bytes(16, 'i')).value(), 7};

  [[nodiscard]] federation::PeerIdentity identity() const {
    federation::PeerIdentity made;
    made.name = us;
    made.keys.push_back({key.public_key(), now - 1h, now + 1h});
    return made;
  }
  [[nodiscard]] Result<Token> read(std::string_view text, TimePoint at = now) const {
    return read_token(text, ourselves, 600s, at);
  }
  /// A token of ours whose claims were changed before it was signed.
  [[nodiscard]] std::string with(const char* claim, nlohmann::json value) const {
    nlohmann::json claims{{"iss", "alpha.cpc"},
                          {"aud", "cpc-client"},
                          {"sub", "anna"},
                          {"inc", to_text(session.incarnation)},
                          {"gen", 7},
                          {"iat", 1'800'000'000},
                          {"exp", 1'800'000'600}};
    claims[claim] = std::move(value);
    return federation::sign_compact("cpc-at", claims.dump(), key);
  }
};

}  // namespace

TEST_CASE("a token says who, and until when to the second") {
  const Scene s;
  const std::string text = make_token(s.session, s.us, now, 600s, s.key);
  const auto token = s.read(text);
  REQUIRE(token);
  CHECK(token.value().session.local == "anna");
  CHECK(token.value().session.incarnation == s.session.incarnation);
  CHECK(token.value().session.session_generation == 7);
  CHECK(TimePoint{token.value().expires} == from_milliseconds(1'800'000'600'000));
  CHECK(s.read(text, from_milliseconds(1'800'000'599'999)));
  CHECK(s.read(text, from_milliseconds(1'800'000'600'000)).error().code == ErrorCode::denied);
}

TEST_CASE("a token of another key, instance, audience or kind is denied") {
  const Scene s;
  CHECK(s.read(s.with("sub", "anna")));
  const auto denied = [&](std::string_view text) {
    const auto token = s.read(text);
    REQUIRE_FALSE(token);
    CHECK(token.error().code == ErrorCode::denied);
  };
  denied(make_token(s.session, s.us, now, 600s, key_of('x')));
  denied(make_token(s.session, core::InstanceName::parse("beta.cpc").value(), now, 600s, s.key));
  denied(s.with("aud", "cpc-admin"));
  denied(s.with("iss", nullptr));
  denied(s.with("exp", "1800000600"));
  denied(s.with("gen", 0));
  denied(s.with("gen", -1));
  denied(s.with("inc", "short"));
  denied(s.with("sub", 5));
  denied(federation::sign_compact("cpc-frame", R"({"iss":"alpha.cpc"})", s.key));
  denied(federation::sign_compact("cpc-at", "no json", s.key));
  denied("");
  denied("a.b.c");
  denied(std::string(100'000, 'a'));
}

TEST_CASE("a token outlives the time of its key, though nothing is signed by that any more") {
  Scene s;
  const std::string text = make_token(s.session, s.us, now, 600s, s.key);
  s.ourselves.retired = std::exchange(s.ourselves.keys, {});
  s.ourselves.retired.front().not_after = now + 1s;
  CHECK(s.read(text, now + 599s));
  const std::string later = make_token(s.session, s.us, now + 2s, 600s, s.key);
  CHECK_FALSE(s.read(later, now + 3s));
}

TEST_CASE("a token of a revoked key is denied, whenever it says it was issued") {
  Scene s;
  const std::string text = make_token(s.session, s.us, now - 60s, 600s, s.key);
  CHECK(s.read(text));
  s.ourselves.revoked.push_back({s.key.id(), now - 1s});
  CHECK_FALSE(s.read(text));
}

TEST_CASE("a token ends with the longest life that one has now, whatever it says of its own") {
  const Scene s;
  const std::string text = make_token(s.session, s.us, now, 24h, s.key);
  CHECK(s.read(text, now + 599s));
  CHECK_FALSE(s.read(text, now + 600s));
}

TEST_CASE("a token holds though the clock was set back before its key's time") {
  const Scene s;
  const std::string text = make_token(s.session, s.us, now - 2h, 600s, s.key);
  CHECK(s.read(text, now - 2h + 1s));
}

TEST_CASE("no octet of a token may be another") {
  const Scene s;
  const std::string good = make_token(s.session, s.us, now, 600s, s.key);
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string altered = good;
    altered[at] = altered[at] == 'A' ? 'B' : 'A';
    INFO(at);
    CHECK_FALSE(s.read(altered));
  }
  CHECK_FALSE(s.read(good + "A"));
  CHECK_FALSE(s.read(good.substr(0, good.size() - 1)));
}

}  // namespace cpc::api
