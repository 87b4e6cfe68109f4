// DNS answers: octets that anybody on the way may have written become endpoints and identities only
// within their bounds. The question is taken from the message, so that it is always answered.
#include <algorithm>
#include <string>

#include "routing/dns_answer.h"
#include "routing/dns_message.h"
#include "tests/fuzz/target.h"

namespace cpc::fuzz {
namespace {

using namespace routing;

bool is_name(std::string_view name) {
  return name.size() <= 253 && std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                  c == '.';
         });
}

/// What holds for an answer of any type. `read` is one of the readers.
template <class Read>
auto checked_answer(Read read, std::string_view octets, const DnsQuestion& question) {
  auto outcome = read(octets, question);
  if (!outcome) {
    const DnsFailure& failure = outcome.error();
    // A text that says "gone" is an answer: it holds as long as one.
    promise(failure.ttl >= dns_negative_ttl_min && failure.ttl <= dns_ttl_max,
            "what was not found is kept for a bounded time");
    promise(failure.error.code != ErrorCode::internal, "whatever comes is judged");
    return outcome;
  }
  promise(octets.size() <= dns_answer_octets_max, "an answer has a bounded length");
  promise(outcome.value().ttl >= dns_ttl_min && outcome.value().ttl <= dns_ttl_max,
          "an answer is kept for a bounded time");
  const DnsQuestion another{question.name + "x", question.type};
  promise(!read(octets, another), "an answer answers one question");
  const DnsRecord last = read_dns_message(octets).value().answers.back();
  promise(!read(octets.substr(0, last.data_at + last.data_octets - 1), question),
          "an answer that was cut short is none");
  return outcome;
}

void check_targets(const SrvAnswer& answer, std::size_t lot) {
  promise(!answer.records.empty() && answer.records.size() <= srv_records_max,
          "there are so many targets at most");
  promise(std::ranges::is_sorted(answer.records, {}, &SrvRecord::priority),
          "targets come by priority");
  std::vector<Endpoint> given;
  for (const SrvRecord& record : answer.records) {
    const Endpoint& target = record.target;
    promise(is_name(target.host) && !target.is_address(), "a target is a name");
    const auto again = Endpoint::parse(target.text());
    promise(again.has_value() && again.value() == target, "a target is an endpoint like others");
    given.push_back(target);
  }
  core::ChanceSeed seed;
  seed.octets[0] = static_cast<std::uint8_t>(lot);
  std::vector<Endpoint> drawn = in_srv_order(answer.records, core::Chance{seed});
  const auto of_priority = [&](std::size_t i) { return answer.records[i].priority; };
  for (std::size_t begin = 0, end = 0; begin < given.size(); begin = end) {
    while (end < given.size() && of_priority(end) == of_priority(begin)) ++end;
    const auto at = [](auto& list, std::size_t i) {
      return list.begin() + static_cast<std::ptrdiff_t>(i);
    };
    promise(drawn.size() == given.size() &&
                std::is_permutation(at(given, begin), at(given, end), at(drawn, begin)),
            "lots are drawn among targets of one priority, and none is lost");
  }
}

void check_message(const DnsMessage& message, std::string_view octets) {
  constexpr std::size_t record_octets_min = 11;
  promise(message.answers.size() <= octets.size() / record_octets_min, "each record takes octets");
  promise(is_name(message.question_name), "the question is a name of ours");
  for (const DnsRecord& record : message.answers) {
    promise(is_name(record.owner), "an owner is a name of ours");
    promise(record.data_at + record.data_octets <= octets.size(), "data lie in the message");
  }
}

}  // namespace

void run(std::string_view octets) {
  static const DnsQuestion fixed{"_cpc-fed._tcp.beta.cpc", DnsType::srv};
  // What this question promises is checked in there; its records are looked at below.
  static_cast<void>(checked_answer(read_srv_answer, octets, fixed));
  const auto message = read_dns_message(octets);
  if (!message) return;
  check_message(message.value(), octets);
  const std::string& name = message.value().question_name;
  if (const auto srv = checked_answer(read_srv_answer, octets, {name, DnsType::srv})) {
    check_targets(srv.value().records, lot_of(octets));
  }
  if (const auto txt = checked_answer(read_txt_answer, octets, {name, DnsType::txt})) {
    const std::string iid = to_text(txt.value().records.iid);
    promise(!txt.value().records.iid.is_zero(), "an identity is never zero");
    promise(id_from_text<core::Iid>(iid).value() == txt.value().records.iid,
            "an identity has one text");
  }
  for (const DnsType type : {DnsType::a, DnsType::aaaa}) {
    const auto answer = checked_answer(read_address_answer, octets, {name, type});
    if (!answer) continue;
    const auto& addresses = answer.value().records.addresses;
    promise(!addresses.empty() && addresses.size() <= dns_addresses_max,
            "there are so many addresses at most");
    promise(std::ranges::all_of(
                addresses, [&](const auto& one) { return one.is_v4() == (type == DnsType::a); }),
            "addresses are of the family that was asked for");
  }
}

}  // namespace cpc::fuzz
