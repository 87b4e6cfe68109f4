// Where an instance can be reached: a host and a port, as the configuration, a signed document and
// a DNS answer name it. One canonical form, one parser.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace cpc::routing {

/// `chat.nord.example:8470`, `198.51.100.7:8470` or `[2001:db8::7]:8470`.
struct Endpoint {
  std::string host;  ///< A DNS name in lower case, or an address without brackets.
  std::uint16_t port = 0;

  /// Fails with invalid on anything but the three forms above: schemes, paths, user names, zones
  /// (`%eth0`), trailing dots, port 0, labels outside a-z 0-9 and inner hyphens or underscores,
  /// `localhost` and below, and numbers that some resolver takes for an address (`127.1`,
  /// `0x7f.1`). Says nothing of whether one may connect there: routing/address_policy.h does.
  /// The detail never echoes the input.
  [[nodiscard]] static Result<Endpoint> parse(std::string_view text);
  [[nodiscard]] bool is_address() const;  ///< The host is an IP address, not a name.
  [[nodiscard]] std::string text() const;
  auto operator<=>(const Endpoint&) const = default;
};

/// The digits of a port, 0 to 65535, without sign or leading zeros. Fails with invalid.
[[nodiscard]] Result<std::uint16_t> parse_port(std::string_view text);

}  // namespace cpc::routing
