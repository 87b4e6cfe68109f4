// Everything an operator can set. etc/cpcd.toml shows the same keys in the same order with the same
// defaults; tests/unit/daemon/config_test.cc keeps them equal.
//
// What a key leaves empty is filled in by parse_config (the store's file below the data folder, and
// so on), so that whoever holds a Config reads it and never works out a default again.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.h"
#include "core/base/result.h"
#include "core/ids.h"
#include "core/records.h"
#include "routing/address_policy.h"
#include "routing/endpoint.h"

namespace cpc::daemon {

/// An address of this machine, never a name. Port 0: any free one, told by `cpcctl status`.
struct ListenAddress {
  boost::asio::ip::address address;
  std::uint16_t port = 0;

  /// `127.0.0.1:8480` or `[::1]:8480`. Fails with invalid.
  [[nodiscard]] static Result<ListenAddress> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  bool operator==(const ListenAddress&) const = default;
};

enum class StorageEngine { sqlite, postgres };

struct StorageConfig {
  StorageEngine engine = StorageEngine::sqlite;

  /// SQLite's database. Empty in the file: cpcd.db in the data folder. Never on a network file
  /// system: SQLite's locks are not to be trusted there.
  std::filesystem::path file = "/var/lib/cpcd/cpcd.db";

  /// PostgreSQL's connection string, 0600, because it may hold a password. Empty in the file:
  /// postgres.dsn in the data folder.
  std::filesystem::path postgres_dsn_file = "/var/lib/cpcd/postgres.dsn";

  bool operator==(const StorageConfig&) const = default;
};

struct KeysConfig {
  /// Private keys, 0600 each; `cpcctl init` makes them. Empty in the file: keys in the data folder.
  std::filesystem::path folder = "/var/lib/cpcd/keys";

  [[nodiscard]] std::filesystem::path root_key() const { return folder / "root.key"; }
  [[nodiscard]] std::filesystem::path signing_key() const { return folder / "signing.key"; }
  [[nodiscard]] std::filesystem::path signing_keys() const { return folder / "signing"; }
  [[nodiscard]] std::filesystem::path delegation() const { return folder / "delegation.json"; }
  [[nodiscard]] std::filesystem::path delegation_request() const {
    return folder / "delegation-request.json";
  }
  [[nodiscard]] std::filesystem::path sealing_keys() const { return folder / "sealing"; }
  [[nodiscard]] std::filesystem::path master_key() const { return folder / "master.key"; }
  [[nodiscard]] std::filesystem::path tls_key() const { return folder / "tls.key"; }
  [[nodiscard]] std::filesystem::path tls_certificate() const { return folder / "tls.crt"; }

  bool operator==(const KeysConfig&) const = default;
};

struct ClientConfig {
  /// For clients: plain HTTP, unless there is a certificate.
  ListenAddress listen{boost::asio::ip::make_address_v4("127.0.0.1"), 8480};

  /// Says that only a proxy with TLS can reach `listen`. Without it, anything but loopback is
  /// refused, because passwords would cross the network readable. With it every client has the
  /// proxy's address, so sign-ins are limited per account only: per address is the proxy's work.
  bool behind_proxy = false;

  /// PEM: the certificate for TLS 1.3 with those of its issuers behind it, and its private key,
  /// 0600. Both empty: plain HTTP, where TLS is the proxy's work.
  std::filesystem::path tls_certificate;
  std::filesystem::path tls_key;
  [[nodiscard]] bool has_tls() const { return !tls_key.empty(); }

  /// Seconds; 60 to 86400. How long a stolen access token works at most.
  std::chrono::seconds access_token_lifetime{3600};

  /// Per account and, without a proxy, per address; 1 to 1000. Beyond it the answer is "try later",
  /// so that passwords cannot be guessed quickly.
  std::size_t sign_ins_per_minute = 10;

  /// Octets of one request's body; 4096 to 16 MiB. Longer ones are refused unread.
  std::size_t request_bytes_max = 262'144;

  /// Open at once; 1 to 1000000. Further ones are closed at once. Each needs a file descriptor.
  std::size_t connections_max = 10'000;

  /// Of those, from one address; 1 to 1000000. Not counted behind a proxy, which has one address.
  std::size_t connections_per_address_max = 1000;

  /// Events read from the store at once; 1 to 1000. More follow.
  std::size_t events_per_page_max = 500;

  bool operator==(const ClientConfig&) const = default;
};

struct FederationConfig {
  /// TLS 1.3 for other instances.
  ListenAddress listen{boost::asio::ip::make_address_v4("0.0.0.0"), 8470};

  /// What other instances are told to connect to. Absent in the file: `listen`, unless that is a
  /// wildcard or has port 0. Empty: nobody can reach us, see warnings().
  std::vector<routing::Endpoint> endpoints;

  /// Ranges outside the public Internet that we may connect to nevertheless (routing's
  /// AddressPolicy). Each is reachable for whoever can make us connect somewhere.
  std::vector<routing::AddressRange> allow_addresses;

  /// Milliseconds; 1000 to 300000. One request to another instance, connecting included.
  std::chrono::milliseconds request_timeout{30'000};

  /// Octets of one transaction, both ways; 131072 to 16 MiB. Larger ones are refused unread.
  std::size_t transaction_bytes_max = 2'097'152;

  /// Envelopes and frames in one transaction, both ways; 1 to 1000.
  std::size_t transaction_entries_max = 500;

  /// Transactions are sealed to the instance they are for, where its document names a key for it:
  /// whoever ends its TLS, such as a proxy, reads none. What others seal is opened either way.
  bool sealing = true;

  /// Open at once, from all instances together; 1 to 100000.
  std::size_t connections_max = 1000;

  /// Of those, from one address; 1 to 100000. Nobody shuts out the other instances alone.
  std::size_t connections_per_address_max = 64;

  /// Consent frames of one instance that wait here to be applied; 1 to 100000. Beyond it that
  /// instance is told to come back later; others are not concerned.
  std::size_t inbox_frames_max = 1000;

  bool operator==(const FederationConfig&) const = default;
};

struct DnsConfig {
  /// Servers that know `.cpc`, addresses of the form "192.0.2.53:53"; three at most. None: DNS is
  /// not asked, and neither the machine's resolvers nor the public root ever are.
  std::vector<routing::Endpoint> resolvers;

  /// Where `.cpc` lies in the public DNS: beta.cpc is asked for as beta.<suffix>. Empty: nowhere.
  std::string suffix;

  /// Believe a resolver that says it validated an answer (the AD bit). Only for one on this machine
  /// or behind a network that nobody else can write to.
  bool trust_ad = false;

  bool operator==(const DnsConfig&) const = default;
};

struct AdminConfig {
  /// Unix socket of cpcctl. Empty in the file: admin.sock in the data folder. At most 107 octets.
  std::filesystem::path socket = "/var/lib/cpcd/admin.sock";

  bool operator==(const AdminConfig&) const = default;
};

/// Which instances beyond the configured peers are let in.
struct TrustConfig {
  /// The weakest level that suffices: pinned, directory, dnssec or introduced.
  core::Trust min = core::Trust::directory;

  /// Nobody need vouch for a name: who is there at the first meeting is it.
  bool tofu = false;

  /// Peers, pinned or of a signed directory, whose word for others counts as introduced.
  std::vector<core::InstanceName> introducers;

  /// Peers may ask us whom a name is: they then learn which instances we know.
  bool introduce = false;

  /// Names. Only these, unless it is empty; and never these. Configured peers are let in anyway.
  std::vector<core::InstanceName> allow;
  std::vector<core::InstanceName> block;

  bool operator==(const TrustConfig&) const = default;
};

enum class LogLevel { info, warn, error };
enum class LogFormat { logfmt, json };

struct LogConfig {
  LogLevel level = LogLevel::info;  ///< The least that is written.
  LogFormat format = LogFormat::logfmt;

  bool operator==(const LogConfig&) const = default;
};

/// An instance whose identity the operator vouches for: trusted as pinned.
struct PeerConfig {
  core::InstanceName name;
  core::Iid iid;
  std::vector<routing::Endpoint> endpoints;  ///< At least one; may be empty if DNS is asked.

  bool operator==(const PeerConfig&) const = default;
};

struct Config {
  /// The only required key. Permanent: accounts, conversations and keys contain it.
  core::InstanceName instance;

  /// Absolute. Holds what the daemon keeps, unless a key below says otherwise.
  std::filesystem::path data_dir = "/var/lib/cpcd";

  StorageConfig storage;
  KeysConfig keys;
  ClientConfig client;
  FederationConfig federation;
  DnsConfig dns;
  TrustConfig trust;
  AdminConfig admin;
  LogConfig log;
  std::vector<PeerConfig> peers;

  bool operator==(const Config&) const = default;
};

/// Parses `text`, the content of `file_name` (used in messages only). Fails with invalid on an
/// unknown key, a wrong type, a value out of range, a missing `instance`, and on settings that
/// contradict each other. The detail has one line for each mistake, in the order of the file:
///   cpcd.toml:7: unknown key federation.listn; did you mean federation.listen?
[[nodiscard]] Result<Config> parse_config(std::string_view text, std::string_view file_name);

/// Reads and parses a file. Fails with not_found, denied, unavailable, or as parse_config.
[[nodiscard]] Result<Config> load_config(const std::filesystem::path& file);

/// What is allowed and probably not meant, one sentence each: for the log at start and
/// `cpcd --check-config`.
[[nodiscard]] std::vector<std::string> warnings(const Config& config);

/// Every key that parse_config knows, in the order of etc/cpcd.toml: "instance", "client.listen",
/// "peer.name" ...
[[nodiscard]] std::vector<std::string> config_keys();

}  // namespace cpc::daemon
