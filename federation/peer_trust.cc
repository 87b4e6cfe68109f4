#include "federation/peer_trust.h"

#include "federation/instance_document.h"

namespace cpc::federation {
namespace {

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::string text_of(const std::vector<crypto::KeyId>& ids) {
  std::string text;
  for (const crypto::KeyId& id : ids) {
    if (!text.empty()) text += ' ';
    text += cpc::to_text(id);
  }
  return text;
}

std::vector<crypto::KeyId> key_ids_in(std::string_view text) {
  std::vector<crypto::KeyId> ids;
  for (const std::string_view word : words_of(text)) {
    const auto id = id_from_text<crypto::KeyId>(word);
    if (id) ids.push_back(id.value());
  }
  return ids;
}

}  // namespace

bool TrustPolicy::suffices(core::Trust trust) const {
  if (trust == core::Trust::none) return false;
  return tofu || trust <= min;
}

bool TrustPolicy::admits(const core::InstanceName& name) const {
  if (block.contains(name)) return false;
  return allow.empty() || allow.contains(name);
}

std::string_view to_text(core::Trust trust) {
  switch (trust) {
    case core::Trust::none:
      break;
    case core::Trust::pinned:
      return "pinned";
    case core::Trust::directory:
      return "directory";
    case core::Trust::dnssec:
      return "dnssec";
    case core::Trust::introduced:
      return "introduced";
    case core::Trust::tofu:
      return "tofu";
  }
  return "";
}

Standing standing_of(const StaticPeer* configured, const std::optional<core::Peer>& row) {
  Standing standing;
  if (row) {
    if (!row->iid.is_zero()) standing.iid = row->iid;
    standing.trust = row->source == "configuration" ? core::Trust::none : row->trust;
    standing.source = row->source;
    standing.endpoints = endpoints_in(row->endpoints);
    standing.is_blocked = row->is_blocked;
    standing.rival = row->rival;
    standing.rival_source = row->rival_source;
  }
  if (configured == nullptr) return standing;
  standing.is_static = true;
  if (row && !row->iid.is_zero() && row->iid != configured->iid) {
    standing.rival = row->iid;
    standing.rival_source = "what was known before";
  }
  standing.iid = configured->iid;
  standing.trust = core::Trust::pinned;
  standing.source = "configuration";
  standing.endpoints = configured->endpoints;
  return standing;
}

bool is_conflict(const Standing& known, const Claim& claim) {
  if (!known.iid || !claim.iid || *claim.iid == *known.iid) return false;
  return known.trust == core::Trust::none || claim.trust <= known.trust;
}

Result<> check_against(const core::Peer& row, const PeerIdentity& next, TimePoint now) {
  PeerIdentity known;
  known.delegation_serial = row.delegation_serial;
  known.operational_serial = row.operational_serial;
  known.roots = key_ids_in(row.roots);
  const auto promised = key_ids_in(row.next_root);
  if (!promised.empty()) known.next_root = promised.front();
  if (!row.document.empty()) {
    auto read = verify_document(row.document, next.name, row.iid, row.fetched_at);
    if (read) known = std::move(read).value();
  }
  return check_succession(known, next, now);
}

void keep_document(core::Peer& row, const PeerIdentity& identity, const Bytes& document,
                   TimePoint now) {
  row.document = document;
  row.delegation_serial = identity.delegation_serial;
  row.operational_serial = identity.operational_serial;
  row.fetched_at = now;
  row.roots = text_of(identity.roots);
  row.next_root = identity.next_root ? cpc::to_text(*identity.next_root) : std::string{};
}

std::string joined(const std::vector<routing::Endpoint>& endpoints) {
  std::string text;
  for (const routing::Endpoint& endpoint : endpoints) {
    if (!text.empty()) text += ' ';
    text += endpoint.text();
  }
  return text;
}

std::vector<routing::Endpoint> endpoints_in(std::string_view text) {
  std::vector<routing::Endpoint> endpoints;
  for (const std::string_view word : words_of(text)) {
    auto endpoint = routing::Endpoint::parse(word);
    if (endpoint) endpoints.push_back(std::move(endpoint).value());
  }
  return endpoints;
}

}  // namespace cpc::federation
