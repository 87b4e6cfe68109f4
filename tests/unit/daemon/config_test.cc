#include "daemon/config.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <regex>
#include <sstream>

namespace {

using namespace cpc;
using namespace cpc::daemon;

constexpr const char* iid_text = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE";

/// The complaint about `text`, or "(accepted)".
std::string complaint(std::string_view text) {
  const auto config = parse_config(text, "cpcd.toml");
  if (config.has_value()) return "(accepted)";
  CHECK(config.error().code == ErrorCode::invalid);
  return config.error().detail;
}

/// The same below a first line that names the instance, so that `text` starts on line 2.
std::string complaint_below(std::string_view text) {
  return complaint("instance = \"nord.cpc\"\n" + std::string{text});
}

Config accepted(std::string_view text) {
  const auto config = parse_config("instance = \"nord.cpc\"\n" + std::string{text}, "cpcd.toml");
  if (config.has_error()) FAIL(config.error().detail);
  return config.value();
}

Config defaults() {
  Config config;
  config.instance = core::InstanceName::parse("nord.cpc").value();
  return config;
}

std::string commented_file() {
  std::ifstream stream{"etc/cpcd.toml"};
  REQUIRE(stream);  // Tests run in the root of the tree.
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

// --- what is accepted
// -----------------------------------------------------------------------------

TEST_CASE("a name is all that an instance needs") {
  CHECK(accepted("") == defaults());
}

TEST_CASE("etc/cpcd.toml as it is delivered means the defaults") {
  const auto config = parse_config(commented_file(), "etc/cpcd.toml");
  REQUIRE(config.has_value());
  Config expected;
  expected.instance = core::InstanceName::parse("name.cpc").value();
  CHECK(config.value() == expected);
}

TEST_CASE("every default that etc/cpcd.toml shows is the one that is built in") {
  // A commented key or section starts right behind its #, prose after a space.
  const std::string text =
      std::regex_replace(commented_file(), std::regex{"\n#(?=[a-z\\[])"}, "\n");
  const auto config = parse_config(text, "etc/cpcd.toml");
  if (config.has_error()) FAIL(config.error().detail);
  Config expected;
  expected.instance = core::InstanceName::parse("name.cpc").value();
  expected.peers = config.value().peers;
  CHECK(config.value() == expected);
  REQUIRE(config.value().peers.size() == 1);
  CHECK(config.value().peers.front().name.text() == "other.cpc");
}

TEST_CASE("no key is missing from etc/cpcd.toml, and their order is that of the code") {
  std::vector<std::string> shown;
  std::string section;
  std::istringstream lines{commented_file()};
  const std::regex head{R"(^#?\[+([a-z_]+)\]+$)"};
  const std::regex key{R"(^#?([a-z_]+) = .*$)"};
  for (std::string line; std::getline(lines, line);) {
    std::smatch found;
    if (std::regex_match(line, found, head)) section = found[1].str() + ".";
    if (std::regex_match(line, found, key)) shown.push_back(section + found[1].str());
  }
  CHECK(shown == config_keys());
}

TEST_CASE("every key arrives where it belongs") {
  const Config config = accepted(R"(
data_dir = "/srv/cpc"
[storage]
engine = "postgres"
file = "/srv/db/cpcd.db"
postgres_dsn_file = "/etc/cpcd/dsn"
[keys]
folder = "/etc/cpcd/keys"
[client]
listen = "[::]:8481"
behind_proxy = true
access_token_lifetime_s = 60
sign_ins_per_minute = 3
request_bytes_max = 4096
connections_max = 7
events_per_page_max = 8
[federation]
listen = "[::1]:8471"
endpoints = ["chat.nord.example:8470", "[2001:db8::7]:8470"]
allow_addresses = ["127.0.0.0/8", "fd00::/8"]
request_timeout_ms = 1000
transaction_bytes_max = 131072
transaction_entries_max = 9
sealing = false
connections_max = 10
inbox_frames_max = 11
[admin]
socket = "/run/cpcd/admin.sock"
[log]
level = "error"
format = "json"
[[peer]]
name = "sud.cpc"
iid = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"
endpoints = ["sud.example:8470"]
)");
  CHECK(config.data_dir == "/srv/cpc");
  CHECK(config.storage.engine == StorageEngine::postgres);
  CHECK(config.storage.file == "/srv/db/cpcd.db");
  CHECK(config.storage.postgres_dsn_file == "/etc/cpcd/dsn");
  CHECK(config.keys.folder == "/etc/cpcd/keys");
  CHECK(config.keys.tls_certificate() == "/etc/cpcd/keys/tls.crt");
  CHECK(config.client.listen.text() == "[::]:8481");
  CHECK(config.client.behind_proxy);
  CHECK(config.client.access_token_lifetime == std::chrono::minutes{1});
  CHECK(config.client.sign_ins_per_minute == 3);
  CHECK(config.client.request_bytes_max == 4096);
  CHECK(config.client.connections_max == 7);
  CHECK(config.client.events_per_page_max == 8);
  CHECK(config.federation.listen.text() == "[::1]:8471");
  REQUIRE(config.federation.endpoints.size() == 2);
  CHECK(config.federation.endpoints[1].text() == "[2001:db8::7]:8470");
  REQUIRE(config.federation.allow_addresses.size() == 2);
  CHECK(config.federation.allow_addresses[0].text() == "127.0.0.0/8");
  CHECK(config.federation.request_timeout == std::chrono::seconds{1});
  CHECK(config.federation.transaction_bytes_max == 131'072);
  CHECK((config.federation.transaction_entries_max == 9 && !config.federation.sealing));
  CHECK((config.federation.connections_max == 10 && config.federation.inbox_frames_max == 11));
  CHECK(config.admin.socket == "/run/cpcd/admin.sock");
  CHECK(config.log.level == LogLevel::error);
  CHECK(config.log.format == LogFormat::json);
  REQUIRE(config.peers.size() == 1);
  CHECK(config.peers[0].name.text() == "sud.cpc");
  CHECK(to_text(config.peers[0].iid) == iid_text);
  CHECK(config.peers[0].endpoints.at(0).text() == "sud.example:8470");
}

TEST_CASE("what a file leaves empty lies in its data folder") {
  const Config config = accepted("data_dir = \"/srv/../srv/cpc/\"\n[storage]\nfile = \"\"\n");
  CHECK(config.storage.file == "/srv/cpc/cpcd.db");
  CHECK(config.storage.postgres_dsn_file == "/srv/cpc/postgres.dsn");
  CHECK(config.keys.folder == "/srv/cpc/keys");
  CHECK(config.keys.root_key() == "/srv/cpc/keys/root.key");
  CHECK(config.admin.socket == "/srv/cpc/admin.sock");
}

TEST_CASE("peers are told where we listen, if that names one place") {
  const Config config = accepted("[federation]\nlisten = \"198.51.100.7:8470\"\n");
  REQUIRE(config.federation.endpoints.size() == 1);
  CHECK(config.federation.endpoints[0].text() == "198.51.100.7:8470");
  CHECK(accepted("[federation]\nlisten = \"127.0.0.1:0\"\n").federation.endpoints.empty());
  const Config silent = accepted("[federation]\nlisten = \"127.0.0.1:8470\"\nendpoints = []\n");
  CHECK(silent.federation.endpoints.empty());
}

TEST_CASE("what is probably not meant is warned of") {
  REQUIRE(warnings(defaults()).size() == 1);
  CHECK(warnings(defaults())[0].starts_with("federation.endpoints names nothing"));
  CHECK(warnings(accepted("[federation]\nendpoints = [\"nord.example:8470\"]\n")).empty());

  const auto local = warnings(accepted(R"([federation]
endpoints = ["10.0.0.1:8470"]
[[peer]]
name = "sud.cpc"
iid = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"
endpoints = ["127.0.0.1:8470"]
)"));
  REQUIRE(local.size() == 2);
  CHECK(local[0].starts_with("federation.endpoints names 10.0.0.1:8470, which is no public"));
  CHECK(local[1].starts_with("peer sud.cpc: 127.0.0.1 is a loopback address"));
}

// --- what is refused
// ------------------------------------------------------------------------------

TEST_CASE("a file without an instance is told what to add") {
  CHECK(complaint("") ==
        "cpcd.toml: instance is missing, and people and peers know an instance by its name; add a "
        "first line instance = \"name.cpc\"");
}

TEST_CASE("an instance name is what the house calls one") {
  CHECK(complaint("instance = \"Nord.cpc\"") ==
        "cpcd.toml:1: instance is not usable: an instance name consists of a-z, 0-9 and inner "
        "hyphens");
  CHECK(complaint("instance = \"nord.example\"") ==
        "cpcd.toml:1: instance is not usable: an instance name ends in .cpc");
}

TEST_CASE("an unknown key is told with the nearest known one") {
  CHECK(complaint_below("[federation]\n\nlistn = \"0.0.0.0:1\"") ==
        "cpcd.toml:4: unknown key federation.listn; did you mean federation.listen?");
  CHECK(complaint_below("federation.listn = 1") ==
        "cpcd.toml:2: unknown key federation.listn; did you mean federation.listen?");
  CHECK(complaint_below("datadir = 1") ==
        "cpcd.toml:2: unknown key datadir; did you mean data_dir?");
  CHECK(complaint_below("[client]\nconection_max = 1") ==
        "cpcd.toml:3: unknown key client.conection_max; did you mean client.connections_max?");
  CHECK(complaint_below("[[peer]]\nname = \"sud.cpc\"\niid = \"" + std::string{iid_text} +
                        "\"\nendpoint = []\nendpoints = [\"a.example:1\"]") ==
        "cpcd.toml:5: unknown key peer.endpoint; did you mean peer.endpoints?");
}

TEST_CASE("a key in the wrong section is told its own") {
  CHECK(complaint_below("behind_proxy = true") ==
        "cpcd.toml:2: unknown key behind_proxy; did you mean client.behind_proxy?");
  CHECK(complaint_below("[log]\nsocket = \"/a\"") ==
        "cpcd.toml:3: unknown key log.socket; did you mean admin.socket?");
}

TEST_CASE("an unknown key that is near nothing gets no wrong advice") {
  CHECK(complaint_below("zebra = 1") ==
        "cpcd.toml:2: unknown key zebra; remove it, or look up the keys in the commented cpcd.toml "
        "that came with cpcd");
  CHECK(complaint_below("[zebra]\nstripes = 1").starts_with("cpcd.toml:2: unknown key zebra; "));
  CHECK(complaint_below("\"a\\u001bb\" = 1").starts_with("cpcd.toml:2: unknown key a?b; "));
}

TEST_CASE("a value of the wrong type is told with what it must be and what it is") {
  CHECK(complaint("instance = 7") ==
        "cpcd.toml:1: instance must be a text in quotes, and this is an integer");
  CHECK(complaint_below("[client]\nlisten = 8480") ==
        "cpcd.toml:3: client.listen must be a text in quotes, and this is an integer");
  CHECK(complaint_below("[client]\nbehind_proxy = \"true\"") ==
        "cpcd.toml:3: client.behind_proxy must be true or false without quotes, and this is a "
        "text");
  CHECK(complaint_below("[client]\nconnections_max = \"7\"") ==
        "cpcd.toml:3: client.connections_max must be an integer without quotes, and this is a "
        "text");
  CHECK(complaint_below("[client]\nconnections_max = 7.0") ==
        "cpcd.toml:3: client.connections_max must be an integer without quotes, and this is a "
        "fraction");
  CHECK(complaint_below("[federation]\nendpoints = \"a.example:1\"") ==
        "cpcd.toml:3: federation.endpoints must be a list of texts such as [\"...\"], and this is "
        "a text");
  CHECK(complaint_below("[federation]\nendpoints = [1]") ==
        "cpcd.toml:3: federation.endpoints must be a list of texts in quotes, and this is an "
        "integer");
  CHECK(complaint_below("[log]\nlevel = 1979-05-27") ==
        "cpcd.toml:3: log.level must be a text in quotes, and this is a date or time");
  CHECK(complaint_below("client = 3") ==
        "cpcd.toml:2: client is a section, written [client], and this is an integer");
  CHECK(complaint_below("[[client]]\nlisten = \"127.0.0.1:1\"") ==
        "cpcd.toml:2: client is a section, written [client], and this is a list");
  CHECK(complaint_below("[peer]\nname = \"sud.cpc\"") ==
        "cpcd.toml:2: peer is written as [[peer]], one section each");
}

TEST_CASE("a number out of range is told with its range") {
  CHECK(complaint_below("[client]\naccess_token_lifetime_s = 86401") ==
        "cpcd.toml:3: client.access_token_lifetime_s must be from 60 to 86400, and this is 86401");
  CHECK(complaint_below("[client]\nconnections_max = -1") ==
        "cpcd.toml:3: client.connections_max must be from 1 to 1000000, and this is -1");
  // No range that the store reads is longer.
  CHECK(complaint_below("[client]\nevents_per_page_max = 1001") ==
        "cpcd.toml:3: client.events_per_page_max must be from 1 to 1000, and this is 1001");
  CHECK(complaint_below("[federation]\ntransaction_entries_max = 1001") ==
        "cpcd.toml:3: federation.transaction_entries_max must be from 1 to 1000, and this is 1001");
  for (const std::string key :
       {"client.sign_ins_per_minute", "client.request_bytes_max", "client.events_per_page_max",
        "federation.request_timeout_ms", "federation.transaction_bytes_max",
        "federation.transaction_entries_max", "federation.connections_max",
        "federation.inbox_frames_max"}) {
    CHECK(complaint_below(key + " = 0").starts_with("cpcd.toml:2: " + key + " must be from "));
    CHECK(complaint_below(key + " = 99999999").starts_with("cpcd.toml:2: " + key + " must be "));
  }
}

TEST_CASE("a word out of a list is told with the list") {
  CHECK(complaint_below("[log]\nlevel = \"debug\"") ==
        "cpcd.toml:3: log.level must be one of \"info\", \"warn\", \"error\", and this is "
        "\"debug\"");
  CHECK(complaint_below("[log]\nformat = \"xml\"") ==
        "cpcd.toml:3: log.format must be one of \"logfmt\", \"json\", and this is \"xml\"");
}

TEST_CASE("an engine that there is not is told with those that there are") {
  CHECK(complaint_below("[storage]\nengine = \"mysql\"") ==
        "cpcd.toml:3: storage.engine must be one of \"sqlite\", \"postgres\", and this is "
        "\"mysql\"");
}

TEST_CASE("a path that depends on where the daemon was started is refused") {
  for (const std::string key : {"data_dir", "storage.file", "keys.folder", "admin.socket"}) {
    CHECK(complaint_below(key + " = \"var/x\"") ==
          "cpcd.toml:2: " + key +
              " is not usable: a path begins with /, because the daemon may be started in any "
              "folder");
  }
  CHECK(complaint_below("data_dir = \"/a\\u0000b\"").starts_with("cpcd.toml:2: data_dir is not"));
}

TEST_CASE("a socket that no unix socket can be is refused before it is opened") {
  const std::string name(110, 's');
  CHECK(complaint_below("[admin]\nsocket = \"/" + name + "\"") ==
        "cpcd.toml:3: admin.socket is a path of 111 octets, and a unix socket's has 107 at most; "
        "set admin.socket to a shorter one");
  CHECK(complaint_below("data_dir = \"/" + name + "\"").find("admin.socket is a path of 122") !=
        std::string::npos);
}

TEST_CASE("an address to listen on is an address and a port") {
  for (const std::string text : {"", "8480", "localhost:8480", "127.0.0.1", "127.0.0.1:", "::1:80",
                                 "[127.0.0.1]:80", "[::1]", "127.0.0.1:65536", "127.1:80"}) {
    CHECK(complaint_below("[client]\nlisten = \"" + text + "\"") ==
          "cpcd.toml:3: client.listen is not usable: an address to listen on is 127.0.0.1:8480 or "
          "[::1]:8480, never a name");
  }
  CHECK(accepted("[client]\nlisten = \"[::1]:8480\"\n").client.listen.text() == "[::1]:8480");
}

TEST_CASE("passwords do not cross the network readable") {
  const std::string readable = complaint_below("[client]\nlisten = \"0.0.0.0:8480\"");
  CHECK(readable ==
        "cpcd.toml:3: client.listen is 0.0.0.0:8480, which others can reach, and passwords would "
        "cross the network readable; listen on 127.0.0.1 behind a proxy with TLS, set "
        "client.tls_certificate and client.tls_key, or set client.behind_proxy = true if only a "
        "proxy with TLS can reach this address");
  CHECK(complaint_below("[client]\nlisten = \"10.0.0.1:8480\"") != "(accepted)");
  CHECK(complaint_below("[client]\nlisten = \"[::]:8480\"") != "(accepted)");
  accepted("[client]\nlisten = \"0.0.0.0:8480\"\nbehind_proxy = true\n");
  accepted("[client]\nlisten = \"127.8.0.1:8480\"\n");
}

TEST_CASE("a wildcard is not told to peers") {
  CHECK(complaint_below("[federation]\nlisten = \"[::]:8470\"") ==
        "cpcd.toml:3: federation.listen is the wildcard [::]:8470, which peers cannot connect to; "
        "name what they are told, as in federation.endpoints = [\"chat.example.org:8470\"], or "
        "write federation.endpoints = [] if nobody shall reach this instance");
}

TEST_CASE("endpoints and ranges are checked one by one") {
  CHECK(complaint_below("[federation]\nendpoints = [\"a.example:1\", \"https://b.example\"]") ==
        "cpcd.toml:3: federation.endpoints has an unusable entry, number 2: a port is a number up "
        "to 65535");
  CHECK(complaint_below("[federation]\nendpoints = [\"a.example:1\", \"A.example:1\"]") ==
        "cpcd.toml:3: federation.endpoints has a.example:1 twice; remove one");
  CHECK(complaint_below("[federation]\nallow_addresses = [\"127.0.0.1/8\"]") ==
        "cpcd.toml:3: federation.allow_addresses has an unusable entry, number 1: a range begins "
        "at its first address; did you mean 127.0.0.0/8?");
}

TEST_CASE("two listeners do not share an address") {
  CHECK(complaint_below("federation.listen = \"127.0.0.1:8480\"") ==
        "cpcd.toml:2: federation.listen is the same as client.listen; give one of them another "
        "port");
  accepted("client.listen = \"127.0.0.1:0\"\nfederation.listen = \"127.0.0.1:0\"\n");
}

std::string peer(const std::string& name, const std::string& iid) {
  return "[[peer]]\nname = \"" + name + "\"\niid = \"" + iid +
         "\"\nendpoints = [\"a.example:1\"]\n";
}

TEST_CASE("a peer is named once, completely, and is another instance") {
  const std::string other_iid = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAI";
  CHECK(complaint_below(peer("sud.cpc", iid_text) + peer("sud.cpc", other_iid)) ==
        "cpcd.toml:7: peer.name sud.cpc was there before; keep one of the two sections");
  CHECK(complaint_below(peer("sud.cpc", iid_text) + peer("ost.cpc", iid_text)) ==
        "cpcd.toml:8: peer.iid belongs to another [[peer]] already; two names never share one");
  CHECK(complaint_below(peer("nord.cpc", iid_text)) ==
        "cpcd.toml:3: peer.name is this instance itself; remove the section");
  CHECK(complaint_below(peer("sud", iid_text)) ==
        "cpcd.toml:3: peer.name is not usable: an instance name ends in .cpc");
  CHECK(complaint_below(peer("sud.cpc", "abc")) ==
        "cpcd.toml:4: peer.iid is not usable: an iid is 43 letters of base64url; the peer's "
        "operator reads it from cpcctl status");
  CHECK(complaint_below(peer("sud.cpc", std::string(43, 'A'))).find("peer.iid is not usable") !=
        std::string::npos);
  CHECK(complaint_below("[[peer]]") ==
        "cpcd.toml:2: peer.name is missing; every [[peer]] needs it\n"
        "cpcd.toml:2: peer.iid is missing; every [[peer]] needs it\n"
        "cpcd.toml:2: peer.endpoints is missing; every [[peer]] needs it unless "
        "dns.resolvers is set");
  CHECK(
      complaint_below("[[peer]]\nname = \"sud.cpc\"\niid = \"" + other_iid +
                      "\"\nendpoints = []") ==
      "cpcd.toml:5: peer.endpoints is empty; name at least one, as in [\"chat.example.org:8470\"]");
}

TEST_CASE("what is not TOML is told with its line") {
  CHECK(complaint_below("listen = ").starts_with("cpcd.toml:2: this is not TOML: "));
  CHECK(complaint_below("\n[log]\nlevel = \"info\"\nlevel = \"warn\"")
            .starts_with("cpcd.toml:5: this is not TOML: "));
  CHECK(complaint("instance = \"\xff\"").starts_with("cpcd.toml:1: this is not TOML: "));
}

TEST_CASE("all mistakes of a file are told at once, in its order") {
  CHECK(
      complaint("colour = 1\n[log]\nlevel = \"loud\"\n[client]\nlisten = 1\nport = 2\n") ==
      "cpcd.toml: instance is missing, and people and peers know an instance by its name; add a "
      "first line instance = \"name.cpc\"\n"
      "cpcd.toml:1: unknown key colour; remove it, or look up the keys in the commented cpcd.toml "
      "that came with cpcd\n"
      "cpcd.toml:3: log.level must be one of \"info\", \"warn\", \"error\", and this is \"loud\"\n"
      "cpcd.toml:5: client.listen must be a text in quotes, and this is an integer\n"
      "cpcd.toml:6: unknown key client.port; remove it, or look up the keys in the commented "
      "cpcd.toml that came with cpcd");
}

TEST_CASE("a secret in the wrong place is not repeated in the complaint") {
  CHECK(complaint_below("[client]\nbehind_proxy = \"hunter2\"").find("hunter2") ==
        std::string::npos);
  CHECK(complaint_below("[keys]\nfolder = \"hunter2\"").find("hunter2") == std::string::npos);
}

TEST_CASE("a file that cannot be read is told by its path") {
  const auto missing = load_config("/nonexistent/cpcd.toml");
  REQUIRE(missing.has_error());
  CHECK(missing.error().code == ErrorCode::not_found);
  CHECK(missing.error().detail ==
        "/nonexistent/cpcd.toml does not exist; make it with cpcctl init --name NAME.cpc, or name "
        "another with --config");
  CHECK(load_config("/").error().code == ErrorCode::unavailable);

  const auto file = std::filesystem::temp_directory_path() /
                    ("cpc_config_test_" + std::to_string(::getpid()) + ".toml");
  std::ofstream{file} << "instance = \"nord.cpc\"\n";
  CHECK(load_config(file).value() == defaults());
  std::ofstream{file} << "instance = \"nord\"\n";
  CHECK(load_config(file).error().detail.starts_with(file.string() + ":1: instance is not"));
  std::ofstream{file} << "#" << std::string(1024 * 1024, 'x');
  CHECK(load_config(file).error().code == ErrorCode::invalid);
  std::filesystem::remove(file);
}

}  // namespace
