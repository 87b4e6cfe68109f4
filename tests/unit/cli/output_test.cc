#include "cli/output.h"

#include <catch2/catch.hpp>

namespace {

using namespace cpc;
using namespace cpc::cli;
using namespace std::chrono_literals;

TEST_CASE("a duration is told in the unit that fits it") {
  CHECK(duration_text(-1s) == "0 s");
  CHECK(duration_text(999ms) == "0 s");
  CHECK(duration_text(119s) == "119 s");
  CHECK(duration_text(120s) == "2 min");
  CHECK(duration_text(119min) == "119 min");
  CHECK(duration_text(2h) == "2 h");
  CHECK(duration_text(47h) == "47 h");
  CHECK(duration_text(48h) == "2 d");
}

TEST_CASE("a time is told in UTC, a missing one as the caller wishes") {
  CHECK(time_text(from_milliseconds(0)) == "1970-01-01 00:00:00Z");
  CHECK(time_text(from_milliseconds(1'709'210'096'999)) == "2024-02-29 12:34:56Z");
  CHECK(time_text(from_milliseconds(-1)) == "1969-12-31 23:59:59Z");
  const TimePoint now = from_milliseconds(1'000'000'000);
  CHECK(relative_text(now, now, "") == "0 s ago");
  CHECK(relative_text(now + 3h, now, "") == "in 3 h");
  CHECK(relative_text(std::nullopt, now, "never") == "never");
  CHECK(full_text(now - 5min, now, "") == "1970-01-12 13:41:40Z (5 min ago)");
}

TEST_CASE("text from elsewhere loses its control characters and nothing else") {
  CHECK(printable("gr\u00fc\u00df dich \u65e5\u672c") == "gr\u00fc\u00df dich \u65e5\u672c");
  CHECK(printable(std::string_view{"a\0b\tc\x7f", 6}) == "a?b?c?");
  CHECK(printable("\xc2\x9b"
                  "31m \xc2\xa0") == "?31m \u00a0");
  CHECK(printable("\xc2") == "\xc2");
}

TEST_CASE("one is singular") {
  CHECK(counted(0, "peer") == "0 peers");
  CHECK(counted(1, "peer") == "1 peer");
  CHECK(counted(2, "peer") == "2 peers");
}

}  // namespace
