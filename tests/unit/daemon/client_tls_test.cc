// What an operator hears of a certificate for clients before clients complain.

#include "daemon/client_tls.h"

#include <catch2/catch.hpp>

namespace {

using namespace cpc;
using namespace cpc::daemon;
using std::chrono::days;

constexpr TimePoint made_at = from_milliseconds(1'760'000'000'000);

std::vector<std::string> warnings_at(TimePoint now) {
  return client_tls_warnings(federation::TlsIdentity::make("nord.cpc", made_at).value(), now);
}

TEST_CASE("a certificate that clients refuse for its dates is told, with the date") {
  CHECK(warnings_at(made_at).empty());
  CHECK(warnings_at(made_at + days{3000}).empty());
  const auto early = warnings_at(made_at - days{1});
  REQUIRE(early.size() == 1);
  CHECK(early[0].starts_with("client.tls_certificate is not valid before 2025-10-09 08:53 UTC"));
  const auto late = warnings_at(made_at + days{4000});
  REQUIRE(late.size() == 1);
  CHECK(late[0].starts_with("client.tls_certificate expired on 2035-10-09 08:53 UTC"));
}

TEST_CASE("a key that costs little may be used often by one address") {
  const auto rate = client_handshakes(federation::TlsIdentity::make("nord.cpc", made_at).value());
  CHECK(rate.at_once_max == 1000);
  CHECK(rate.interval == std::chrono::milliseconds{5});
}

TEST_CASE("without a certificate there is nothing to load, and no mistake") {
  const auto loaded = load_client_tls(ClientConfig{});
  REQUIRE(loaded.has_value());
  CHECK_FALSE(loaded.value());
}

}  // namespace
