#include "cli/first_config.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <cstdio>
#include <optional>

#include "core/address.h"

namespace cpc::cli {
namespace {

namespace ip = boost::asio::ip;

Error wrong(std::string why) {
  return fail(ErrorCode::invalid, std::move(why));
}

struct HostAndPort {
  std::string_view host;  ///< Without brackets.
  std::string_view port;
};

std::optional<HostAndPort> split(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool is_number = !port.empty() && port.size() <= 5 &&
                         std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  if (!is_number || host.empty() || host.find_first_of("/@ []") != std::string_view::npos) {
    return std::nullopt;
  }
  return HostAndPort{host, port};
}

Result<ip::address> listen_address(std::string_view text, const char* option) {
  const auto parts = split(text);
  boost::system::error_code failed;
  const auto address = parts ? ip::make_address(parts->host, failed) : ip::address{};
  if (parts && !failed) return address;
  return wrong(std::string{option} +
               " is an address of this machine and a port, as in 127.0.0.1:8480 or [::1]:8480");
}

Result<> check_client(const FirstConfig& config) {
  if (config.client_listen.empty()) return success();
  CPC_TRY(const ip::address address, listen_address(config.client_listen, "--client-listen"));
  if (address.is_loopback() || config.behind_proxy) return success();
  return wrong(
      "--client-listen can be reached by others, and passwords would cross the network readable; "
      "add --behind-proxy if only a proxy with TLS can reach it");
}

Result<> check_federation(const FirstConfig& config) {
  if (!config.federation_listen.empty()) {
    CPC_TRY(const ip::address address,
            listen_address(config.federation_listen, "--federation-listen"));
    if (address.is_unspecified() && config.endpoints.empty()) {
      return wrong(
          "--federation-listen is a wildcard, which peers cannot connect to; add --endpoint "
          "HOST:PORT with what they are told");
    }
  }
  for (const std::string& endpoint : config.endpoints) {
    if (!split(endpoint)) return wrong("--endpoint is HOST:PORT, as in chat.example.org:8470");
  }
  for (const std::string& range : config.allow_addresses) {
    boost::system::error_code not_v4;
    boost::system::error_code not_v6;
    ip::make_network_v4(range, not_v4);
    ip::make_network_v6(range, not_v6);
    if (not_v4 && not_v6) {
      return wrong("--allow-address is a range, as in 10.0.0.0/8 or fd00::/8");
    }
  }
  return success();
}

/// A TOML basic string.
std::string toml_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result.append("\\").push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04X", static_cast<unsigned>(c));
      result += escaped;
    } else {
      result.push_back(c);
    }
  }
  return result + "\"";
}

std::string toml_list(const std::vector<std::string>& texts) {
  std::string result;
  for (const std::string& text : texts) result += (result.empty() ? "" : ", ") + toml_string(text);
  return "[" + result + "]";
}

/// `head` and `lines`, or nothing without lines.
std::string section(const char* head, const std::string& lines) {
  return lines.empty() ? "" : "\n[" + std::string{head} + "]\n" + lines;
}

}  // namespace

Result<> check(const FirstConfig& config) {
  const auto name = core::InstanceName::parse(config.instance);
  if (name.has_error()) return wrong("--name: " + name.error().detail);
  CPC_TRY(check_client(config));
  return check_federation(config);
}

std::string toml_text(const FirstConfig& config) {
  std::string client;
  if (!config.client_listen.empty())
    client += "listen = " + toml_string(config.client_listen) + "\n";
  if (config.behind_proxy) client += "behind_proxy = true\n";

  std::string federation;
  if (!config.federation_listen.empty()) {
    federation += "listen = " + toml_string(config.federation_listen) + "\n";
  }
  if (!config.endpoints.empty()) federation += "endpoints = " + toml_list(config.endpoints) + "\n";
  if (!config.allow_addresses.empty()) {
    federation += "allow_addresses = " + toml_list(config.allow_addresses) + "\n";
  }

  return "# Made by cpcctl init. What is not here follows the defaults; the commented cpcd.toml "
         "that\n"
         "# came with cpcd shows every key.\n\n"
         "# Permanent: accounts, conversations and keys contain it.\n"
         "instance = " +
         toml_string(config.instance) + "\ndata_dir = " + toml_string(config.data_dir.string()) +
         "\n" + section("client", client) + section("federation", federation);
}

}  // namespace cpc::cli
