// Against a real authoritative server: tests/support/knot_server.py runs this program, serves the
// zones that unit_zones() there names, and tells the place in CPC_DNS.
#include <cstdlib>

#include "tests/unit/dns/dns_world.h"

namespace {

using namespace cpc;
using namespace cpc::routing;
using namespace cpc::tests;

using Texts = std::vector<std::string>;

struct KnotWorld : DnsWorld {
  explicit KnotWorld(const std::string& suffix = "", bool trust_ad = false) {
    const char* const place = std::getenv("CPC_DNS");
    REQUIRE(place != nullptr);  // Run under tests/support/knot_server.py.
    DnsSettings settings;
    settings.resolvers.push_back(Endpoint::parse(place).value());
    settings.suffix = suffix;
    settings.trust_ad = trust_ad;
    open(std::move(settings));
  }
};

TEST_CASE("a name becomes addresses by priority, and who is said to be there") {
  KnotWorld world;
  const auto hints = world.ask("beta.cpc");
  REQUIRE(hints);
  CHECK(texts(hints.value()) == Texts{"127.0.0.1:8470", "[::1]:8470", "127.0.0.2:8471"});
  REQUIRE(hints.value().iid);
  CHECK(to_text(*hints.value().iid) == std::string(42, 'A') + "E");
  CHECK(hints.value().ttl == 120s);  // The TXT's, which is the least.
  CHECK(hints.value().holds_until == world.timers.steady + 120s);
  CHECK_FALSE(hints.value().is_authenticated);
}

TEST_CASE("an authoritative answer is not a validated one, whatever is trusted") {
  KnotWorld world{"", true};
  CHECK_FALSE(world.ask("beta.cpc").value().is_authenticated);
}

TEST_CASE("a name is found below a public suffix") {
  KnotWorld world{"cpc.example.org"};
  CHECK(dns_names(core::InstanceName::parse("beta.cpc").value(), "cpc.example.org").srv ==
        "_cpc-fed._tcp.beta.cpc.example.org");
  CHECK(texts(world.ask("beta.cpc").value()) == Texts{"127.0.0.9:8499"});
}

TEST_CASE("an alias is followed") {
  KnotWorld world;
  CHECK(texts(world.ask("alias.cpc").value()).front() == "127.0.0.1:8470");
}

TEST_CASE("a name that is not there is not found, and neither is a service that is not offered") {
  KnotWorld world;
  CHECK(world.failure("nobody.cpc") == ErrorCode::not_found);
  CHECK(world.failure("none.cpc") == ErrorCode::not_found);
}

TEST_CASE("without a TXT record nobody is said to be there") {
  KnotWorld world;
  CHECK_FALSE(world.ask("nameless.cpc").value().iid);
}

TEST_CASE("two identities of one name are a conflict") {
  KnotWorld world;
  CHECK(world.failure("two.cpc") == ErrorCode::conflict);
}

TEST_CASE("a target that our servers do not speak of stays a name, one below .cpc does not") {
  KnotWorld world;
  const auto away = world.ask("away.cpc");
  REQUIRE(away);
  CHECK(texts(away.value()) == Texts{"chat.away.example:8470"});
  CHECK(world.failure("empty.cpc") == ErrorCode::not_found);
}

TEST_CASE("an answer too long for UDP comes over TCP, and only so many targets are taken") {
  KnotWorld world;
  const auto hints = world.ask("many.cpc");
  REQUIRE(hints);
  REQUIRE(hints.value().endpoints.size() == AresResolver::targets_resolved_max);
  CHECK(hints.value().endpoints.front().text() == "127.0.1.1:8000");
}

}  // namespace
