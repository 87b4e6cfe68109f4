// The octets of a DNS message (RFC 1035 section 4) as questions and records, read within bounds.
// dns_answer.h judges what they mean. Pure; any thread. Texts are views into the message.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace cpc::routing {

/// Reads octets of a message one after the other. Every function fails with invalid at the end of
/// the message, and on what no message may contain.
class DnsReader {
 public:
  DnsReader(std::string_view message, std::size_t at) : message_(message), at_(at) {}

  [[nodiscard]] Result<std::uint16_t> number16();
  [[nodiscard]] Result<std::uint32_t> number32();
  [[nodiscard]] Result<std::string_view> octets(std::size_t count);
  /// A domain name in lower case, without the root's dot; the root itself is empty. Labels are
  /// a-z 0-9 - _ only: a dot or a NUL inside a label must never equal a real name. A pointer goes
  /// back before everything that this name has read, so that no chain of them turns in a circle.
  [[nodiscard]] Result<std::string> name();
  /// Passes over a name, whatever its labels contain.
  [[nodiscard]] Result<> skip_name();
  [[nodiscard]] std::size_t at() const { return at_; }

 private:
  std::string_view message_;
  std::size_t at_;
};

struct DnsRecord {
  std::string owner;
  std::uint16_t type = 0;
  std::uint16_t klass = 0;
  std::uint32_t ttl_s = 0;
  std::size_t data_at = 0;  ///< In the message: names in the data may point before it.
  std::size_t data_octets = 0;
};

struct DnsMessage {
  bool is_reply = false;
  bool is_cut = false;
  bool is_authenticated = false;
  unsigned opcode = 0;
  unsigned rcode = 0;
  std::string question_name;
  std::uint16_t question_type = 0;
  std::uint16_t question_class = 0;
  std::vector<DnsRecord> answers;
  std::optional<std::uint32_t> negative_ttl_s;  ///< From the zone's SOA record, RFC 2308 section 5.
};

/// Fails with invalid. A message that was cut, or that tells of a failure, need not hold what its
/// counts promise.
[[nodiscard]] Result<DnsMessage> read_dns_message(std::string_view octets);

}  // namespace cpc::routing
