#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/unit/cli/fixture.h"

namespace {

using namespace cpc;
using namespace cpc::cli;
using namespace cpc::admin_protocol;

TimePoint now() {
  return from_milliseconds(1'795'330'000'000);
}

Status some_status() {
  Status status;
  status.instance = "nord.cpc";
  status.iid = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
  status.version = "0.1.0";
  status.state = DaemonState::running;
  status.started_at = now() - std::chrono::hours{72};
  status.store = {"sqlite", "/var/lib/cpcd/cpcd.db",
                  3,        "AAAAAAAAAAAAAAAAAAAAAQ",
                  7,        "synchronous=FULL, journal_mode=WAL"};
  status.accounts = 214;
  status.conversations = 1;
  status.peers = {43, 41};
  status.owed = 17;
  status.listeners = {"127.0.0.1:8480", "0.0.0.0:8470"};
  return status;
}

PeerRow west() {
  PeerRow row;
  row.name = "west.cpc";
  row.iid = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
  row.state = PeerState::unreachable;
  row.owed = 14;
  row.last_success_at = now() - std::chrono::minutes{22};
  row.last_error = "connecting timed out";
  row.next_try_at = now() + std::chrono::minutes{10};
  row.endpoints = {"198.51.100.7:8470", "[2001:db8::7]:8470"};
  row.trust = "pinned";
  return row;
}

PeerRow sud() {
  PeerRow row;
  row.name = "sud.cpc";
  row.state = PeerState::reachable;
  row.last_success_at = now() - std::chrono::seconds{1};
  row.trust = "tofu";
  return row;
}

// --- status and peers
// -----------------------------------------------------------------------------

TEST_CASE("status shows the daemon on one screen") {
  Cpcctl cpcctl;
  cpcctl.daemon.answer<StatusRequest>(some_status());
  const Said said = cpcctl({"status"});
  CHECK(said.status == 0);
  CHECK(said.err.empty());
  CHECK(said.out == R"(instance   nord.cpc
iid        NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs
state      running
started    2026-11-19 06:46:40Z (3 d ago)
version    cpcd 0.1.0
people     214 accounts, 1 conversation
peers      41 reachable of 43
owed       17 items that peers have not acknowledged
store      sqlite /var/lib/cpcd/cpcd.db, schema 3, synchronous=FULL, journal_mode=WAL
epoch      AAAAAAAAAAAAAAAAAAAAAQ, boot 7
listening  127.0.0.1:8480 for clients, 0.0.0.0:8470 for peers
)");
  REQUIRE(cpcctl.daemon.asked.size() == 1);
  CHECK(cpcctl.daemon.asked[0].path == "/v1/status");
  CHECK(cpcctl.daemon.asked[0].body == "{}");
}

TEST_CASE("a degraded daemon says why") {
  Cpcctl cpcctl;
  Status status = some_status();
  status.state = DaemonState::degraded;
  status.reasons = {"the disk is nearly full"};
  cpcctl.daemon.answer<StatusRequest>(status);
  CHECK(cpcctl({"status"}).out.find("state      degraded\n           the disk is nearly full\n") !=
        std::string::npos);
}

TEST_CASE("--json is the answer itself, before or behind the command") {
  Cpcctl cpcctl;
  cpcctl.daemon.answer<StatusRequest>(some_status());
  const std::string wanted = encode(some_status()) + "\n";
  CHECK(wanted.starts_with(R"({"schema":"cpcctl.status.v1","instance":"nord.cpc",)"));
  CHECK(cpcctl({"--json", "status"}).out == wanted);
  CHECK(cpcctl({"status", "--json"}).out == wanted);
}

TEST_CASE("peer list shows one peer a line") {
  Cpcctl cpcctl;
  cpcctl.daemon.answer<PeerListRequest>({{sud(), west()}});
  const Said said = cpcctl({"peer", "list"});
  CHECK(said.status == 0);
  CHECK(said.out ==
        "PEER      STATE        OWED  LAST SUCCESS  NEXT TRY   TRUST   LAST ERROR\n"
        "sud.cpc   reachable       0  1 s ago       -          tofu    -\n"
        "west.cpc  unreachable    14  22 min ago    in 10 min  pinned  connecting timed out\n"
        "2 peers, 1 unreachable\n");
  CHECK(cpcctl.daemon.asked[0].body == R"({"unreachable":false})");
}

TEST_CASE("peer list without a peer is no table") {
  Cpcctl cpcctl;
  cpcctl.daemon.answer<PeerListRequest>({});
  CHECK(cpcctl({"peer", "list", "--unreachable"}).out == "0 peers, 0 unreachable\n");
  CHECK(cpcctl.daemon.asked[0].body == R"({"unreachable":true})");
  CHECK(cpcctl({"peer", "list", "--json"}).out ==
        "{\"schema\":\"cpcctl.peer_list.v1\",\"peers\":[]}\n");
}

TEST_CASE("peer show tells identity, answers, keys and lanes") {
  Cpcctl cpcctl;
  PeerDetail detail;
  detail.peer = west();
  detail.document = {4, 90, now() - std::chrono::hours{3}};
  detail.keys = {{"kid-1", "signing", from_milliseconds(0), std::nullopt}};
  detail.lanes = {{"log", "c-1", {2, 80}, {2, 66}, ""},
                  {"consent", std::nullopt, {0, 5}, {0, 4}, "fork"}};
  cpcctl.daemon.answer<PeerShowRequest>(detail);
  const Said said = cpcctl({"peer", "show", "west.cpc"});
  CHECK(said.status == 0);
  CHECK(said.out == R"(peer          west.cpc
state         unreachable
iid           NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs
trust         pinned
endpoints     198.51.100.7:8470, [2001:db8::7]:8470
owed          14 items
last success  2026-11-22 06:24:40Z (22 min ago)
last error    connecting timed out
next try      2026-11-22 06:56:40Z (in 10 min)
document      delegation 4, operational 90, fetched 2026-11-22 03:46:40Z (3 h ago)

KEY    USE      VALID FROM            VALID UNTIL
kid-1  signing  1970-01-01 00:00:00Z  -

LANE     HEAD  ACKED  CONVERSATION  BLOCKED
log      2/80   2/66  c-1           -
consent     5      4  -             fork
)");
  CHECK(cpcctl.daemon.asked[0].body == R"({"name":"west.cpc"})");
  CHECK(cpcctl({"peer", "show", "west.cpc", "--json"}).out == encode(detail) + "\n");
}

TEST_CASE("an unreachable peer is shown, which is no failure of the command") {
  Cpcctl cpcctl;
  cpcctl.daemon.answer<PeerShowRequest>({});
  CHECK(cpcctl({"peer", "show", "west.cpc"}).status == 0);
}

TEST_CASE("what a peer said cannot steer the operator's terminal") {
  Cpcctl cpcctl;
  PeerRow row = west();
  row.last_error =
      "\x1b[2J\x1b]0;owned\x07 line\nbreak \xc2\x9b"
      "31m";
  cpcctl.daemon.answer<PeerListRequest>({{row}});
  const std::string out = cpcctl({"peer", "list"}).out;
  CHECK(out.find("?[2J?]0;owned? line?break ?31m\n") != std::string::npos);
  CHECK(out.find('\x1b') == std::string::npos);
  cpcctl.daemon.refuse<PeerListRequest>({"peer.refused", "It said \x1b[2J", "\x1b", "\x1b"});
  CHECK(cpcctl({"peer", "list"}).err.find('\x1b') == std::string::npos);
}

TEST_CASE("color is there only when asked for, and moves no column") {
  Cpcctl cpcctl;
  cpcctl.daemon.answer<PeerListRequest>({{sud(), west()}});
  const std::string plain = cpcctl({"peer", "list"}).out;
  cpcctl.color = true;
  std::string colored = cpcctl({"peer", "list"}).out;
  CHECK(colored.find("\x1b[31munreachable\x1b[0m") != std::string::npos);
  for (const std::string code : {"\x1b[31m", "\x1b[32m", "\x1b[0m"}) {
    for (auto at = colored.find(code); at != std::string::npos; at = colored.find(code)) {
      colored.erase(at, code.size());
    }
  }
  CHECK(colored == plain);
}

// --- people
// ---------------------------------------------------------------------------------------

TEST_CASE("user create takes the password from stdin, never from an argument") {
  Cpcctl cpcctl;
  cpcctl.daemon.answer<UserCreateRequest>({"anna@nord.cpc"});
  cpcctl.input = "correct horse battery\n";
  const Said said = cpcctl({"user", "create", "anna", "--password-file", "-"});
  CHECK(said.status == 0);
  CHECK(said.out == "created anna@nord.cpc\n");
  CHECK(said.err.empty());
  REQUIRE(cpcctl.daemon.asked.size() == 1);
  CHECK(cpcctl.daemon.asked[0].path == "/v1/user/create");
  CHECK(cpcctl.daemon.asked[0].body == R"({"username":"anna","password":"correct horse battery"})");
  CHECK(cpcctl({"user", "create", "anna", "--password", "correct horse battery"}).status == 2);
}

TEST_CASE("user passwd asks twice on a terminal and shows nothing") {
  Cpcctl cpcctl;
  cpcctl.daemon.answer<UserPasswdRequest>({"anna@nord.cpc"});
  cpcctl.terminal.interactive = true;
  cpcctl.terminal.typed = {"correct horse battery", "correct horse battery"};
  const Said said = cpcctl({"user", "passwd", "anna"});
  CHECK(said.status == 0);
  CHECK(said.out == "set the password of anna@nord.cpc and ended all sessions\n");
  CHECK(cpcctl.terminal.prompts == "Password: Once more: ");
  CHECK(cpcctl.daemon.asked[0].body == R"({"username":"anna","password":"correct horse battery"})");

  cpcctl.terminal.typed = {"correct horse battery", "correct horse batterz"};
  const Said different = cpcctl({"user", "passwd", "anna"});
  CHECK(different.status == 1);
  CHECK(different.err ==
        "error: The password was not accepted\n"
        "why:   It was typed differently the second time.\n"
        "try:   Use a sentence or a generated password.\n"
        "code:  invalid.password\n");
  cpcctl.terminal.typed = {"correct horse battery"};
  CHECK(cpcctl({"user", "passwd", "anna"}).status == 6);
  CHECK(cpcctl.daemon.asked.size() == 1);
}

TEST_CASE("without a terminal and a file no password is made up") {
  Cpcctl cpcctl;
  const Said said = cpcctl({"user", "create", "anna"});
  CHECK(said.status == 6);
  CHECK(said.err ==
        "error: Nothing was changed\n"
        "why:   There is no terminal to type a password on.\n"
        "try:   Use --password-file FILE (- is stdin).\n"
        "code:  precond.password_missing\n");
  CHECK(cpcctl.daemon.asked.empty());
}

TEST_CASE("a password that no account may have is refused before it travels, and not repeated") {
  Cpcctl cpcctl;
  const auto refused = [&cpcctl](std::string password) {
    cpcctl.input = std::move(password);
    const Said said = cpcctl({"user", "create", "anna", "--password-file", "-"});
    CHECK(said.status == 1);
    CHECK(said.err.find("hunter") == std::string::npos);
    const auto from = said.err.find("why:   ");
    return said.err.substr(from + 7, said.err.find('\n', from) - from - 7);
  };
  CHECK(refused("") == "It is shorter than 10 letters.");
  CHECK(refused("hunter2\n") == "It is shorter than 10 letters.");
  CHECK(refused("hunter two\nhunter three\n") == "It is more than one line.");
  CHECK(refused(std::string(1025, 'h')) == "It is longer than 1024 octets.");
  CHECK(refused(std::string(5000, 'h')) == "It is longer than 1024 octets.");
  CHECK(cpcctl.daemon.asked.empty());
}

TEST_CASE("a password file is read, and one that others can read is warned of") {
  const auto file =
      std::filesystem::temp_directory_path() / ("cpc_password_" + std::to_string(::getpid()));
  std::ofstream{file} << "correct horse battery\r\n";
  std::filesystem::permissions(file, std::filesystem::perms{0600});
  Cpcctl cpcctl;
  cpcctl.daemon.answer<UserCreateRequest>({"anna@nord.cpc"});
  const std::vector<std::string> command{"user", "create", "anna", "--password-file",
                                         file.string()};
  CHECK(cpcctl(command).err.empty());
  CHECK(cpcctl.daemon.asked.at(0).body.find("\"correct horse battery\"") != std::string::npos);
  std::filesystem::permissions(file, std::filesystem::perms{0644});
  const Said warned = cpcctl(command);
  CHECK(warned.status == 0);
  CHECK(warned.err.starts_with("warning: others can read or change " + file.string()));
  std::filesystem::remove(file);
  CHECK(cpcctl(command).status == 5);
}

TEST_CASE("user disable wants the name typed or given") {
  Cpcctl cpcctl;
  cpcctl.daemon.answer<UserDisableRequest>({"anna@nord.cpc"});
  const Said unasked = cpcctl({"user", "disable", "anna"});
  CHECK(unasked.status == 6);
  CHECK(unasked.err ==
        "error: Nothing was changed\n"
        "why:   There is no terminal to confirm on, and no --yes=NAME.\n"
        "try:   cpcctl user disable anna --yes=anna\n"
        "code:  precond.confirmation\n");
  CHECK(cpcctl({"user", "disable", "anna", "--yes=bert"}).status == 6);
  CHECK(cpcctl({"user", "disable", "anna", "--yes"}).status == 2);
  cpcctl.terminal.interactive = true;
  cpcctl.terminal.typed = {"y"};
  CHECK(cpcctl({"user", "disable", "anna"}).status == 6);
  CHECK(cpcctl({"user", "disable", "anna"}).status == 6);
  CHECK(cpcctl.daemon.asked.empty());

  cpcctl.terminal.typed = {"anna"};
  CHECK(cpcctl({"user", "disable", "anna"}).out ==
        "disabled anna@nord.cpc and ended all sessions\n");
  cpcctl.terminal.interactive = false;
  CHECK(cpcctl({"user", "disable", "anna", "--yes=anna"}).status == 0);
  CHECK(cpcctl({"user", "disable", "anna", "--yes=anna", "--json"}).out ==
        "{\"schema\":\"cpcctl.user_disable.v1\",\"address\":\"anna@nord.cpc\"}\n");
  CHECK(cpcctl.daemon.asked.size() == 3);
}

// --- the command line
// -----------------------------------------------------------------------------

TEST_CASE("a wrong command line is told on stderr and asks the daemon nothing") {
  Cpcctl cpcctl;
  const std::vector<std::vector<std::string>> wrong{
      {},
      {"peers"},
      {"peer"},
      {"peer", "lst"},
      {"peer", "list", "--colour"},
      {"peer", "list", "extra"},
      {"peer", "show"},
      {"peer", "show", "West.cpc"},
      {"peer", "show", "west"},
      {"user", "create"},
      {"user", "create", "Anna"},
      {"user", "create", "anna@nord.cpc"},
      {"user", "create", "anna", "--password-file"},
      {"status", "--timeout", "0"},
      {"status", "--timeout", "soon"},
      {"status", "--socket"},
      {"init"},
  };
  for (const auto& arguments : wrong) {
    const Said said = cpcctl(arguments);
    INFO(said.err);
    CHECK(said.status == 2);
    CHECK(said.out.empty());
    CHECK(said.err.starts_with("error: The command line was not understood\nwhy:   "));
    CHECK(said.err.ends_with("code:  usage.arguments\n"));
  }
  CHECK(cpcctl.daemon.asked.empty());
  CHECK(cpcctl({"peer", "lst"}).err.find("why:   There is no command or option lst\n") !=
        std::string::npos);
}

TEST_CASE("with --json a wrong command line is the one document on stdout") {
  Cpcctl cpcctl;
  const Said said = cpcctl({"peer", "lst", "--json"});
  CHECK(said.status == 2);
  CHECK(said.err.empty());
  const auto json = nlohmann::json::parse(said.out);
  CHECK(json.at("schema") == "cpcctl.error.v1");
  CHECK(json.at("code") == "usage.arguments");
}

TEST_CASE("help and version are results") {
  Cpcctl cpcctl;
  CHECK(cpcctl({"--version"}).out == "cpcctl 0.1.0\n");
  CHECK(cpcctl({"--version"}).status == 0);
  const Said help = cpcctl({"user", "disable", "--help"});
  CHECK(help.status == 0);
  CHECK(help.err.empty());
  CHECK(help.out.find("--yes LOCAL") != std::string::npos);
}

TEST_CASE("the socket comes from the option, else from the environment, else from the package") {
  Cpcctl cpcctl;
  cpcctl({"status"});
  cpcctl({"status", "--socket", "/tmp/a.sock", "--timeout", "7"});
  ::setenv("CPC_ADMIN_SOCKET", "/tmp/b.sock", 1);
  cpcctl({"status"});
  cpcctl({"--socket", "/tmp/a.sock", "status"});
  ::unsetenv("CPC_ADMIN_SOCKET");
  REQUIRE(cpcctl.daemon.targets.size() == 4);
  CHECK(cpcctl.daemon.targets[0].socket == "/var/lib/cpcd/admin.sock");
  CHECK(cpcctl.daemon.targets[0].timeout == std::chrono::seconds{30});
  CHECK(cpcctl.daemon.targets[1].socket == "/tmp/a.sock");
  CHECK(cpcctl.daemon.targets[1].timeout == std::chrono::seconds{7});
  CHECK(cpcctl.daemon.targets[2].socket == "/tmp/b.sock");
  CHECK(cpcctl.daemon.targets[3].socket == "/tmp/a.sock");
}

// --- failures
// -------------------------------------------------------------------------------------

TEST_CASE("a failure is told as what, why, what to do and its code") {
  Cpcctl cpcctl;
  const Problem problem{"not_found.peer", "There is no peer west.cpc", "Nobody here wrote to it.",
                        "cpcctl peer list"};
  cpcctl.daemon.refuse<PeerShowRequest>(problem);
  const Said said = cpcctl({"peer", "show", "west.cpc"});
  CHECK(said.status == 5);
  CHECK(said.out.empty());
  CHECK(said.err ==
        "error: There is no peer west.cpc\n"
        "why:   Nobody here wrote to it.\n"
        "try:   cpcctl peer list\n"
        "code:  not_found.peer\n");
  const Said json = cpcctl({"peer", "show", "west.cpc", "--json"});
  CHECK(json.status == 5);
  CHECK(json.err.empty());
  CHECK(json.out == encode(problem) + "\n");
}

TEST_CASE("exit statuses follow the code, and never change") {
  Cpcctl cpcctl;
  const std::vector<std::pair<std::string, int>> wanted{
      {"invalid.username", 1}, {"internal.error", 1},     {"unavailable.try_later", 1},
      {"protocol.answer", 1},  {"something", 1},          {"", 1},
      {"usage.arguments", 2},  {"daemon.unreachable", 3}, {"auth.denied", 4},
      {"not_found.user", 5},   {"precond.exists", 6},     {"finding.disk", 7},
      {"peer.unreachable", 9}, {"timeout.daemon", 11},
  };
  for (const auto& [code, status] : wanted) {
    INFO(code);
    cpcctl.daemon.refuse<StatusRequest>({code, "what", "", ""});
    CHECK(cpcctl({"status"}).status == status);
  }
}

TEST_CASE("an answer of another version is not taken for one") {
  Cpcctl cpcctl;
  cpcctl.daemon.answers.insert_or_assign("/v1/status", R"({"schema":"cpcctl.status.v2"})");
  const Said said = cpcctl({"status"});
  CHECK(said.status == 1);
  CHECK(said.err.find("why:   schema is not cpcctl.status.v1\n") != std::string::npos);
  CHECK(said.err.ends_with("code:  protocol.answer\n"));
}

}  // namespace
