#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "crypto/key_file.h"
#include "daemon/config.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/cli/fixture.h"

namespace {

using namespace cpc;
using namespace cpc::cli;
namespace fs = std::filesystem;

unsigned mode_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

std::string content_of(const fs::path& path) {
  std::ifstream stream{path};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

std::vector<std::string> init(const tests::TemporaryFolder& folder,
                              std::vector<std::string> more = {}) {
  std::vector<std::string> arguments{"init",
                                     "--name",
                                     "nord.cpc",
                                     "--data-dir",
                                     (folder.path() / "data").string(),
                                     "--config",
                                     (folder.path() / "etc" / "cpcd.toml").string()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

std::size_t files_in(const tests::TemporaryFolder& folder) {
  const fs::recursive_directory_iterator all{folder.path()};
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

TEST_CASE("init makes keys that load and a configuration that cpcd accepts") {
  const tests::TemporaryFolder folder;
  const mode_t mask = ::umask(0);  // The modes must not depend on the caller's.
  const Said said = Cpcctl{}(init(folder));
  ::umask(mask);
  INFO(said.err);
  REQUIRE(said.status == 0);
  const fs::path data = folder.path() / "data";
  const fs::path config_file = folder.path() / "etc" / "cpcd.toml";

  const auto config = daemon::load_config(config_file);
  if (config.has_error()) FAIL(config.error().detail);
  CHECK(config.value().instance.text() == "nord.cpc");
  CHECK(config.value().data_dir == data);
  const auto root = crypto::load_signing_key(config.value().keys.root_key());
  REQUIRE(root.has_value());
  const auto next_root = crypto::load_signing_key(data / "keys" / "next-root.key");
  REQUIRE(next_root.has_value());
  CHECK(next_root.value().id() != root.value().id());
  const auto signing = crypto::load_signing_key(config.value().keys.signing_key());
  REQUIRE(signing.has_value());
  CHECK(signing.value().id() != root.value().id());
  CHECK(crypto::load_master_key(config.value().keys.master_key()).has_value());

  CHECK(mode_of(data) == 0700);
  CHECK(mode_of(data / "keys") == 0700);
  CHECK(mode_of(data / "keys" / "root.key") == 0600);
  CHECK(mode_of(data / "keys" / "next-root.key") == 0600);
  CHECK(mode_of(data / "keys" / "signing.key") == 0600);
  CHECK(mode_of(data / "keys" / "master.key") == 0600);
  CHECK(mode_of(config_file) == 0640);

  CHECK(said.out ==
        "instance  nord.cpc (permanent: addresses and keys contain it)\n"
        "iid       " +
            to_text(root.value().id()) +
            "\n"
            "config    " +
            config_file.string() +
            "\n"
            "keys      " +
            (data / "keys").string() + ": root.key next-root.key signing.key master.key\n");
  CHECK(said.err.find("cpcd --check-config " + config_file.string()) != std::string::npos);
  CHECK(said.err.find("federation.endpoints") != std::string::npos);
}

TEST_CASE("init writes down what it was told, and cpcd reads the same") {
  const tests::TemporaryFolder folder;
  const Said said =
      Cpcctl{}(init(folder, {"--client-listen", "0.0.0.0:9480", "--behind-proxy",
                             "--federation-listen", "[::]:9470", "--endpoint",
                             "chat.nord.example:8470", "--endpoint", "[2001:db8::7]:8470",
                             "--allow-address", "127.0.0.0/8", "--allow-address", "fd00::/8"}));
  INFO(said.err);
  REQUIRE(said.status == 0);
  const auto config = daemon::load_config(folder.path() / "etc" / "cpcd.toml");
  if (config.has_error()) FAIL(config.error().detail);
  CHECK(config.value().client.listen.text() == "0.0.0.0:9480");
  CHECK(config.value().client.behind_proxy);
  CHECK(config.value().federation.listen.text() == "[::]:9470");
  REQUIRE(config.value().federation.endpoints.size() == 2);
  CHECK(config.value().federation.endpoints[0].text() == "chat.nord.example:8470");
  REQUIRE(config.value().federation.allow_addresses.size() == 2);
  CHECK(config.value().federation.allow_addresses[1].text() == "fd00::/8");
  CHECK(said.err.find("federation.endpoints") == std::string::npos);
}

TEST_CASE("a strange folder name survives the way into the configuration") {
  const tests::TemporaryFolder folder;
  const fs::path data = folder.path() / "a \"b\" \\ c\u00fc\n";
  const fs::path file = folder.path() / "cpcd.toml";
  const Said said = Cpcctl{}(
      {"init", "--name", "nord.cpc", "--data-dir", data.string(), "--config", file.string()});
  REQUIRE(said.status == 0);
  CHECK(daemon::load_config(file).value().data_dir == data);
}

TEST_CASE("init --json is one document with the iid and no key") {
  const tests::TemporaryFolder folder;
  const Said said = Cpcctl{}(init(folder, {"--json"}));
  REQUIRE(said.status == 0);
  CHECK(said.err.empty());
  const auto json = nlohmann::json::parse(said.out);
  CHECK(json.at("schema") == "cpcctl.init.v1");
  CHECK(json.at("instance") == "nord.cpc");
  CHECK(json.at("iid").get<std::string>().size() == 43);
  CHECK(json.at("config") == (folder.path() / "etc" / "cpcd.toml").string());
  CHECK(json.at("data_dir") == (folder.path() / "data").string());
  CHECK(json.at("keys") == (folder.path() / "data" / "keys").string());
  CHECK(json.at("next").is_array());
  for (const char* const name : {"root.key", "signing.key", "master.key"}) {
    const std::string key = content_of(folder.path() / "data" / "keys" / name);
    CHECK(said.out.find(key.substr(key.find(' ') + 1, 43)) == std::string::npos);
  }
}

TEST_CASE("init overwrites nothing, and says everything that is in its way") {
  const tests::TemporaryFolder folder;
  REQUIRE(Cpcctl{}(init(folder)).status == 0);
  const fs::path keys = folder.path() / "data" / "keys";
  const std::string root = content_of(keys / "root.key");
  const std::string config = content_of(folder.path() / "etc" / "cpcd.toml");

  const Said again = Cpcctl{}(init(folder));
  CHECK(again.status == 6);
  CHECK(again.out.empty());
  CHECK(again.err.find("code:  precond.exists\n") != std::string::npos);
  for (const char* const name : {"root.key", "signing.key", "master.key", "cpcd.toml"}) {
    CHECK(again.err.find(name) != std::string::npos);
  }
  fs::remove(folder.path() / "etc" / "cpcd.toml");
  fs::remove(keys / "signing.key");
  CHECK(Cpcctl{}(init(folder)).status == 6);
  CHECK_FALSE(fs::exists(folder.path() / "etc" / "cpcd.toml"));
  CHECK_FALSE(fs::exists(keys / "signing.key"));
  CHECK(content_of(keys / "root.key") == root);
  CHECK(config.find("instance = \"nord.cpc\"") != std::string::npos);
}

TEST_CASE("init that cannot finish leaves nothing behind") {
  const tests::TemporaryFolder folder;
  std::ofstream{folder.path() / "etc"} << "a file where the folder should be";
  const Said said = Cpcctl{}(init(folder));
  CHECK(said.status == 6);
  CHECK(said.err.find("is not a folder") != std::string::npos);
  CHECK(files_in(folder) == 1);

  const Said far =
      Cpcctl{}({"init", "--name", "nord.cpc", "--data-dir", (folder.path() / "data").string(),
                "--config", "/proc/nowhere/cpcd.toml"});
  CHECK(far.status == 1);
  CHECK(far.err.find("code:  init.failed\n") != std::string::npos);
  CHECK(files_in(folder) == 1);
}

TEST_CASE("init does not put keys where others can look") {
  const tests::TemporaryFolder folder;
  const fs::path data = folder.path() / "data";
  fs::create_directories(data / "keys");
  for (const fs::path& open : {data, data / "keys"}) {
    fs::permissions(data, fs::perms{0700});
    fs::permissions(data / "keys", fs::perms{0700});
    fs::permissions(open, fs::perms{0755});
    const Said said = Cpcctl{}(init(folder));
    CHECK(said.status == 6);
    CHECK(said.err.find("try:   chmod 700 " + open.string() + "\n") != std::string::npos);
  }
  fs::permissions(data / "keys", fs::perms{0700});
  CHECK(Cpcctl{}(init(folder)).status == 0);
}

TEST_CASE("init gives what root made to the owner of the data folder") {
  if (::geteuid() != 0) {
    WARN("ran WITHOUT the check of owners: not root");
    return;
  }
  const tests::TemporaryFolder folder;
  const fs::path data = folder.path() / "data";
  fs::create_directory(data);
  fs::permissions(data, fs::perms{0700});
  REQUIRE(::chown(data.c_str(), 12345, 23456) == 0);
  REQUIRE(Cpcctl{}(init(folder)).status == 0);
  for (const fs::path& path :
       {data / "keys", data / "keys" / "root.key", folder.path() / "etc" / "cpcd.toml"}) {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK(status.st_uid == 12345);
    CHECK(status.st_gid == 23456);
  }
}

TEST_CASE("init refuses what cpcd would refuse, and makes nothing") {
  const tests::TemporaryFolder folder;
  const auto refused = [&folder](std::vector<std::string> more) {
    const Said said = Cpcctl{}(init(folder, std::move(more)));
    CHECK(said.status == 2);
    const auto from = said.err.find("why:   ");
    return said.err.substr(from + 7, said.err.find('\n', from) - from - 7);
  };
  const std::string listen =
      " is an address of this machine and a port, as in 127.0.0.1:8480 or [::1]:8480";
  CHECK(refused({"--client-listen", "localhost:8480"}) == "--client-listen" + listen);
  CHECK(refused({"--client-listen", "8480"}) == "--client-listen" + listen);
  CHECK(refused({"--federation-listen", "::1:80"}) == "--federation-listen" + listen);
  CHECK(refused({"--client-listen", "10.0.0.1:8480"}) ==
        "--client-listen can be reached by others, and passwords would cross the network readable; "
        "add --behind-proxy if only a proxy with TLS can reach it");
  CHECK(refused({"--federation-listen", "0.0.0.0:8470"}) ==
        "--federation-listen is a wildcard, which peers cannot connect to; add --endpoint "
        "HOST:PORT with what they are told");
  CHECK(refused({"--endpoint", "https://a.example"}) ==
        "--endpoint is HOST:PORT, as in chat.example.org:8470");
  CHECK(refused({"--allow-address", "lan"}) ==
        "--allow-address is a range, as in 10.0.0.0/8 or fd00::/8");
  CHECK(Cpcctl{}({"init", "--name", "Nord"}).status == 2);
  CHECK(Cpcctl{}({"init", "--name", "nord.example"})
            .err.find("why:   --name: an instance name ends in .cpc\n") != std::string::npos);
  CHECK(files_in(folder) == 0);
}

}  // namespace
