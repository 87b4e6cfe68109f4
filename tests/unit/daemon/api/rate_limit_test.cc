// How often something may be tried.

#include "daemon/api/rate_limit.h"

#include <catch2/catch.hpp>

namespace cpc::api {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start = from_milliseconds(1'800'000'000'000);

}  // namespace

TEST_CASE("as many tries as a minute has, then one whenever its part of the minute has passed") {
  RateLimit limit{10};
  for (int i = 0; i < 10; ++i) CHECK(limit.take("anna", start) == 0s);
  CHECK(limit.take("anna", start) == 6s);
  CHECK(limit.take("anna", start + 4s) == 2s);
  CHECK(limit.take("anna", start + 6s) == 0s);
  CHECK(limit.take("anna", start + 6s) == 6s);
  CHECK(limit.take("ben", start) == 0s);
}

TEST_CASE("what was not used is not saved beyond a minute's worth") {
  RateLimit limit{3};
  CHECK(limit.take("anna", start) == 0s);
  for (int i = 0; i < 3; ++i) CHECK(limit.take("anna", start + 24h) == 0s);
  CHECK(limit.take("anna", start + 24h) > 0s);
}

TEST_CASE("a clock that is set back neither frees nor locks out anybody") {
  RateLimit limit{2};
  CHECK(limit.take("anna", start) == 0s);
  CHECK(limit.take("anna", start) == 0s);
  CHECK(limit.take("anna", start - 24h) > 0s);
  CHECK(limit.take("anna", start - 24h + 30s) == 0s);
}

TEST_CASE("many names do not take more memory, and nobody gets free by making them up") {
  RateLimit limit{2, 3};
  for (int i = 0; i < 2; ++i) CHECK(limit.take("held back", start) == 0s);
  CHECK(limit.take("held back", start) > 0s);
  for (int i = 0; i < 1000; ++i) CHECK(limit.take("stranger " + std::to_string(i), start) == 0s);
  CHECK(limit.take("held back", start) > 0s);
}

}  // namespace cpc::api
