// The section [dns], and what it changes for peers.
#include <catch2/catch.hpp>

#include "daemon/config.h"

namespace {

using namespace cpc;
using namespace cpc::daemon;

const std::string iid = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE";

Result<Config> parse(const std::string& text) {
  return parse_config("instance = \"nord.cpc\"\n" + text, "cpcd.toml");
}
Config parsed(const std::string& text) {
  const auto config = parse(text);
  if (config.has_error()) FAIL(config.error().detail);
  return config.value();
}
std::string complaint_below(const std::string& text) {
  const auto config = parse(text);
  return config.has_value() ? "(accepted)" : config.error().detail;
}

TEST_CASE("resolvers are addresses, and then a peer may go without endpoints") {
  const std::string peer = "[[peer]]\nname = \"sud.cpc\"\niid = \"" + iid + "\"\n";
  const Config config = parsed(
      "[dns]\nresolvers = [\"127.0.0.1:5353\", \"[::1]:53\"]\nsuffix = \"CPC.example.org\"\n"
      "trust_ad = true\n" +
      peer);
  REQUIRE(config.dns.resolvers.size() == 2);
  CHECK(config.dns.resolvers[1].text() == "[::1]:53");
  CHECK(config.dns.suffix == "cpc.example.org");
  CHECK(config.dns.trust_ad);
  CHECK(config.peers.at(0).endpoints.empty());
  CHECK(complaint_below(peer) ==
        "cpcd.toml:2: peer.endpoints is missing; every [[peer]] needs it unless dns.resolvers is "
        "set");
  for (const char* const wrong :
       {"resolvers = [\"dns.example.org:53\"]", "resolvers = [\"127.0.0.1\"]",
        "resolvers = [\"127.0.0.1:1\", \"127.0.0.1:2\", \"127.0.0.1:3\", \"127.0.0.1:4\"]",
        "suffix = \".example.org\"", "suffix = \"127.0.0.1\"", "suffix = \"a b\""}) {
    CHECK(complaint_below("[dns]\n" + std::string{wrong}).starts_with("cpcd.toml:3: dns."));
  }
}

}  // namespace
