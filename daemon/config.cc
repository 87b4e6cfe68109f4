#include "daemon/config.h"

#include <sys/un.h>

#include <algorithm>
#include <array>
#include <set>

#include "daemon/config_reader.h"

namespace cpc::daemon {
namespace {

constexpr std::size_t resolvers_max = 3;  // Each is given its time before the next is asked.
constexpr std::size_t socket_path_bytes_max = sizeof(sockaddr_un::sun_path) - 1;

/// Takes a text through `parse`, which may refuse it.
template <class Value, class Parse>
bool parsed(ConfigReader& reader, std::string_view key, Parse parse, Value& into) {
  std::string text;
  if (!reader.text(key, text)) return false;
  Result<Value> value = parse(text);
  if (value.has_error()) {
    reader.complain(key, "is not usable: " + value.error().detail);
    return false;
  }
  into = std::move(value).value();
  return true;
}

template <class Value, class Parse>
bool all_parsed(ConfigReader& reader, std::string_view key, Parse parse, std::vector<Value>& into) {
  std::vector<std::string> texts;
  if (!reader.texts(key, texts)) return false;
  std::vector<Value> values;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    Result<Value> value = parse(texts[i]);
    if (value.has_error()) {
      reader.complain(key, "has an unusable entry, number " + std::to_string(i + 1) + ": " +
                               value.error().detail);
      return false;
    }
    if (std::ranges::find(values, value.value()) != values.end()) {
      reader.complain(key, "has " + value.value().text() + " twice; remove one");
      return false;
    }
    values.push_back(std::move(value).value());
  }
  into = std::move(values);
  return true;
}

Result<std::filesystem::path> absolute_path(std::string_view text) {
  std::filesystem::path path{text};
  if (!path.is_absolute() || text.find('\0') != std::string_view::npos) {
    return fail(ErrorCode::invalid,
                "a path begins with /, because the daemon may be started in any folder");
  }
  return path.lexically_normal();
}

/// An absent or empty path is `otherwise`.
void read_path(ConfigReader& reader, std::string_view key, const std::filesystem::path& otherwise,
               std::filesystem::path& into) {
  into = otherwise;
  const auto parse = [&](std::string_view text) -> Result<std::filesystem::path> {
    if (text.empty()) return otherwise;
    return absolute_path(text);
  };
  parsed(reader, key, parse, into);
}

void read_storage(ConfigReader& reader, Config& config) {
  constexpr std::array<std::string_view, 2> engines{"sqlite", "postgres"};
  auto engine = static_cast<std::size_t>(config.storage.engine);
  reader.choice("storage.engine", engines, engine);
  config.storage.engine = static_cast<StorageEngine>(engine);
  read_path(reader, "storage.file", config.data_dir / "cpcd.db", config.storage.file);
  read_path(reader, "storage.postgres_dsn_file", config.data_dir / "postgres.dsn",
            config.storage.postgres_dsn_file);
}

void check_client_listen(ConfigReader& reader, const ClientConfig& client) {
  const bool is_private = client.behind_proxy || client.listen.address.is_loopback();
  if (is_private || client.has_tls()) return;
  reader.complain("client.listen",
                  "is " + client.listen.text() +
                      ", which others can reach, and passwords would cross the network readable; "
                      "listen on 127.0.0.1 behind a proxy with TLS, set client.tls_certificate "
                      "and client.tls_key, or set client.behind_proxy = true if only a proxy with "
                      "TLS can reach this address");
}

void read_client_tls(ConfigReader& reader, ClientConfig& client) {
  read_path(reader, "client.tls_certificate", {}, client.tls_certificate);
  read_path(reader, "client.tls_key", {}, client.tls_key);
  if (client.tls_certificate.empty() == client.tls_key.empty()) return;
  const bool lacks_key = client.tls_key.empty();
  reader.complain(lacks_key ? "client.tls_certificate" : "client.tls_key",
                  std::string{"is of no use without client.tls_"} +
                      (lacks_key ? "key" : "certificate") + "; set both, or neither");
}

void read_client(ConfigReader& reader, ClientConfig& client) {
  parsed(reader, "client.listen", ListenAddress::parse, client.listen);
  reader.flag("client.behind_proxy", client.behind_proxy);
  read_client_tls(reader, client);
  auto lifetime = static_cast<std::size_t>(client.access_token_lifetime.count());
  reader.number("client.access_token_lifetime_s", 60, 86'400, lifetime);
  client.access_token_lifetime = std::chrono::seconds{lifetime};
  reader.number("client.sign_ins_per_minute", 1, 1000, client.sign_ins_per_minute);
  reader.number("client.request_bytes_max", 4096, 16'777'216, client.request_bytes_max);
  reader.number("client.connections_max", 1, 1'000'000, client.connections_max);
  reader.number("client.connections_per_address_max", 1, 1'000'000,
                client.connections_per_address_max);
  reader.number("client.events_per_page_max", 1, 1000, client.events_per_page_max);
  check_client_listen(reader, client);
}

/// What peers are told: the endpoints of the file, else where we listen if that names one place.
void read_endpoints(ConfigReader& reader, FederationConfig& federation) {
  constexpr std::string_view key = "federation.endpoints";
  if (all_parsed(reader, key, routing::Endpoint::parse, federation.endpoints) || reader.has(key)) {
    return;
  }
  const ListenAddress& listen = federation.listen;
  if (!listen.address.is_unspecified()) {
    if (listen.port != 0) federation.endpoints = {{listen.address.to_string(), listen.port}};
  } else if (reader.has("federation.listen")) {
    reader.complain("federation.listen",
                    "is the wildcard " + listen.text() +
                        ", which peers cannot connect to; name what they are told, as in "
                        "federation.endpoints = [\"chat.example.org:8470\"], or write "
                        "federation.endpoints = [] if nobody shall reach this instance");
  }
}

void read_federation(ConfigReader& reader, FederationConfig& federation) {
  parsed(reader, "federation.listen", ListenAddress::parse, federation.listen);
  read_endpoints(reader, federation);
  all_parsed(reader, "federation.allow_addresses", routing::AddressRange::parse,
             federation.allow_addresses);
  auto timeout = static_cast<std::size_t>(federation.request_timeout.count());
  reader.number("federation.request_timeout_ms", 1000, 300'000, timeout);
  federation.request_timeout = std::chrono::milliseconds{timeout};
  reader.number("federation.transaction_bytes_max", 131'072, 16'777'216,
                federation.transaction_bytes_max);
  reader.number("federation.transaction_entries_max", 1, 1000, federation.transaction_entries_max);
  reader.flag("federation.sealing", federation.sealing);
  reader.number("federation.connections_max", 1, 100'000, federation.connections_max);
  reader.number("federation.connections_per_address_max", 1, 100'000,
                federation.connections_per_address_max);
  reader.number("federation.inbox_frames_max", 1, 100'000, federation.inbox_frames_max);
}

Result<routing::Endpoint> parse_resolver(std::string_view text) {
  CPC_TRY(auto endpoint, routing::Endpoint::parse(text));
  if (endpoint.is_address()) return endpoint;
  return fail(ErrorCode::invalid, "a resolver is an address and a port, as in 192.0.2.53:53");
}

/// A name below which one of ours still is a name: `beta` + `.` + suffix.
Result<std::string> parse_suffix(std::string_view text) {
  constexpr std::size_t suffix_bytes_max = 150;
  if (text.empty()) return std::string{};
  const auto endpoint = routing::Endpoint::parse(std::string{text} + ":1");
  if (endpoint && !endpoint.value().is_address() && text.size() <= suffix_bytes_max) {
    return endpoint.value().host;
  }
  return fail(ErrorCode::invalid,
              "a suffix is a DNS name without a dot at its ends, as in "
              "cpc.example.org");
}

void read_dns(ConfigReader& reader, DnsConfig& dns) {
  all_parsed(reader, "dns.resolvers", parse_resolver, dns.resolvers);
  if (dns.resolvers.size() > resolvers_max) {
    reader.complain("dns.resolvers", "has more than 3 entries; keep those that answer best");
  }
  parsed(reader, "dns.suffix", parse_suffix, dns.suffix);
  reader.flag("dns.trust_ad", dns.trust_ad);
}

void read_trust(ConfigReader& reader, TrustConfig& trust) {
  constexpr std::array<std::string_view, 4> levels{"pinned", "directory", "dnssec", "introduced"};
  constexpr std::array<std::string_view, 2> answers{"deny", "allow"};
  auto level = static_cast<std::size_t>(trust.min) - 1;  // Trust begins with none.
  reader.choice("trust.min", levels, level);
  trust.min = static_cast<core::Trust>(level + 1);
  std::size_t tofu = trust.tofu ? 1 : 0;
  reader.choice("trust.tofu", answers, tofu);
  trust.tofu = tofu == 1;
  all_parsed(reader, "trust.introducers", core::InstanceName::parse, trust.introducers);
  reader.flag("trust.introduce", trust.introduce);
  all_parsed(reader, "trust.allow", core::InstanceName::parse, trust.allow);
  all_parsed(reader, "trust.block", core::InstanceName::parse, trust.block);
}

void read_admin(ConfigReader& reader, Config& config) {
  read_path(reader, "admin.socket", config.data_dir / "admin.sock", config.admin.socket);
  const std::size_t length = config.admin.socket.native().size();
  if (length <= socket_path_bytes_max) return;
  reader.complain("admin.socket", "is a path of " + std::to_string(length) +
                                      " octets, and a unix socket's has " +
                                      std::to_string(socket_path_bytes_max) +
                                      " at most; set admin.socket to a shorter one");
}

void read_log(ConfigReader& reader, LogConfig& log) {
  constexpr std::array<std::string_view, 3> levels{"info", "warn", "error"};
  constexpr std::array<std::string_view, 2> formats{"logfmt", "json"};
  auto level = static_cast<std::size_t>(log.level);
  auto format = static_cast<std::size_t>(log.format);
  reader.choice("log.level", levels, level);
  reader.choice("log.format", formats, format);
  log.level = static_cast<LogLevel>(level);
  log.format = static_cast<LogFormat>(format);
}

PeerConfig read_peer(ConfigReader& reader, bool asks_dns) {
  PeerConfig peer;
  for (const char* const required : {"name", "iid"}) {
    if (!reader.has(required)) reader.complain(required, "is missing; every [[peer]] needs it");
  }
  if (!reader.has("endpoints") && !asks_dns) {
    reader.complain("endpoints", "is missing; every [[peer]] needs it unless dns.resolvers is set");
  }
  parsed(reader, "name", core::InstanceName::parse, peer.name);
  const auto parse_iid = [](std::string_view text) -> Result<core::Iid> {
    const auto iid = id_from_text<core::Iid>(text);
    if (iid.has_value() && !iid.value().is_zero()) return iid.value();
    return fail(
        ErrorCode::invalid,
        "an iid is 43 letters of base64url; the peer's operator reads it from cpcctl status");
  };
  parsed(reader, "iid", parse_iid, peer.iid);
  const bool is_read = all_parsed(reader, "endpoints", routing::Endpoint::parse, peer.endpoints);
  if (is_read && peer.endpoints.empty() && !asks_dns) {
    reader.complain("endpoints", "is empty; name at least one, as in [\"chat.example.org:8470\"]");
  }
  return peer;
}

void read_peers(ConfigReader& reader, Config& config, ConfigProblems& problems) {
  std::set<core::InstanceName> names;
  std::set<core::Iid> iids;
  for (const auto& [table, line] : reader.tables("peer")) {
    ConfigReader one{*table, "peer.", problems};
    PeerConfig peer = read_peer(one, !config.dns.resolvers.empty());
    one.finish();
    if (!peer.name.text().empty() && !names.insert(peer.name).second) {
      one.complain("name", peer.name.text() + " was there before; keep one of the two sections");
    } else if (!peer.iid.is_zero() && !iids.insert(peer.iid).second) {
      one.complain("iid", "belongs to another [[peer]] already; two names never share one");
    }
    if (!peer.name.text().empty() && peer.name == config.instance) {
      one.complain("name", "is this instance itself; remove the section");
    }
    config.peers.push_back(std::move(peer));
  }
}

void check_listeners(ConfigReader& reader, const Config& config) {
  if (config.client.listen.port == 0 || config.client.listen != config.federation.listen) return;
  reader.complain("federation.listen",
                  "is the same as client.listen; give one of them another port");
}

// A socket in the database's place would be removed as the socket of a daemon that died.
void check_paths(ConfigReader& reader, const Config& config) {
  if (!config.storage.file.has_filename()) {
    reader.complain("storage.file", "names a folder; name the file in it, as in cpcd.db");
  }
  if (!config.admin.socket.has_filename()) {
    reader.complain("admin.socket", "names a folder; name the socket in it, as in admin.sock");
  }
  if (config.storage.file.lexically_normal() == config.admin.socket.lexically_normal()) {
    reader.complain("admin.socket", "is the same as storage.file; give it a path of its own");
  }
}

Config read_config(ConfigReader& reader, ConfigProblems& problems) {
  Config config;
  parsed(reader, "instance", core::InstanceName::parse, config.instance);
  if (!reader.has("instance")) {
    problems.add(0,
                 "instance is missing, and people and peers know an instance by its name; add a "
                 "first line instance = \"name.cpc\"");
  }
  parsed(reader, "data_dir", absolute_path, config.data_dir);
  read_storage(reader, config);
  read_path(reader, "keys.folder", config.data_dir / "keys", config.keys.folder);
  read_client(reader, config.client);
  read_federation(reader, config.federation);
  read_dns(reader, config.dns);
  read_trust(reader, config.trust);
  read_admin(reader, config);
  read_log(reader, config.log);
  read_peers(reader, config, problems);
  check_listeners(reader, config);
  check_paths(reader, config);
  reader.finish();
  return config;
}

}  // namespace

Result<Config> parse_config(std::string_view text, std::string_view file_name) try {
  ConfigProblems problems{std::string{file_name}};
  const toml::table table = toml::parse(text);
  ConfigReader reader{table, "", problems};
  Config config = read_config(reader, problems);
  if (problems.none()) return config;
  return problems.error();
} catch (const toml::parse_error& error) {
  ConfigProblems problems{std::string{file_name}};
  problems.add(error.source().begin.line, "this is not TOML: " + std::string{error.description()});
  return problems.error();
}

std::vector<std::string> config_keys() {
  const toml::table nothing;
  ConfigProblems problems{""};
  ConfigReader reader{nothing, "", problems};
  read_config(reader, problems);
  ConfigReader peer{nothing, "peer.", problems};
  read_peer(peer, false);

  std::vector<std::string> keys = reader.known();
  std::erase(keys, "peer");
  for (const std::string& key : peer.known()) keys.push_back("peer." + key);
  return keys;
}

}  // namespace cpc::daemon
