// Which IP addresses we may connect to. A name or a document from outside can point anywhere: at
// our own database, at the cloud's metadata service, at the printer next door. So every address is
// checked here, after it was resolved and before it is connected to, and exactly the checked
// address is the one connected to.
//
// Refused are all ranges that the IANA special-purpose registries (RFC 6890) do not call globally
// reachable, and the ways in which IPv6 wraps an IPv4 address (RFC 4291, 3056, 4380, 6052, 8215).
// The operator permits some with federation.allow_addresses. Pure functions of values; any thread.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace cpc::routing {

/// Neighbouring addresses of one family, in CIDR notation (RFC 4632, RFC 4291 section 2.3).
class AddressRange {
 public:
  /// `10.0.0.0/8`, `fd00::/8`, or one address. Fails with invalid on anything else, also on bits
  /// behind the prefix (`127.0.0.1/8`), and then the detail names the range that was meant.
  [[nodiscard]] static Result<AddressRange> parse(std::string_view text);

  /// An IPv4-mapped address (::ffff:a.b.c.d) counts as the IPv4 address, because the machine
  /// connects to that. The zone of a link-local address is not looked at.
  [[nodiscard]] bool contains(const boost::asio::ip::address& address) const;
  [[nodiscard]] std::string text() const;
  bool operator==(const AddressRange&) const = default;

 private:
  AddressRange(boost::asio::ip::address first, int prefix_bits)
      : first_(std::move(first)), prefix_bits_(prefix_bits) {}
  boost::asio::ip::address first_;
  int prefix_bits_;
};

class AddressPolicy {
 public:
  /// Permits the public Internet and `allowed`.
  explicit AddressPolicy(std::vector<AddressRange> allowed = {}) : allowed_(std::move(allowed)) {}

  /// Fails with denied; the detail names the address, the kind of range and the key that permits
  /// it. For the operator only: a peer that saw it would learn our network.
  [[nodiscard]] Result<> check(const boost::asio::ip::address& address) const;

 private:
  std::vector<AddressRange> allowed_;
};

}  // namespace cpc::routing
