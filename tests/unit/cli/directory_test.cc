// cpcctl directory: what the operator types, and what becomes of it.
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/temporary_folder.h"
#include "tests/unit/cli/fixture.h"

namespace {

using namespace cpc;
using namespace cpc::cli;
using namespace cpc::admin_protocol;

constexpr const char* id = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";

DirectoryRow towns() {
  DirectoryRow row;
  row.id = id;
  row.name = "towns";
  row.version = 7;
  row.names = 3;
  row.expires_at = from_milliseconds(1'795'330'000'001);
  row.source = "nord.cpc";
  row.served = true;
  return row;
}

TEST_CASE("directory follow asks for what was typed, and tells when there is no news") {
  Cpcctl cpcctl;
  cpcctl.daemon.answer<DirectoryFollowRequest>({id, "towns", 0, 7, ""});
  const Said done = cpcctl({"directory", "follow", "--from", "nord.cpc", "--endpoint",
                            "192.0.2.7:1", "--endpoint", "192.0.2.8:1", "--serve", id});
  CHECK(done.status == 0);
  CHECK(done.out == "towns: version 7, before it 0\n");
  CHECK(cpcctl.daemon.asked.back().body ==
        std::string{R"({"id":")"} + id +
            R"(","source":"nord.cpc","endpoints":["192.0.2.7:1","192.0.2.8:1"],"served":true})");
  cpcctl.daemon.answer<DirectoryFollowRequest>({id, "", 0, 0, "nobody \x1b[2J answers"});
  const Said silent = cpcctl({"directory", "follow", id, "--from", "nord.cpc"});
  CHECK(silent.status == exit_findings);
  CHECK(silent.out == std::string{id} + ": followed, nothing of it is here yet\n");
  CHECK(silent.err == "no news: nobody ?[2J answers; it is asked again each hour\n");
  CHECK(cpcctl({"directory", "follow"}).status == exit_usage);
}

TEST_CASE("directory list says which of them need a look") {
  Cpcctl cpcctl;
  DirectoryRow over = towns(), split = towns(), empty;
  over.expires_at = from_milliseconds(1'795'330'000'000);
  split.split = true;
  empty.id = id;
  cpcctl.daemon.answer<DirectoryListRequest>({{towns(), over, split, empty}});
  const Said said = cpcctl({"directory", "list"});
  CHECK(said.status == 0);
  for (const char* word : {"good", "past its date", "two stories", "empty", "nord.cpc, served",
                           "files", "4 directories"}) {
    CHECK(said.out.find(word) != std::string::npos);
  }
}

TEST_CASE("directory show names who signs, and every name with what is the matter") {
  Cpcctl cpcctl;
  DirectoryDetail detail;
  detail.directory = towns();
  detail.keys = {"key-one", "key-two"};
  detail.threshold = 2;
  detail.names = {{"towns", "beta.cpc", "iid-one", "active", {"b.test:1"}, "iid-two", true},
                  {"towns", "gamma.cpc", "iid-three", "retired", {}, std::nullopt, true}};
  detail.more = true;
  cpcctl.daemon.answer<DirectoryShowRequest>(detail);
  const Said said = cpcctl({"directory", "show", "towns", "--after", "alpha.cpc"});
  CHECK(cpcctl.daemon.asked.back().body == R"({"directory":"towns","after":"alpha.cpc"})");
  for (const char* word : {"2 of key-one, key-two", "contested", "iid-two", "retired", "b.test:1",
                           "more: --after gamma.cpc"}) {
    CHECK(said.out.find(word) != std::string::npos);
  }
}

TEST_CASE("a file is imported in parts that the daemon reads, in order and whole") {
  Cpcctl cpcctl;
  nlohmann::json page{{"v", 1}, {"directory", id}, {"version", 40}};
  for (int i = 0; i < 40; ++i) {
    page["records"].push_back({{"payload", std::string(10'000, static_cast<char>('a' + i % 26))}});
  }
  cpcctl.input = page.dump();
  cpcctl.daemon.answer<DirectoryImportRequest>({id, "towns", 0, 40, ""});
  const Said said = cpcctl({"directory", "import", "-"});
  CHECK(said.status == 0);
  CHECK(said.out == "towns: version 40, before it 0\n");
  CHECK(cpcctl.daemon.asked.size() == 20);
  nlohmann::json records = nlohmann::json::array();
  for (const auto& asked : cpcctl.daemon.asked) {
    CHECK(asked.body.size() <= request_bytes_max);
    const auto request = decode<DirectoryImportRequest>(asked.body);
    REQUIRE(request.has_value());
    const auto part = nlohmann::json::parse(request.value().page);
    CHECK(part["directory"] == id);
    for (const auto& record : part["records"]) records.push_back(record);
  }
  CHECK(records == page["records"]);
}

TEST_CASE("what is no directory is not sent, and what is refused ends the import") {
  Cpcctl cpcctl;
  for (const char* text : {"", "{}", "[]", "{\"records\":1}"}) {
    cpcctl.input = text;
    CHECK(cpcctl({"directory", "import", "-"}).status == exit_not_found);
  }
  CHECK(cpcctl({"directory", "import", "/nowhere/at/all"}).status == exit_not_found);
  CHECK(cpcctl.daemon.asked.empty());
  cpcctl.input = R"({"records":[]})";
  cpcctl.daemon.refuse<DirectoryImportRequest>({"precond.split", "", "", ""});
  CHECK(cpcctl({"directory", "import", "-"}).status == exit_refused);
  CHECK(cpcctl.daemon.asked.size() == 1);
}

TEST_CASE("an export is one document, on stdout or in a file") {
  Cpcctl cpcctl;
  cpcctl.daemon.answer<DirectoryExportRequest>({R"({"records":[{"a":1}],"version":1})", 1, 1});
  CHECK(cpcctl({"directory", "export", "towns"}).out ==
        "{\"records\":[{\"a\":1}],\"version\":1}\n");
  const tests::TemporaryFolder folder;
  const std::string file = (folder / "towns.json").string();
  CHECK(cpcctl({"directory", "export", "towns", "--out", file}).status == 0);
  std::ifstream written{file};
  std::string line;
  std::getline(written, line);
  CHECK(line == R"({"records":[{"a":1}],"version":1})");
  CHECK(cpcctl({"directory", "export", "towns", "--out", "/nowhere/at/all"}).status == exit_failed);
}

TEST_CASE("directory refresh and drop name the directory, and tell what became of it") {
  Cpcctl cpcctl;
  cpcctl.daemon.answer<DirectoryRefreshRequest>({id, "towns", 7, 7, ""});
  CHECK(cpcctl({"directory", "refresh", "towns"}).out == "towns: nothing new, version 7\n");
  cpcctl.daemon.answer<DirectoryDropRequest>({id, "towns"});
  CHECK(cpcctl({"directory", "drop", "towns"}).out ==
        "towns is not followed any more; who was met by it stays met\n");
  CHECK(cpcctl.daemon.asked.back().body == R"({"directory":"towns"})");
}

}  // namespace
