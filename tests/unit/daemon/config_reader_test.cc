// What a complaint of the configuration may hold.

#include "daemon/config_reader.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "daemon/config.h"

namespace cpc::daemon {
namespace {

std::string complaint(std::string_view text) {
  const auto config = parse_config(text, "cpcd.toml");
  REQUIRE(config.has_error());
  return config.error().detail;
}

TEST_CASE("no complaint writes a control character of the file to the terminal") {
  const std::string told = complaint("instance = i\x1b[31m\x7f\n");
  CHECK(told.starts_with("cpcd.toml:1: this is not TOML: "));
  CHECK(std::ranges::none_of(told, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }));
  CHECK(complaint("instance = \"nord.cpc\"\n[log]\nlevel = \"a\\u001b\"").ends_with("\"a?\""));
}

TEST_CASE("a complaint is one line, though what it is about ends a line of the file") {
  const std::string told = complaint("[client]\nconnections_max =n\no500 = 1\n");
  CHECK(told.starts_with("cpcd.toml:"));
  CHECK(told.find('\n') == std::string::npos);
}

}  // namespace
}  // namespace cpc::daemon
