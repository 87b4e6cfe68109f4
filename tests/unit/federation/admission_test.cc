// How much of the peers' transactions is worked on at a time.
#include "federation/admission.h"

#include <catch2/catch.hpp>
#include <optional>
#include <vector>

namespace cpc::federation {
namespace {

const core::InstanceName north = core::InstanceName::parse("north.cpc").value();
const core::InstanceName south = core::InstanceName::parse("south.cpc").value();
constexpr std::size_t mebibyte = 1024 * 1024;

TEST_CASE("a peer has so many transactions under way, and others are not concerned") {
  Admission admission;
  std::vector<Admission::Ticket> held;
  for (std::size_t i = 0; i < transactions_at_a_time_max; ++i) {
    held.push_back(admission.admit(north, 1));
    REQUIRE(held.back());
  }
  CHECK_FALSE(admission.admit(north, 1));
  CHECK(admission.admit(south, 1));
  held.pop_back();
  CHECK(admission.admit(north, 1));
}

TEST_CASE("all peers together have so many octets under way") {
  Admission admission;
  std::vector<Admission::Ticket> held;
  for (int i = 0; i < 32; ++i) {
    const auto name = core::InstanceName::parse("peer" + std::to_string(i) + ".cpc").value();
    held.push_back(admission.admit(name, 2 * mebibyte));
    REQUIRE(held.back());
  }
  CHECK_FALSE(admission.admit(south, 1));
  held.clear();
  CHECK(admission.admit(south, 1));
}

TEST_CASE("credit is full while half of the room is free, and falls to nothing") {
  Admission admission;
  core::DeliveryLimits limits;
  limits.entries_max = 500;
  limits.bytes_max = 1'000'000;
  std::vector<Admission::Ticket> held;
  std::size_t before = 500;
  for (int i = 0; i < 32; ++i) {
    const core::Credit credit = admission.credit(limits);
    CHECK(credit.entries <= before);
    if (i <= 16) CHECK(credit == core::Credit{500, 1'000'000});
    if (i == 24) CHECK(credit == core::Credit{250, 500'000});
    before = credit.entries;
    const auto name = core::InstanceName::parse("peer" + std::to_string(i) + ".cpc").value();
    held.push_back(admission.admit(name, 2 * mebibyte));
  }
  CHECK(admission.credit(limits) == core::Credit{0, 0});
}

}  // namespace
}  // namespace cpc::federation
