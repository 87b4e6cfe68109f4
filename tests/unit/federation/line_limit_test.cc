// What strangers cause does not fill the log, and nothing of it is hidden.

#include "federation/line_limit.h"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;

namespace cpc::federation {

TEST_CASE("of each kind one line a minute is written, and tells how many were left out") {
  constexpr routing::SteadyPoint start{5h};
  LineLimit limit;
  CHECK(limit.admit("REPLAY", start) == 0);
  for (int i = 0; i < 500; ++i) CHECK_FALSE(limit.admit("REPLAY", start + i * 100ms).has_value());
  CHECK(limit.admit("MALFORMED", start + 59s) == 0);
  CHECK_FALSE(limit.admit("REPLAY", start + 1min - 1ms).has_value());
  CHECK(limit.admit("REPLAY", start + 1min) == 501);
  CHECK_FALSE(limit.admit("REPLAY", start + 1min + 1s).has_value());
  CHECK(limit.admit("REPLAY", start + 24h) == 1);
  CHECK(limit.admit("REPLAY", start + 48h) == 0);
}

}  // namespace cpc::federation
