// [client] tls_certificate and tls_key: TLS for clients without a proxy.

#include <catch2/catch.hpp>

#include "daemon/config.h"

namespace {

using namespace cpc;
using namespace cpc::daemon;

Result<Config> parsed(const std::string& client) {
  return parse_config("instance = \"nord.cpc\"\n[client]\n" + client, "cpcd.toml");
}

TEST_CASE("the certificate and the key for clients arrive where they belong") {
  const auto config =
      parsed("tls_certificate = \"/etc/cpcd/client.crt\"\ntls_key = \"/etc/cpcd/client.key\"\n");
  REQUIRE(config.has_value());
  CHECK(config.value().client.tls_certificate == "/etc/cpcd/client.crt");
  CHECK(config.value().client.tls_key == "/etc/cpcd/client.key");
  CHECK(config.value().client.has_tls());
  CHECK_FALSE(parsed("").value().client.has_tls());
}

TEST_CASE("with a certificate clients may be listened to everywhere, without a proxy") {
  const std::string listen = "listen = \"0.0.0.0:8480\"\n";
  CHECK(parsed(listen).has_error());
  CHECK(parsed(listen + "tls_certificate = \"/c\"\ntls_key = \"/k\"\n").has_value());
}

TEST_CASE("a certificate for clients without its key, or the other way round, is refused") {
  CHECK(parsed("tls_certificate = \"/etc/cpcd/client.crt\"").error().detail ==
        "cpcd.toml:3: client.tls_certificate is of no use without client.tls_key; set both, or "
        "neither");
  CHECK(parsed("tls_key = \"/etc/cpcd/client.key\"").error().detail ==
        "cpcd.toml:3: client.tls_key is of no use without client.tls_certificate; set both, or "
        "neither");
  CHECK(parsed("tls_certificate = \"client.crt\"\ntls_key = \"/k\"")
            .error()
            .detail.find("a path begins with /") != std::string::npos);
}

TEST_CASE("a certificate behind a proxy is allowed, and told as probably not meant") {
  const std::string tls = "tls_certificate = \"/c\"\ntls_key = \"/k\"\n";
  const auto told = [](const std::string& client) {
    std::string all;
    for (const std::string& warning : warnings(parsed(client).value())) all += warning + "\n";
    return all.find("client.tls_certificate is set and client.behind_proxy too") !=
           std::string::npos;
  };
  CHECK(told(tls + "behind_proxy = true\n"));
  CHECK_FALSE(told(tls));
  CHECK_FALSE(told("behind_proxy = true\n"));
}

}  // namespace
