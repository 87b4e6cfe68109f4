// The section [trust].
#include <catch2/catch.hpp>

#include "daemon/config.h"

namespace {

using namespace cpc;
using namespace cpc::daemon;

Result<Config> parse(const std::string& trust) {
  return parse_config("instance = \"nord.cpc\"\n[trust]\n" + trust, "cpcd.toml");
}

TEST_CASE("the least trust that suffices is a level with somebody who vouches, and tofu apart") {
  const auto by_default = parse("");
  REQUIRE(by_default);
  CHECK(by_default.value().trust.min == core::Trust::directory);
  CHECK_FALSE(by_default.value().trust.tofu);
  const std::pair<const char*, core::Trust> levels[] = {
      {"pinned", core::Trust::pinned},
      {"directory", core::Trust::directory},
      {"dnssec", core::Trust::dnssec},
      {"introduced", core::Trust::introduced},
  };
  for (const auto& [word, level] : levels) {
    const auto config = parse("min = \"" + std::string{word} + "\"\ntofu = \"allow\"\n");
    REQUIRE(config);
    CHECK(config.value().trust.min == level);
    CHECK(config.value().trust.tofu);
  }
  const auto lists = parse("allow = [\"sud.cpc\", \"west.cpc\"]\nblock = [\"ost.cpc\"]\n");
  REQUIRE(lists);
  CHECK(lists.value().trust.allow.at(1).text() == "west.cpc");
  CHECK(lists.value().trust.block.at(0).text() == "ost.cpc");
  for (const char* const wrong :
       {"min = \"tofu\"", "min = \"none\"", "min = 3", "tofu = true", "tofu = \"maybe\"",
        "allow = [\"sud\"]", "block = [\"sud.cpc\", \"sud.cpc\"]"}) {
    const auto config = parse(wrong);
    REQUIRE_FALSE(config);
    CHECK(config.error().detail.starts_with("cpcd.toml:3: trust."));
  }
}

}  // namespace
