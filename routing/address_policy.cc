#include "routing/address_policy.h"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <charconv>
#include <optional>
#include <span>

namespace cpc::routing {
namespace {

using boost::asio::ip::address;
using boost::asio::ip::address_v4;
using boost::asio::ip::address_v6;

struct SpecialV4 {
  std::uint32_t first;
  int prefix_bits;
  const char* kind;
};
// The IANA IPv4 special-purpose registry, with multicast and the former class E.
constexpr SpecialV4 special_v4[] = {
    {0x00000000, 8, "an address of \"this network\""},
    {0x0a000000, 8, "a private address"},
    {0x64400000, 10, "an address behind a carrier's NAT"},
    {0x7f000000, 8, "a loopback address"},
    {0xa9fe0000, 16, "a link-local address"},
    {0xac100000, 12, "a private address"},
    {0xc0000000, 24, "an IETF protocol address"},
    {0xc0000200, 24, "a documentation address"},
    {0xc01fc400, 24, "an AS112 address"},
    {0xc034c100, 24, "an AMT address"},
    {0xc0586300, 24, "a 6to4 relay's address"},
    {0xc0a80000, 16, "a private address"},
    {0xc0af3000, 24, "an AS112 address"},
    {0xc6120000, 15, "a benchmarking address"},
    {0xc6336400, 24, "a documentation address"},
    {0xcb007100, 24, "a documentation address"},
    {0xe0000000, 4, "a multicast address"},
    {0xf0000000, 4, "a reserved address"},
};

struct SpecialV6 {
  std::array<std::uint16_t, 4> first;  // No prefix below is longer than 64 bits.
  int prefix_bits;
  const char* kind;
};
// The IANA IPv6 special-purpose registry. What lies outside 2000::/3 is refused even without a row.
constexpr SpecialV6 special_v6[] = {
    {{0x0064, 0xff9b, 0x0001, 0}, 48, "a local NAT64 address"},
    {{0x0100, 0, 0, 0}, 64, "a discard address"},
    {{0x2001, 0, 0, 0}, 23, "an IETF protocol address"},
    {{0x2001, 0x0db8, 0, 0}, 32, "a documentation address"},
    {{0x2002, 0, 0, 0}, 16, "a 6to4 address"},
    {{0x2620, 0x004f, 0x8000, 0}, 48, "an AS112 address"},
    {{0x3fff, 0, 0, 0}, 20, "a documentation address"},
    {{0x5f00, 0, 0, 0}, 16, "a segment routing address"},
    {{0xfc00, 0, 0, 0}, 7, "a private address"},
    {{0xfe80, 0, 0, 0}, 10, "a link-local address"},
    {{0xfec0, 0, 0, 0}, 10, "a site-local address"},
    {{0xff00, 0, 0, 0}, 8, "a multicast address"},
};

using Octets = std::span<const std::uint8_t>;

bool shares_prefix(Octets left, Octets right, int bits) {
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (!std::equal(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(whole), right.begin())) {
    return false;
  }
  if (bits % 8 == 0) return true;
  const int shift = 8 - bits % 8;
  return left[whole] >> shift == right[whole] >> shift;
}

/// The IPv4 address inside ::ffff:a.b.c.d; any other address as it is.
address unmapped(const address& given) {
  if (!given.is_v6() || !given.to_v6().is_v4_mapped()) return given;
  return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, given.to_v6());
}

const char* special_kind(const address_v4& given) {
  const std::uint32_t bits = given.to_uint();
  for (const SpecialV4& range : special_v4) {
    const int shift = 32 - range.prefix_bits;
    if (bits >> shift == range.first >> shift) return range.kind;
  }
  return nullptr;
}

/// RFC 6052: 64:ff9b::a.b.c.d, which a NAT64 gateway translates.
std::optional<address_v4> behind_nat64(const address_v6::bytes_type& octets) {
  constexpr std::array<std::uint8_t, 12> prefix{0, 0x64, 0xff, 0x9b};
  if (!shares_prefix(octets, prefix, 96)) return std::nullopt;
  return address_v4{{octets[12], octets[13], octets[14], octets[15]}};
}

const char* special_kind(const address_v6& given) {
  if (given.is_unspecified()) return "the unspecified address";
  if (given.is_loopback()) return "a loopback address";
  const auto octets = given.to_bytes();
  if (const auto inner = behind_nat64(octets)) return special_kind(*inner);
  for (const SpecialV6& range : special_v6) {
    std::array<std::uint8_t, 8> first{};
    for (std::size_t i = 0; i < first.size(); ++i) {
      first[i] = static_cast<std::uint8_t>(range.first[i / 2] >> (i % 2 == 0 ? 8 : 0));
    }
    if (shares_prefix(octets, first, range.prefix_bits)) return range.kind;
  }
  return octets[0] >> 5 == 1 ? nullptr : "outside the public IPv6 Internet";
}

address masked(const address& given, int prefix_bits) {
  const auto clear = [prefix_bits](auto octets) {
    for (std::size_t i = 0; i < octets.size(); ++i) {
      const int kept = std::clamp(prefix_bits - static_cast<int>(i) * 8, 0, 8);
      octets[i] = static_cast<std::uint8_t>(octets[i] & (0xff00 >> kept));
    }
    return octets;
  };
  if (given.is_v4()) return address_v4{clear(given.to_v4().to_bytes())};
  return address_v6{clear(given.to_v6().to_bytes())};
}

}  // namespace

Result<AddressRange> AddressRange::parse(std::string_view text) {
  const auto refuse = [](std::string why) { return fail(ErrorCode::invalid, std::move(why)); };
  const std::size_t slash = text.find('/');
  boost::system::error_code failed;
  const address given = boost::asio::ip::make_address(text.substr(0, slash), failed);
  if (failed || text.find('%') != std::string_view::npos) {
    return refuse("a range is an address and a prefix length, such as 10.0.0.0/8 or fd00::/8");
  }
  if (unmapped(given) != given) return refuse("a range of IPv4 addresses is written in IPv4");

  const int bits_max = given.is_v4() ? 32 : 128;
  int bits = bits_max;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const char* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, bits);
    const bool is_plain = digits == "0" || !digits.starts_with('0');
    if (error != std::errc{} || stop != end || !is_plain || bits < 0 || bits > bits_max) {
      return refuse("the prefix length of a range is a number from 0 to " +
                    std::to_string(bits_max));
    }
  }
  const AddressRange range{masked(given, bits), bits};
  if (range.first_ != given) {
    return refuse("a range begins at its first address; did you mean " + range.text() + "?");
  }
  return range;
}

bool AddressRange::contains(const address& given) const {
  const address plain = unmapped(given);
  if (plain.is_v4() != first_.is_v4()) return false;
  if (plain.is_v4()) {
    return shares_prefix(plain.to_v4().to_bytes(), first_.to_v4().to_bytes(), prefix_bits_);
  }
  return shares_prefix(plain.to_v6().to_bytes(), first_.to_v6().to_bytes(), prefix_bits_);
}

std::string AddressRange::text() const {
  return first_.to_string() + "/" + std::to_string(prefix_bits_);
}

Result<> AddressPolicy::check(const address& given) const {
  const address plain = unmapped(given);
  const char* const kind =
      plain.is_v4() ? special_kind(plain.to_v4()) : special_kind(plain.to_v6());
  if (kind == nullptr) return success();
  if (std::ranges::any_of(allowed_, [&](const auto& range) { return range.contains(plain); })) {
    return success();
  }
  return fail(ErrorCode::denied,
              given.to_string() + " is " + kind +
                  ", and only public addresses are connected to; if it is meant, "
                  "add its range to federation.allow_addresses");
}

}  // namespace cpc::routing
