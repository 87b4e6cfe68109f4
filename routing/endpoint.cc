#include "routing/endpoint.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>

namespace cpc::routing {
namespace {

constexpr std::size_t name_bytes_max = 253;  // RFC 1035 section 3.1, without the root's dot
constexpr std::size_t label_bytes_max = 63;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > label_bytes_max) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  return std::ranges::all_of(
      label, [](char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_'; });
}

/// The last label decides whether resolvers try to read an address out of it (WHATWG URL, "ends in
/// a number"): inet_aton takes 127.1 and 0x7f.1.
bool looks_like_number(std::string_view label) {
  return label.starts_with("0x") || std::ranges::all_of(label, is_digit);
}

bool is_local_name(std::string_view name) {
  return name == "localhost" || name.ends_with(".localhost") || name == "localhost.localdomain";
}

/// `name` is in lower case.
bool is_dns_name(std::string_view name) {
  if (name.size() > name_bytes_max || is_local_name(name)) return false;
  for (;;) {
    const std::size_t dot = name.find('.');
    const std::string_view label = name.substr(0, dot);
    if (!is_label(label)) return false;
    if (dot == std::string_view::npos) return !looks_like_number(label);
    name.remove_prefix(dot + 1);
  }
}

Result<std::string> bracketed_host(std::string_view text) {
  boost::system::error_code failed;
  const auto address = boost::asio::ip::make_address_v6(text, failed);
  if (failed || text.find('%') != std::string_view::npos) {
    return fail(ErrorCode::invalid, "brackets hold an IPv6 address without a zone");
  }
  return address.to_string();
}

Result<std::string> bare_host(std::string_view text) {
  boost::system::error_code failed;
  const auto address = boost::asio::ip::make_address_v4(text, failed);
  if (!failed) return address.to_string();
  if (text.find(':') != std::string_view::npos) {
    return fail(ErrorCode::invalid, "an IPv6 address stands in brackets, as in [2001:db8::7]:8470");
  }
  std::string name{text};
  std::ranges::transform(name, name.begin(), lower);
  if (is_dns_name(name)) return name;
  return fail(ErrorCode::invalid, "a host is a DNS name or an IP address, and not localhost");
}

}  // namespace

Result<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  const bool is_plain = text == "0" || !text.starts_with('0');
  if (error != std::errc{} || stop != end || !is_plain) {
    return fail(ErrorCode::invalid, "a port is a number up to 65535");
  }
  return port;
}

Result<Endpoint> Endpoint::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || text.ends_with(']')) {
    return fail(ErrorCode::invalid, "an endpoint is host:port");
  }
  CPC_TRY(const std::uint16_t port, parse_port(text.substr(colon + 1)));
  if (port == 0) return fail(ErrorCode::invalid, "nobody can connect to port 0");
  const std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    CPC_TRY(std::string address, bracketed_host(host.substr(1, host.size() - 2)));
    return Endpoint{std::move(address), port};
  }
  CPC_TRY(std::string name, bare_host(host));
  return Endpoint{std::move(name), port};
}

bool Endpoint::is_address() const {
  boost::system::error_code failed;
  boost::asio::ip::make_address(host, failed);
  return !failed;
}

std::string Endpoint::text() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace cpc::routing
