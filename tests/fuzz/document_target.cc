// Instance documents. The octets are read as a document; and, as the texts of a delegation and of
// an operational part in two lines, they are signed by fixed keys, so that any text at all gets
// behind the signatures.
#include <algorithm>
#include <string>

#include "federation/instance_document.h"
#include "federation/jws.h"
#include "federation/strict_json.h"
#include "tests/fuzz/fixed_keys.h"
#include "tests/fuzz/target.h"

namespace cpc::fuzz {
namespace {

using namespace federation;

const core::InstanceName& alpha() {
  static const auto name = core::InstanceName::parse("alpha.cpc").value();
  return name;
}
const core::Iid& pinned() {
  static const core::Iid iid = iid_of(root_key().public_key());
  return iid;
}

ErrorCode refusal(std::string_view document, const core::InstanceName& name, const core::Iid& pin,
                  TimePoint at) {
  const auto verified = verify_document(document, name, pin, at);
  promise(!verified, "a document is of one instance, in its time");
  return verified.error().code;
}

void check_identity(const PeerIdentity& identity) {
  promise(identity.name == alpha() && identity.iid == pinned(), "a document is of who was asked");
  promise(!identity.keys.empty() && identity.keys.size() <= 3, "one to three keys speak for it");
  promise(!identity.tls_pins.empty() && identity.tls_pins.size() <= 4, "one to four pins are told");
  promise(identity.endpoints.size() <= 16, "so many endpoints are told at most");
  for (const routing::Endpoint& endpoint : identity.endpoints) {
    const auto again = routing::Endpoint::parse(endpoint.text());
    promise(again.has_value() && again.value() == endpoint, "an endpoint has one text");
  }
  for (const TimePoint expires : {identity.delegation_expires, identity.operational_expires}) {
    promise(expires > fixed_now && expires <= json_time_max, "a document that expired is none");
  }
  constexpr auto ahead = std::chrono::minutes{5};
  promise(identity.delegation_expires <= fixed_now + ahead + delegation_life_max &&
              identity.operational_expires <= fixed_now + ahead + operational_life_max,
          "a document's life is bounded");
  promise(identity.delegation_serial > 0 && identity.operational_serial > 0,
          "serials count from 1");
  promise(identity.transaction_bytes_max >= 64 * 1024 && identity.transaction_entries_max >= 1,
          "a peer takes a transaction of some size");
}

void check_accepted(const std::string& document, const PeerIdentity& identity, std::size_t lot) {
  promise(document.size() <= document_bytes_max, "a document's size is bounded");
  check_identity(identity);
  static const auto beta = core::InstanceName::parse("beta.cpc").value();
  promise(refusal(document, beta, pinned(), fixed_now) == ErrorCode::denied, "a name is one's own");
  core::Iid other = pinned();
  other.octets[0] ^= 1;
  promise(refusal(document, alpha(), other, fixed_now) == ErrorCode::conflict, "a pin holds");
  refusal(document, alpha(), pinned(), identity.delegation_expires);
  refusal(document, alpha(), pinned(), identity.operational_expires);

  // White space and escapes in the outer object are nobody's word; the parts are.
  auto value = parse_strict_json(document).value();
  auto& part = value[lot % 2 == 0 ? "delegation" : "operational"];
  const char* const texts[] = {"protected", "payload", "signature"};
  auto& text = part[texts[lot / 2 % 3]];
  text = altered(text.get<std::string>(), lot / 6);
  promise(!verify_document(compact_json(value), alpha(), pinned(), fixed_now),
          "no octet of a document can be altered");
  value = parse_strict_json(document).value();
  std::swap(value["delegation"], value["operational"]);
  promise(!verify_document(compact_json(value), alpha(), pinned(), fixed_now),
          "neither part can stand for the other");
}

void read(const std::string& document, std::size_t lot) {
  const auto verified = verify_document(document, alpha(), pinned(), fixed_now);
  if (verified) check_accepted(document, verified.value(), lot);
}

}  // namespace

void run(std::string_view octets) {
  const std::size_t lot = lot_of(octets);
  read(std::string{octets}, lot);
  std::string_view operational = octets;
  const std::string_view delegation = cut(operational, "\n");
  const nlohmann::json document{
      {"delegation", to_json(sign_jws("cpc-delegation", delegation, root_key()))},
      {"operational", to_json(sign_jws("cpc-operational", operational, signing_key()))}};
  read(compact_json(document), lot);
}

}  // namespace cpc::fuzz
