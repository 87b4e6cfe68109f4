#include "routing/dns_answer.h"

#include <algorithm>
#include <set>

#include "routing/dns_message.h"

namespace cpc::routing {
namespace {

constexpr std::uint16_t class_internet = 1;
constexpr std::uint16_t type_cname = 5;
constexpr unsigned rcode_no_error = 0;
constexpr unsigned rcode_no_such_name = 3;

DnsFailure failure(ErrorCode code, std::string detail) {
  return {fail(code, std::move(detail))};
}

Error lie(std::string detail) {
  return fail(ErrorCode::invalid, std::move(detail));
}

Milliseconds clamped(std::uint32_t ttl_s) {
  return std::clamp<Milliseconds>(std::chrono::seconds{ttl_s}, dns_ttl_min, dns_ttl_max);
}

DnsFailure nothing_there(const DnsMessage& message, std::string detail) {
  const Milliseconds told = std::chrono::seconds{message.negative_ttl_s.value_or(0)};
  return {fail(ErrorCode::not_found, std::move(detail)),
          std::clamp(told, dns_negative_ttl_min, dns_negative_ttl_max)};
}

/// Where the aliases lead that begin at the question, and the least TTL on the way.
struct Owner {
  std::string name;
  std::uint32_t ttl_s = std::numeric_limits<std::uint32_t>::max();
};

Result<Owner> follow_aliases(std::string_view octets, const DnsMessage& message,
                             const std::string& asked) {
  Owner owner{asked};
  for (std::size_t steps = 0;; ++steps) {
    const auto alias = std::ranges::find_if(message.answers, [&](const DnsRecord& record) {
      return record.type == type_cname && record.klass == class_internet &&
             record.owner == owner.name;
    });
    if (alias == message.answers.end()) return owner;
    if (steps == dns_aliases_max) return lie("the answer's aliases lead nowhere");
    DnsReader reader{octets, alias->data_at};
    CPC_TRY(owner.name, reader.name());
    if (reader.at() != alias->data_at + alias->data_octets) {
      return lie("the answer has an alias of another length than it says");
    }
    owner.ttl_s = std::min(owner.ttl_s, alias->ttl_s);
  }
}

/// The records that answer the question; none is a valid answer.
struct Relevant {
  std::vector<const DnsRecord*> records;
  std::uint32_t ttl_s = 0;
};

Result<Relevant> relevant_records(std::string_view octets, const DnsMessage& message,
                                  const DnsQuestion& question) {
  CPC_TRY(const Owner owner, follow_aliases(octets, message, question.name));
  Relevant relevant{{}, owner.ttl_s};
  for (const DnsRecord& record : message.answers) {
    if (record.type != static_cast<std::uint16_t>(question.type)) continue;
    if (record.klass != class_internet) return lie("the answer is of another class");
    if (record.owner != owner.name) return lie("the answer speaks of another name");
    relevant.records.push_back(&record);
    relevant.ttl_s = std::min(relevant.ttl_s, record.ttl_s);
  }
  return relevant;
}

/// The rest of `octets` after every check that does not depend on the type.
using Judged =
    boost::outcome_v2::basic_result<Relevant, DnsFailure, boost::outcome_v2::policy::terminate>;

Judged judge(std::string_view octets, const DnsMessage& message, const DnsQuestion& question) {
  const bool is_ours = message.is_reply && message.opcode == 0 &&
                       message.question_name == question.name &&
                       message.question_type == static_cast<std::uint16_t>(question.type) &&
                       message.question_class == class_internet;
  if (!is_ours) return failure(ErrorCode::invalid, "this is no answer to the question");
  if (message.is_cut) return failure(ErrorCode::unavailable, "the server cut its answer");
  if (message.rcode == rcode_no_such_name) return nothing_there(message, "there is no such name");
  if (message.rcode != rcode_no_error) {
    return failure(ErrorCode::unavailable,
                   "the server failed with code " + std::to_string(message.rcode));
  }
  const auto relevant = relevant_records(octets, message, question);
  if (!relevant) return DnsFailure{relevant.error()};
  if (relevant.value().records.empty()) {
    return nothing_there(message, "the name has no record of this type");
  }
  return relevant.value();
}

/// Reads, judges, and lets `take` make values of the records. `take` gives a Result<Records>.
template <class Records, class Take>
DnsOutcome<Records> read_answer(std::string_view octets, const DnsQuestion& question, Take take) {
  if (octets.size() > dns_answer_octets_max) {
    return failure(ErrorCode::invalid, "the answer is too long");
  }
  const auto message = read_dns_message(octets);
  if (!message) return DnsFailure{message.error()};
  const Judged relevant = judge(octets, message.value(), question);
  if (!relevant) return relevant.error();
  Result<Records> taken = take(relevant.value().records);
  if (!taken && taken.error().code == ErrorCode::not_found) {
    return DnsFailure{taken.error(), clamped(relevant.value().ttl_s)};
  }
  if (!taken) return DnsFailure{taken.error()};
  return DnsAnswer<Records>{std::move(taken).value(), clamped(relevant.value().ttl_s),
                            message.value().is_authenticated};
}

/// Nothing for a record that is passed over.
Result<std::optional<SrvRecord>> srv_of(std::string_view octets, const DnsRecord& record) {
  DnsReader reader{octets.substr(0, record.data_at + record.data_octets), record.data_at};
  SrvRecord srv;
  CPC_TRY(srv.priority, reader.number16());
  CPC_TRY(srv.weight, reader.number16());
  CPC_TRY(const std::uint16_t port, reader.number16());
  CPC_TRY(const std::string host, reader.name());
  if (reader.at() != record.data_at + record.data_octets) {
    return lie("the answer has a record of another length than it says");
  }
  if (port == 0 || host.empty()) return std::optional<SrvRecord>{};
  CPC_TRY(srv.target, Endpoint::parse(host + ":" + std::to_string(port)));
  if (srv.target.is_address()) return lie("the target is an address where a name belongs");
  return std::optional{std::move(srv)};
}

Result<std::string> text_of(std::string_view octets, const DnsRecord& record) {
  DnsReader reader{octets.substr(0, record.data_at + record.data_octets), record.data_at};
  std::string text;
  if (record.data_octets == 0) return lie("the answer has a text record without a text");
  while (reader.at() < record.data_at + record.data_octets) {
    CPC_TRY(const auto length, reader.octets(1));
    CPC_TRY(const auto part, reader.octets(static_cast<std::uint8_t>(length.front())));
    text += part;
    if (text.size() > txt_text_octets_max) return lie("the answer has a text that is too long");
  }
  const bool is_plain = std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
  if (!is_plain) return lie("the answer has a text with other than printable letters");
  return text;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

struct TxtTags {
  std::optional<core::Iid> iid;
  bool is_active = true;
};

Result<TxtTags> tags_of(std::string_view text) {
  TxtTags tags;
  std::set<std::string_view> seen;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(';'), text.size());
    const std::string_view tag = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (tag.empty()) continue;
    const std::size_t equals = tag.find('=');
    if (equals == std::string_view::npos) return lie("the text has a tag without a value");
    const std::string_view name = tag.substr(0, equals);
    const std::string_view value = tag.substr(equals + 1);
    if (!seen.insert(name).second) return lie("the text has a tag twice");
    if (name == "st") tags.is_active = value == "active";
    if (name != "iid") continue;
    const auto iid = id_from_text<core::Iid>(value);
    if (!iid || iid.value().is_zero()) return lie("the text has an iid that is none");
    tags.iid = iid.value();
  }
  if (!tags.iid) return lie("the text names no iid");
  return tags;
}

/// Some other version, or some other service's text, is not ours to judge.
bool is_cpc_text(std::string_view text) {
  return trimmed(text.substr(0, text.find(';'))) == "v=cpc1";
}

Result<TxtAnswer> identity_of(std::string_view octets,
                              const std::vector<const DnsRecord*>& records) {
  if (records.size() > txt_records_max) return lie("the answer has too many texts");
  std::optional<core::Iid> iid;
  bool is_active = true;
  for (const DnsRecord* const record : records) {
    CPC_TRY(const std::string text, text_of(octets, *record));
    if (!is_cpc_text(text)) continue;
    CPC_TRY(const TxtTags tags, tags_of(text));
    if (iid && *iid != *tags.iid) {
      return fail(ErrorCode::conflict, "the texts name two different instances");
    }
    iid = tags.iid;
    is_active = is_active && tags.is_active;
  }
  if (!iid) return fail(ErrorCode::not_found, "no text of the name is of version cpc1");
  return TxtAnswer{*iid, is_active};
}

/// An index into `left`, in proportion to the weights: RFC 2782's running sum.
std::size_t draw(const std::vector<SrvRecord>& left, core::Chance& chance) {
  std::uint64_t sum = 0;
  for (const SrvRecord& record : left) sum += record.weight;
  std::uint64_t number = 0;
  for (const char octet : chance.bytes(6)) number = number << 8 | static_cast<std::uint8_t>(octet);
  // 48 bits over at most 2^20 choices: the bias is below one in 10^8.
  std::uint64_t drawn = number % (sum + 1);
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (drawn <= left[i].weight) return i;
    drawn -= left[i].weight;
  }
  return left.size() - 1;
}

}  // namespace

DnsOutcome<SrvAnswer> read_srv_answer(std::string_view octets, const DnsQuestion& question) {
  return read_answer<SrvAnswer>(
      octets, question, [&](const std::vector<const DnsRecord*>& records) -> Result<SrvAnswer> {
        SrvAnswer answer;
        for (const DnsRecord* const record : records) {
          CPC_TRY(auto srv, srv_of(octets, *record));
          if (srv) answer.records.push_back(*std::move(srv));
        }
        if (answer.records.empty()) {
          return fail(ErrorCode::not_found, "the name says that it offers no such service");
        }
        std::ranges::stable_sort(answer.records, {}, &SrvRecord::priority);
        if (answer.records.size() > srv_records_max) answer.records.resize(srv_records_max);
        return answer;
      });
}

DnsOutcome<TxtAnswer> read_txt_answer(std::string_view octets, const DnsQuestion& question) {
  return read_answer<TxtAnswer>(
      octets, question,
      [&](const std::vector<const DnsRecord*>& records) { return identity_of(octets, records); });
}

DnsOutcome<AddressAnswer> read_address_answer(std::string_view octets,
                                              const DnsQuestion& question) {
  using boost::asio::ip::address_v4;
  using boost::asio::ip::address_v6;
  const auto take = [&](const std::vector<const DnsRecord*>& records) -> Result<AddressAnswer> {
    AddressAnswer answer;
    for (const DnsRecord* const record : records) {
      const std::string_view data = octets.substr(record->data_at, record->data_octets);
      address_v4::bytes_type four{};
      address_v6::bytes_type sixteen{};
      const bool is_v4 = question.type == DnsType::a;
      if (data.size() != (is_v4 ? four.size() : sixteen.size())) {
        return lie("the answer has an address of another length");
      }
      if (is_v4) {
        std::ranges::copy(data, four.begin());
        answer.addresses.emplace_back(address_v4{four});
      } else {
        std::ranges::copy(data, sixteen.begin());
        answer.addresses.emplace_back(address_v6{sixteen});
      }
      if (answer.addresses.size() == dns_addresses_max) break;
    }
    return answer;
  };
  return read_answer<AddressAnswer>(octets, question, take);
}

std::vector<Endpoint> in_srv_order(std::vector<SrvRecord> records, core::Chance chance) {
  // RFC 2782 wants those of weight 0 in front of the draw: then they are taken rarely, not never.
  std::ranges::stable_sort(records, [](const SrvRecord& left, const SrvRecord& right) {
    return std::tuple{left.priority, left.weight != 0} <
           std::tuple{right.priority, right.weight != 0};
  });
  std::vector<Endpoint> order;
  auto begin = records.begin();
  while (begin != records.end()) {
    const auto end = std::find_if(begin, records.end(), [&](const SrvRecord& record) {
      return record.priority != begin->priority;
    });
    std::vector<SrvRecord> left{begin, end};
    while (!left.empty()) {
      const auto drawn = left.begin() + static_cast<std::ptrdiff_t>(draw(left, chance));
      order.push_back(std::move(drawn->target));
      left.erase(drawn);
    }
    begin = end;
  }
  return order;
}

}  // namespace cpc::routing
