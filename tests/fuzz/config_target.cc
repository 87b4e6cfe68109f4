// The configuration: TOML text that an operator wrote, or half wrote, becomes settings within their
// bounds, or lines that name the file.
#include <algorithm>
#include <set>
#include <string>

#include "daemon/config.h"
#include "tests/fuzz/target.h"

namespace cpc::fuzz {
namespace {

using namespace daemon;

void check_complaint(const std::string& detail) {
  promise(!detail.empty(), "a refusal says why");
  std::string_view rest = detail;
  while (!rest.empty()) {
    const std::string_view line = cut(rest, "\n");
    promise(line.starts_with("cpcd.toml:"), "each line of a refusal names the file");
    promise(std::ranges::none_of(line, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }),
            "a refusal can be shown on a terminal");
  }
}

void check_endpoints(const std::vector<routing::Endpoint>& endpoints) {
  for (const routing::Endpoint& endpoint : endpoints) {
    const auto again = routing::Endpoint::parse(endpoint.text());
    promise(again.has_value() && again.value() == endpoint, "an endpoint has one text");
  }
}

template <class Number>
void check_range(Number number, Number least, Number most) {
  promise(number >= least && number <= most, "a number is within its bounds");
}

void check_client(const ClientConfig& client) {
  promise(client.behind_proxy || client.listen.address.is_loopback(),
          "passwords cross no network in the clear");
  check_range<std::int64_t>(client.access_token_lifetime.count(), 60, 86'400);
  check_range<std::size_t>(client.sign_ins_per_minute, 1, 1000);
  check_range<std::size_t>(client.request_bytes_max, 4096, 16'777'216);
  check_range<std::size_t>(client.connections_max, 1, 1'000'000);
  check_range<std::size_t>(client.connections_per_address_max, 1, 1'000'000);
  check_range<std::size_t>(client.events_per_page_max, 1, 1000);
}

void check_federation(const FederationConfig& federation) {
  check_range<std::int64_t>(federation.request_timeout.count(), 1000, 300'000);
  check_range<std::size_t>(federation.transaction_bytes_max, 131'072, 16'777'216);
  check_range<std::size_t>(federation.transaction_entries_max, 1, 1000);
  check_range<std::size_t>(federation.connections_max, 1, 100'000);
  check_range<std::size_t>(federation.connections_per_address_max, 1, 100'000);
  check_range<std::size_t>(federation.inbox_frames_max, 1, 100'000);
  check_endpoints(federation.endpoints);
  for (const routing::AddressRange& range : federation.allow_addresses) {
    const auto again = routing::AddressRange::parse(range.text());
    promise(again.has_value() && again.value() == range, "a range has one text");
  }
  const auto listen = ListenAddress::parse(federation.listen.text());
  promise(listen.has_value() && listen.value() == federation.listen, "an address has one text");
}

void check_peers(const Config& config) {
  std::set<core::InstanceName> names{config.instance};
  std::set<core::Iid> iids{core::Iid{}};
  for (const PeerConfig& peer : config.peers) {
    promise(names.insert(peer.name).second, "a name is one peer's, and not ours");
    promise(iids.insert(peer.iid).second, "an iid is one peer's, and not zero");
    promise(!peer.endpoints.empty() || !config.dns.resolvers.empty(), "each peer can be found");
    check_endpoints(peer.endpoints);
  }
}

void check_paths(const Config& config) {
  for (const auto& path : {config.data_dir, config.storage.file, config.storage.postgres_dsn_file,
                           config.keys.folder, config.admin.socket}) {
    promise(path.is_absolute(), "a path does not depend on where the daemon was started");
    promise(path.native().find('\0') == std::string::npos, "a path holds no NUL");
  }
  promise(config.storage.file != config.admin.socket, "the socket is not the database");
  promise(config.admin.socket.native().size() < 108, "the socket's path fits");
}

}  // namespace

void run(std::string_view octets) {
  const auto config = parse_config(octets, "cpcd.toml");
  if (!config) {
    promise(config.error().code == ErrorCode::invalid, "a wrong text is invalid");
    check_complaint(config.error().detail);
    return;
  }
  const Config& read = config.value();
  const auto name = core::InstanceName::parse(read.instance.text());
  promise(name.has_value() && name.value() == read.instance, "an instance has a name");
  check_client(read.client);
  check_federation(read.federation);
  check_endpoints(read.dns.resolvers);
  promise(read.dns.resolvers.size() <= 3, "there are three resolvers at most");
  check_peers(read);
  check_paths(read);
  for (const std::string& warning : warnings(read)) promise(!warning.empty(), "a warning warns");
}

}  // namespace cpc::fuzz
