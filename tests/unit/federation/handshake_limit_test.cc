// Nobody keeps the network thread busy with TLS handshakes alone.

#include "federation/handshake_limit.h"

#include <catch2/catch.hpp>

namespace {

using namespace std::chrono_literals;
using cpc::federation::HandshakeLimit;
using cpc::federation::HandshakeRate;

constexpr HandshakeLimit::Point start{1000h};

TEST_CASE("an address begins as many handshakes as it has saved up, and one more each interval") {
  HandshakeLimit limit{HandshakeRate{3, 50ms}};
  for (int i = 0; i < 3; ++i) CHECK(limit.take("192.0.2.1", start));
  CHECK_FALSE(limit.take("192.0.2.1", start));
  CHECK_FALSE(limit.take("192.0.2.1", start + 49ms));
  CHECK(limit.take("192.0.2.1", start + 50ms));
  CHECK_FALSE(limit.take("192.0.2.1", start + 50ms));
  // Refused tries cost nothing, and no more is saved up than there is.
  for (int i = 0; i < 3; ++i) CHECK(limit.take("192.0.2.1", start + 10s));
  CHECK_FALSE(limit.take("192.0.2.1", start + 10s));
}

TEST_CASE("what one address does is not counted for another") {
  HandshakeLimit limit{HandshakeRate{1, 50ms}};
  CHECK(limit.take("192.0.2.1", start));
  CHECK_FALSE(limit.take("192.0.2.1", start));
  CHECK(limit.take("192.0.2.2", start));
}

TEST_CASE("a network of IPv6 is one address, however many it uses") {
  HandshakeLimit limit{HandshakeRate{1, 50ms}};
  CHECK(limit.take("2001:db8:1:2::1", start));
  CHECK_FALSE(limit.take("2001:db8:1:2:ffff::7", start));
  CHECK(limit.take("2001:db8:1:3::1", start));
}

TEST_CASE("another rate counts on from what was used up") {
  HandshakeLimit limit{HandshakeRate{2, 50ms}};
  CHECK(limit.take("192.0.2.1", start));
  CHECK(limit.take("192.0.2.1", start));
  limit.use(HandshakeRate{1, 1s});
  CHECK_FALSE(limit.take("192.0.2.1", start));
  CHECK(limit.take("192.0.2.1", start + 100ms));
  CHECK_FALSE(limit.take("192.0.2.1", start + 1s));
  CHECK(limit.take("192.0.2.1", start + 1100ms));
}

TEST_CASE("without a bound everything may begin, and nothing is remembered") {
  HandshakeLimit limit{HandshakeRate{}};
  for (int i = 0; i < 1000; ++i) REQUIRE(limit.take("192.0.2.1", start));
  CHECK(limit.addresses() == 0);
}

TEST_CASE(
    "addresses are forgotten when they have saved up everything, and are bounded until then") {
  HandshakeLimit limit{HandshakeRate{2, 50ms}, 10};
  for (int i = 0; i < 10; ++i) CHECK(limit.take("192.0.2." + std::to_string(i), start));
  CHECK_FALSE(limit.take("192.0.2.10", start));
  CHECK(limit.take("192.0.2.3", start));
  CHECK(limit.addresses() == 10);
  CHECK(limit.take("192.0.2.10", start + 200ms));
  CHECK(limit.addresses() == 1);
}

}  // namespace
