// What of the configuration is not reading TOML: the file, the addresses, the second thoughts.
#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>

#include "daemon/config.h"

namespace cpc::daemon {
namespace {

constexpr std::streamsize file_bytes_max = 1024 * 1024;

Error cannot_read(const std::filesystem::path& file, int error_number) {
  const std::string why = std::generic_category().message(error_number);
  if (error_number == ENOENT || error_number == ENOTDIR) {
    return fail(ErrorCode::not_found, file.string() +
                                          " does not exist; make it with cpcctl init --name "
                                          "NAME.cpc, or name another with --config");
  }
  if (error_number == EACCES) {
    return fail(ErrorCode::denied, file.string() + " may not be read by this user: " + why);
  }
  return fail(ErrorCode::unavailable, file.string() + " cannot be read: " + why);
}

}  // namespace

Result<ListenAddress> ListenAddress::parse(std::string_view text) {
  const Error wrong = fail(ErrorCode::invalid,
                           "an address to listen on is 127.0.0.1:8480 or [::1]:8480, never a name");
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong;
  const auto port = routing::parse_port(text.substr(colon + 1));
  if (port.has_error()) return wrong;

  std::string_view host = text.substr(0, colon);
  const bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (is_bracketed) host = host.substr(1, host.size() - 2);
  boost::system::error_code failed;
  const auto address = boost::asio::ip::make_address(host, failed);
  if (failed || address.is_v6() != is_bracketed) return wrong;
  return ListenAddress{address, port.value()};
}

std::string ListenAddress::text() const {
  const std::string host = address.to_string();
  return (address.is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Config> load_config(const std::filesystem::path& file) {
  errno = 0;
  std::ifstream stream{file, std::ios::binary};
  if (!stream) return cannot_read(file, errno);
  std::string text(static_cast<std::size_t>(file_bytes_max) + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return cannot_read(file, errno);
  if (stream.gcount() > file_bytes_max) {
    return fail(ErrorCode::invalid, file.string() + " is over 1 MiB, which no configuration is");
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return parse_config(text, file.string());
}

std::vector<std::string> warnings(const Config& config) {
  std::vector<std::string> sentences;
  if (config.federation.endpoints.empty()) {
    sentences.emplace_back(
        "federation.endpoints names nothing, so other instances cannot connect to this one; set it "
        "to what they can reach, as in [\"chat.example.org:8470\"]");
  }
  const routing::AddressPolicy policy{config.federation.allow_addresses};
  for (const routing::Endpoint& endpoint : config.federation.endpoints) {
    if (!endpoint.is_address()) continue;
    const auto address = boost::asio::ip::make_address(endpoint.host);
    if (policy.check(address).has_value()) continue;
    sentences.push_back("federation.endpoints names " + endpoint.text() +
                        ", which is no public address; only instances that allow it in their "
                        "federation.allow_addresses can connect to this one");
  }
  for (const PeerConfig& peer : config.peers) {
    for (const routing::Endpoint& endpoint : peer.endpoints) {
      if (!endpoint.is_address()) continue;
      const auto allowed = policy.check(boost::asio::ip::make_address(endpoint.host));
      if (allowed.has_error()) {
        sentences.push_back("peer " + peer.name.text() + ": " + allowed.error().detail);
      }
    }
  }
  if (config.client.has_tls() && config.client.behind_proxy) {
    sentences.emplace_back(
        "client.tls_certificate is set and client.behind_proxy too: every client then counts as "
        "the proxy, so neither connections nor handshakes nor sign-ins are bounded per address. "
        "Remove behind_proxy if clients connect to cpcd themselves, or the certificate if the "
        "proxy has the TLS");
  }
  return sentences;
}

}  // namespace cpc::daemon
