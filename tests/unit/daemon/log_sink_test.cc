// What a line of the log looks like, whatever somebody puts into it.

#include "daemon/log_sink.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace cpc::daemon {

TEST_CASE("a line is a sentence and named values, quoted only where they must be") {
  CHECK(logfmt_line(LogLevel::warn, "peer went away",
                    {{"peer", "beta.cpc"}, {"tries", 3}, {"reason", "no route"}}) ==
        R"(level=warn msg="peer went away" peer=beta.cpc tries=3 reason="no route")");
  CHECK(logfmt_line(LogLevel::error, "x", {}) == R"(level=error msg="x")");
}

TEST_CASE("nobody writes a line of their own into the log, or into the terminal that shows it") {
  const std::string forged = "beta.cpc\nlevel=error msg=\"all is lost\" \x1b[2J\x7f\xff=\\ \"";
  const std::string line = logfmt_line(LogLevel::info, "greeted", {{"peer", forged}});
  for (const char c : line) CHECK((c >= ' ' && c < 0x7f));
  CHECK(line.find(R"(peer="beta.cpc\nlevel=error msg=\"all is lost\")") != std::string::npos);
  CHECK(logfmt_line(LogLevel::info, "x", {{"peer", ""}}) == R"(level=info msg="x" peer="")");
  CHECK(logfmt_line(LogLevel::info, "x", {{"peer", "a=b"}}) == R"(level=info msg="x" peer="a=b")");

  const auto json = nlohmann::json::parse(json_line(LogLevel::info, "greeted", {{"peer", forged}}));
  CHECK(json.at("msg") == "greeted");
  CHECK(json.at("peer").get<std::string>().starts_with("beta.cpc\nlevel=error"));
  CHECK(json.size() == 3);
}

TEST_CASE("a value is cut at 1 KiB, so that a stranger cannot fill the disk with one line") {
  const std::string long_value(1'000'000, 'x');
  CHECK(logfmt_line(LogLevel::info, "x", {{"v", long_value}}).size() < 1200);
  CHECK(json_line(LogLevel::info, "x", {{"v", long_value}}).size() < 1200);
}

}  // namespace cpc::daemon
