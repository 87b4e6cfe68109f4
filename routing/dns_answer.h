// A DNS answer, from raw octets to values that were judged. Whoever answers may lie, and whoever
// sits between us and him as well, so nothing here trusts a length, a count or a name: names are
// read with pointers that only go back (RFC 9267 section 2), records must belong to the question,
// and everything has a bound.
//
// c-ares asks and receives; its parsers are not used, because those of 1.18 tell neither the owner
// nor the TTL of SRV and TXT records, and both are needed to judge. Pure functions; any thread.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/base/time.h"
#include "core/chance.h"
#include "core/ids.h"
#include "routing/endpoint.h"

namespace cpc::routing {

inline constexpr std::size_t dns_answer_octets_max = 8192;
inline constexpr std::size_t srv_records_max = 16;  ///< Further ones, by priority, are passed over.
inline constexpr std::size_t txt_records_max = 16;
inline constexpr std::size_t txt_text_octets_max = 512;  ///< The strings of one record, joined.
inline constexpr std::size_t dns_addresses_max = 8;
inline constexpr std::size_t dns_aliases_max = 8;  ///< CNAME after CNAME in one answer.
inline constexpr Milliseconds dns_ttl_min = std::chrono::seconds{60};
inline constexpr Milliseconds dns_ttl_max = std::chrono::hours{24};
inline constexpr Milliseconds dns_negative_ttl_min = std::chrono::seconds{10};
inline constexpr Milliseconds dns_negative_ttl_max = std::chrono::minutes{5};

enum class DnsType : std::uint16_t { a = 1, txt = 16, aaaa = 28, srv = 33 };

struct DnsQuestion {
  std::string name;  ///< Lower case, without the root's dot.
  DnsType type;
};

/// A failure, and for how long it need not be asked again.
struct DnsFailure {
  Error error;
  Milliseconds ttl{dns_negative_ttl_min};
};

/// One SRV record (RFC 2782) whose target may be connected to.
struct SrvRecord {
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  Endpoint target;  ///< The host is a name, never an address.
  bool operator==(const SrvRecord&) const = default;
};

struct SrvAnswer {
  std::vector<SrvRecord> records;  ///< By priority; at least one.
};
struct TxtAnswer {
  core::Iid iid;
  bool is_active = true;  ///< Otherwise the instance is no longer there.
};
struct AddressAnswer {
  std::vector<boost::asio::ip::address> addresses;  ///< At least one.
};

/// What one question was answered.
template <class Records>
struct DnsAnswer {
  Records records;
  Milliseconds ttl{};             ///< The least of all records relied on, clamped.
  bool is_authenticated = false;  ///< The AD bit: worth as much as the resolver and the way to it.
};
template <class Records>
using DnsOutcome = boost::outcome_v2::basic_result<DnsAnswer<Records>, DnsFailure,
                                                   boost::outcome_v2::policy::terminate>;

/// Each reads the answer to `question`. Fails with
///   not_found    there is no such name, or nothing of this type; the TTL is the zone's (RFC 2308),
///                clamped;
///   unavailable  the server could not say (SERVFAIL and the like), or cut its answer;
///   invalid      it is no answer to this question, or one that no honest server gives;
///   conflict     two records name different instances (read_txt_answer alone).
/// The detail never echoes the answer.
///
/// Passed over: port 0. The target `.` alone says that there is no such service: not_found.
[[nodiscard]] DnsOutcome<SrvAnswer> read_srv_answer(std::string_view octets,
                                                    const DnsQuestion& question);
/// The text is `v=cpc1; iid=<43 letters of base64url>; st=active`: tags in any order behind the
/// first, each once, unknown ones passed over. Records that do not begin with v=cpc1 are not ours.
/// Any other `st` says that the instance is no longer there.
[[nodiscard]] DnsOutcome<TxtAnswer> read_txt_answer(std::string_view octets,
                                                    const DnsQuestion& question);
/// Type a or aaaa. Addresses beyond dns_addresses_max are passed over.
[[nodiscard]] DnsOutcome<AddressAnswer> read_address_answer(std::string_view octets,
                                                            const DnsQuestion& question);

/// RFC 2782: lower priorities first; among equals, each drawn by its weight from those left.
[[nodiscard]] std::vector<Endpoint> in_srv_order(std::vector<SrvRecord> records,
                                                 core::Chance chance);

}  // namespace cpc::routing
