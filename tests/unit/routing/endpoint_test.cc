#include "routing/endpoint.h"

#include <catch2/catch.hpp>

namespace {

using namespace cpc;
using routing::Endpoint;

std::string again(std::string_view text) {
  const auto parsed = Endpoint::parse(text);
  if (parsed.has_value()) return parsed.value().text();
  CHECK(parsed.error().code == ErrorCode::invalid);
  return "(refused)";
}

TEST_CASE("an endpoint is a name or an address, and a port") {
  CHECK(again("chat.nord.example:8470") == "chat.nord.example:8470");
  CHECK(again("Chat.NORD.example:1") == "chat.nord.example:1");
  CHECK(again("box:65535") == "box:65535");
  CHECK(again("_svc.a-b.example:443") == "_svc.a-b.example:443");
  CHECK(again("198.51.100.7:8470") == "198.51.100.7:8470");
  CHECK(again("[2001:DB8:0:0::7]:8470") == "[2001:db8::7]:8470");
  CHECK(again("1.example:80") == "1.example:80");
  CHECK(Endpoint::parse("[::1]:80").value().host == "::1");
  CHECK(Endpoint::parse("[::1]:80").value().is_address());
  CHECK_FALSE(Endpoint::parse("a.example:80").value().is_address());
}

TEST_CASE("anything else is no endpoint") {
  const std::string label(64, 'a');
  std::string name(120, 'a');
  name.append(".").append(140, 'b');
  for (const std::string text : {
           "",
           ":",
           "host",
           "host:",
           ":80",
           "host:0",
           "host:080",
           "host:+80",
           "host:-1",
           "host:65536",
           "host:80 ",
           " host:80",
           "host:8o",
           "https://host:443",
           "user@host:80",
           "host/path:80",
           "host.:80",
           ".host:80",
           "a..b:80",
           "-a.b:80",
           "a-.b:80",
           "a b:80",
           "::1:80",
           "[::1]",
           "[::1]80",
           "[::1:80",
           "::1]:80",
           "[fe80::1%lo]:80",
           "[127.0.0.1]:80",
           "127.1:80",
           "0x7f000001:80",
           "2130706433:80",
           "0177.0.0.1:80",
           "1.2.3.4.5:80",
           "a.0x7f:80",
           "a.1:80",
           "localhost:80",
           "LOCALHOST:80",
           "x.localhost:80",
           "a\n:80",
       }) {
    INFO(text);
    CHECK(again(text) == "(refused)");
  }
  CHECK(again(label + ".example:80") == "(refused)");
  CHECK(again(name + ":80") == "(refused)");
  CHECK(again(std::string{"a\0b:80", 6}) == "(refused)");
}

}  // namespace
