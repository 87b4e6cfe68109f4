#include "routing/address_policy.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "routing/endpoint.h"

namespace {

using namespace cpc;
using namespace cpc::routing;
using boost::asio::ip::make_address;

AddressRange range(std::string_view text) {
  return AddressRange::parse(text).value();
}

bool permits(const AddressPolicy& policy, const std::string& address) {
  return policy.check(make_address(address)).has_value();
}

std::string complaint(std::string_view text) {
  const auto parsed = AddressRange::parse(text);
  if (parsed.has_value()) return "(accepted)";
  CHECK(parsed.error().code == ErrorCode::invalid);
  return parsed.error().detail;
}

/// Test data that is shared between projects lies outside the tree.
std::optional<nlohmann::json> vectors() {
  const char* const named = std::getenv("CPC_VECTORS");
  const std::filesystem::path folder = named ? named : "../shared/vectors";
  const auto file = folder / "url" / "ssrf_addresses.json";
  std::ifstream stream{file};
  if (!stream) {
    WARN("ran WITHOUT the address vectors: no " << file << ", set CPC_VECTORS to their folder");
    return std::nullopt;
  }
  return nlohmann::json::parse(stream);
}

TEST_CASE("a range holds its addresses and no other") {
  CHECK(range("10.0.0.0/8").contains(make_address("10.255.255.255")));
  CHECK_FALSE(range("10.0.0.0/8").contains(make_address("11.0.0.0")));
  CHECK(range("172.16.0.0/12").contains(make_address("172.31.0.1")));
  CHECK_FALSE(range("172.16.0.0/12").contains(make_address("172.32.0.0")));
  CHECK(range("127.0.0.1").contains(make_address("127.0.0.1")));
  CHECK_FALSE(range("127.0.0.1").contains(make_address("127.0.0.2")));
  CHECK(range("0.0.0.0/0").contains(make_address("8.8.8.8")));
  CHECK_FALSE(range("0.0.0.0/0").contains(make_address("::1")));
  CHECK(range("fd00::/8").contains(make_address("fd12:3456::1")));
  CHECK_FALSE(range("fd00::/8").contains(make_address("fc00::1")));
  CHECK(range("2001:db8:8000::/33").contains(make_address("2001:db8:ffff::1")));
  CHECK_FALSE(range("2001:db8:8000::/33").contains(make_address("2001:db8:7fff::1")));
  CHECK(range("::1").contains(make_address("::1")));
  CHECK(range("::/0").contains(make_address("2606:4700::1111")));
}

TEST_CASE("an IPv4 address is the same in its IPv6 wrapping, because the machine thinks so") {
  CHECK(range("127.0.0.0/8").contains(make_address("::ffff:127.0.0.1")));
  CHECK_FALSE(range("::/0").contains(make_address("::ffff:127.0.0.1")));
}

TEST_CASE("a range is written back in its one form") {
  CHECK(range("10.0.0.0/8").text() == "10.0.0.0/8");
  CHECK(range("127.0.0.1").text() == "127.0.0.1/32");
  CHECK(range("FD00:0:0::/8").text() == "fd00::/8");
}

TEST_CASE("what is not a range is refused with what would be one") {
  const std::string shape =
      "a range is an address and a prefix length, such as 10.0.0.0/8 or fd00::/8";
  CHECK(complaint("") == shape);
  CHECK(complaint("/8") == shape);
  CHECK(complaint("10/8") == shape);
  CHECK(complaint("10.0.0.0 /8") == shape);
  CHECK(complaint("nord.cpc/8") == shape);
  CHECK(complaint("fe80::%lo/10") == shape);
  CHECK(complaint("127.0.0.1/8") ==
        "a range begins at its first address; did you mean 127.0.0.0/8?");
  CHECK(complaint("fd00::1/8") == "a range begins at its first address; did you mean fd00::/8?");
  CHECK(complaint("::ffff:10.0.0.0/104") == "a range of IPv4 addresses is written in IPv4");
  for (const char* const prefix : {"33", "-1", "08", "8 ", " 8", "+8", "", "8/8", "99999999999"}) {
    INFO(prefix);
    CHECK(complaint(std::string{"10.0.0.0/"} + prefix) ==
          "the prefix length of a range is a number from 0 to 32");
  }
  CHECK(complaint("fd00::/129") == "the prefix length of a range is a number from 0 to 128");
}

TEST_CASE("the operator's ranges are permitted, and nothing next to them") {
  const AddressPolicy policy{{range("127.0.0.0/8"), range("fd00::/8")}};
  CHECK(permits(policy, "127.0.0.1"));
  CHECK(permits(policy, "::ffff:127.0.0.1"));
  CHECK(permits(policy, "fd12::1"));
  CHECK(permits(policy, "8.8.8.8"));
  CHECK_FALSE(permits(policy, "10.0.0.1"));
  CHECK_FALSE(permits(policy, "::1"));
  CHECK_FALSE(permits(policy, "fc00::1"));
  // A NAT64 gateway is another machine: its loopback is not ours.
  CHECK_FALSE(permits(policy, "64:ff9b::7f00:1"));
}

TEST_CASE("a refusal names the address, what it is and the key that permits it") {
  const auto refused = AddressPolicy{}.check(make_address("::ffff:10.0.0.1"));
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == ErrorCode::denied);
  CHECK(refused.error().detail ==
        "::ffff:10.0.0.1 is a private address, and only public addresses are connected to; if it "
        "is meant, add its range to federation.allow_addresses");
}

TEST_CASE("no address of the vectors that must be blocked is permitted") {
  const auto data = vectors();
  if (!data) return;
  std::size_t blocked = 0;
  for (const char* const list : {"block_ipv4", "block_ipv6"}) {
    for (const std::string address : data->at(list)) {
      INFO(address);
      CHECK_FALSE(permits(AddressPolicy{}, address));
      ++blocked;
    }
  }
  std::size_t allowed = 0;
  for (const std::string address : data->at("allow")) {
    INFO(address);
    CHECK(permits(AddressPolicy{}, address));
    ++allowed;
  }
  REQUIRE(blocked > 50);
  REQUIRE(allowed > 20);
  std::cout << "address vectors: " << blocked << " blocked, " << allowed << " permitted\n";
}

/// True if an endpoint with this host is refused by its form, or by its address.
bool is_refused(const std::string& host) {
  const auto endpoint = Endpoint::parse(host + ":8470");
  if (endpoint.has_error()) return true;
  return endpoint.value().is_address() && !permits(AddressPolicy{}, endpoint.value().host);
}

TEST_CASE("no spelling of a host in the vectors leads to this machine") {
  const auto data = vectors();
  if (!data) return;
  // Proper DNS names: only what they resolve to can be judged, and that is checked as an address.
  const std::vector<std::string> names{"169.254.169.254.nip.io", "metadata.google.internal"};
  std::size_t refused = 0;
  for (const std::string host : data->at("host_forms")) {
    if (std::ranges::find(names, host) != names.end()) continue;
    INFO(host);
    CHECK(is_refused(host));
    ++refused;
  }
  REQUIRE(refused > 25);
  std::cout << "host vectors: " << refused << " refused\n";
}

}  // namespace
