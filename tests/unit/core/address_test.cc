// Names have one form, and everything else is refused.

#include "core/address.h"

#include <catch2/catch.hpp>
#include <iostream>

#include "tests/unit/crypto/vectors.h"

namespace cpc::core {

TEST_CASE("every published instance name is accepted or refused as it says") {
  const auto vectors = crypto::published_vectors("url/instance_names.json");
  if (!vectors) return;
  std::size_t accepted = 0;
  for (const auto& name : vectors->at("accept")) {
    const auto parsed = InstanceName::parse(name.get<std::string>());
    INFO(name);
    REQUIRE(parsed.has_value());
    CHECK(parsed.value().text() == name.get<std::string>());
    ++accepted;
  }
  std::size_t refused = 0;
  for (const auto& entry : vectors->at("reject")) {
    INFO(entry);
    CHECK_FALSE(InstanceName::parse(entry.at("name").get<std::string>()).has_value());
    ++refused;
  }
  std::cout << "instance names: " << accepted << " accepted, " << refused << " refused\n";
  CHECK(accepted > 0);
  CHECK(refused > 0);
}

TEST_CASE("an address has one spelling and reads back as itself") {
  const auto parsed = Address::parse("anna.b-c_9@alpha.cpc");
  REQUIRE(parsed.has_value());
  CHECK(parsed.value().local == "anna.b-c_9");
  CHECK(parsed.value().instance.text() == "alpha.cpc");
  CHECK(parsed.value().text() == "anna.b-c_9@alpha.cpc");
}

TEST_CASE("what is not exactly an address is refused without echoing it") {
  for (const char* text : {"",
                           "@",
                           "anna",
                           "anna@",
                           "@alpha.cpc",
                           "anna@alpha",
                           "anna@@alpha.cpc",
                           "a@b@alpha.cpc",
                           "Anna@alpha.cpc",
                           "anna @alpha.cpc",
                           ".anna@alpha.cpc",
                           "anna.@alpha.cpc",
                           "an..na@alpha.cpc",
                           "-anna@alpha.cpc",
                           "anna_@alpha.cpc",
                           "an\xC3\xA4@alpha.cpc",
                           "anna+b@alpha.cpc",
                           "anna@Alpha.cpc",
                           "anna@alpha.cpc ",
                           "anna@alpha.cpc."}) {
    INFO(text);
    const auto parsed = Address::parse(text);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().code == ErrorCode::invalid);
  }
  CHECK(is_local_part(std::string(64, 'a')));
  CHECK_FALSE(is_local_part(std::string(65, 'a')));
  CHECK(Address::parse("<script>@alpha.cpc").error().detail.find("script") == std::string::npos);
}

}  // namespace cpc::core
