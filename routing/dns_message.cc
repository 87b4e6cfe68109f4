#include "routing/dns_message.h"

#include <algorithm>

namespace cpc::routing {
namespace {

constexpr std::size_t header_octets = 12;
constexpr std::size_t wire_name_octets_max = 255;  // RFC 1035 section 2.3.4
constexpr std::uint16_t type_soa = 6;

Error cut_short() {
  return fail(ErrorCode::invalid, "the answer ends too early");
}

std::uint8_t octet_at(std::string_view octets, std::size_t at) {
  return static_cast<std::uint8_t>(octets[at]);
}

/// In lower case, or NUL if names of ours contain no such letter.
char name_letter(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  const bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  return is_plain ? c : '\0';
}

Result<> append_label(std::string& name, std::string_view label) {
  if (!name.empty()) name.push_back('.');
  for (const char c : label) {
    const char letter = name_letter(c);
    if (letter == '\0') return fail(ErrorCode::invalid, "the answer has a name we would not ask");
    name.push_back(letter);
  }
  return success();
}

/// Records that nobody asked about are passed over unread, but for where they end.
Result<DnsRecord> read_record(DnsReader& reader, bool wants_owner) {
  DnsRecord record;
  if (wants_owner) {
    CPC_TRY(record.owner, reader.name());
  } else {
    CPC_TRY(reader.skip_name());
  }
  CPC_TRY(record.type, reader.number16());
  CPC_TRY(record.klass, reader.number16());
  CPC_TRY(record.ttl_s, reader.number32());
  // RFC 2181 section 8: a TTL with the highest bit set counts as zero.
  if (record.ttl_s >> 31 != 0) record.ttl_s = 0;
  CPC_TRY(record.data_octets, reader.number16());
  record.data_at = reader.at();
  CPC_TRY(reader.octets(record.data_octets));
  return record;
}

/// The least of the record's TTL and its last field (RFC 2308 section 5); nothing if it is broken.
std::optional<std::uint32_t> negative_ttl_of(std::string_view octets, const DnsRecord& soa) {
  constexpr std::size_t numbers_octets = 20;
  if (soa.data_octets < numbers_octets) return std::nullopt;
  DnsReader reader{octets, soa.data_at + soa.data_octets - sizeof(std::uint32_t)};
  const auto minimum = reader.number32();
  if (!minimum) return std::nullopt;
  return std::min(soa.ttl_s, minimum.value());
}

}  // namespace

Result<std::uint16_t> DnsReader::number16() {
  CPC_TRY(const auto two, octets(2));
  return static_cast<std::uint16_t>(octet_at(two, 0) << 8 | octet_at(two, 1));
}

Result<std::uint32_t> DnsReader::number32() {
  CPC_TRY(const std::uint32_t high, number16());
  CPC_TRY(const std::uint32_t low, number16());
  return high << 16 | low;
}

Result<std::string_view> DnsReader::octets(std::size_t count) {
  if (count > message_.size() || at_ > message_.size() - count) return cut_short();
  const std::string_view taken = message_.substr(at_, count);
  at_ += count;
  return taken;
}

Result<std::string> DnsReader::name() {
  std::string name;
  DnsReader here = *this;
  bool has_jumped = false;
  std::size_t stretch_begin = at_;  // Where the present run of labels began.
  std::size_t wire_octets = 1;      // The root's.
  for (;;) {
    CPC_TRY(const auto first, here.octets(1));
    const std::size_t length = octet_at(first, 0);
    if (length >= 0xc0) {
      CPC_TRY(const auto second, here.octets(1));
      if (!has_jumped) at_ = here.at_;
      has_jumped = true;
      const std::size_t target = (length & 0x3f) << 8 | octet_at(second, 0);
      if (target >= stretch_begin || target < header_octets) {
        return fail(ErrorCode::invalid, "the answer has a name that does not point back");
      }
      here.at_ = stretch_begin = target;
      continue;
    }
    if (length == 0) break;
    if (length > 63) return fail(ErrorCode::invalid, "the answer has an unknown kind of label");
    wire_octets += length + 1;
    if (wire_octets > wire_name_octets_max) {
      return fail(ErrorCode::invalid, "the answer has a name over 255 octets");
    }
    CPC_TRY(const auto label, here.octets(length));
    CPC_TRY(append_label(name, label));
  }
  if (!has_jumped) at_ = here.at_;
  return name;
}

Result<> DnsReader::skip_name() {
  for (;;) {
    CPC_TRY(const auto first, octets(1));
    const std::size_t length = octet_at(first, 0);
    if (length == 0) return success();
    if (length >= 0xc0) {
      CPC_TRY(octets(1));
      return success();
    }
    if (length > 63) return fail(ErrorCode::invalid, "the answer has an unknown kind of label");
    CPC_TRY(octets(length));
  }
}

Result<DnsMessage> read_dns_message(std::string_view octets) {
  DnsReader reader{octets, 0};
  DnsMessage message;
  CPC_TRY(reader.number16());  // The id was compared by whoever received it.
  CPC_TRY(const unsigned flags, reader.number16());
  message.is_reply = (flags & 0x8000) != 0;
  message.opcode = flags >> 11 & 15;
  message.is_cut = (flags & 0x0200) != 0;
  message.is_authenticated = (flags & 0x0020) != 0;
  message.rcode = flags & 15;
  CPC_TRY(const unsigned questions, reader.number16());
  CPC_TRY(const unsigned answers, reader.number16());
  CPC_TRY(const unsigned authorities, reader.number16());
  CPC_TRY(reader.number16());
  if (questions != 1) return fail(ErrorCode::invalid, "the answer repeats no question");
  CPC_TRY(message.question_name, reader.name());
  CPC_TRY(message.question_type, reader.number16());
  CPC_TRY(message.question_class, reader.number16());
  if (message.is_cut) return message;
  // No count is believed: each record takes octets, and those are bounded.
  for (unsigned i = 0; i < answers; ++i) {
    CPC_TRY(message.answers.emplace_back(), read_record(reader, true));
  }
  for (unsigned i = 0; i < authorities; ++i) {
    const auto record = read_record(reader, false);
    if (!record) break;  // Only the negative TTL is looked for; it has a default.
    if (record.value().type == type_soa) {
      message.negative_ttl_s = negative_ttl_of(octets, record.value());
    }
  }
  return message;
}

}  // namespace cpc::routing
