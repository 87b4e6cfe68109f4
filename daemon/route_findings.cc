#include "daemon/route_findings.h"

#include <algorithm>
#include <set>

namespace cpc::daemon {
namespace {

using admin_protocol::Route;
using admin_protocol::RouteDocument;
using admin_protocol::RouteFinding;

RouteFinding identity_conflict(const core::Peer& row) {
  return {"identity_conflict", true,
          "the name has been bound to iid " + to_text(row.iid) +
              " since its first document was accepted, and the configuration has another",
          "ask the peer's operator for the iid (cpcctl status there). If the configured one is "
          "mistyped, correct it and restart; if it is right, another instance took the name, and "
          "can be met under a new name only"};
}

/// None if the document is in force.
std::optional<RouteFinding> expired(const federation::PeerIdentity& identity, TimePoint now) {
  const bool is_over = now >= identity.operational_expires || now >= identity.delegation_expires;
  if (!is_over) return std::nullopt;
  RouteFinding finding{"document_expired", !federation::is_usable(identity, now), "", ""};
  finding.what = finding.stops
                     ? "the peer's document has expired; nothing is sent before a newer one was "
                       "fetched from it"
                     : "the peer's document has expired; it serves for a day more while a newer "
                       "one cannot be fetched";
  finding.todo =
      "cpcctl route --probe fetches it now, as the next message does. If it fails, the "
      "peer is away, or its clock or ours is wrong";
  return finding;
}

std::optional<RouteFinding> stopped(const core::InstanceName& peer,
                                    const std::vector<core::Lane>& lanes) {
  std::size_t count = 0;
  std::set<std::string> codes;
  for (const core::Lane& lane : lanes) {
    if (lane.blocked.empty()) continue;
    ++count;
    codes.insert(lane.blocked);
  }
  if (count == 0) return std::nullopt;
  std::string why;
  for (const std::string& code : codes) why += (why.empty() ? "" : ", ") + code;
  return RouteFinding{"lane_blocked", false,
                      std::to_string(count) + (count == 1 ? " lane has" : " lanes have") +
                          " stopped for good (" + why +
                          "): what belongs to their conversations is not delivered",
                      "cpcctl peer show " + peer.text() +
                          " names them; \"Restore\" in docs/operating.md says what became of them"};
}

std::optional<RouteFinding> unreachable(const Route& route) {
  const auto& endpoints = route.endpoints;
  if (std::ranges::any_of(endpoints, &admin_protocol::RouteEndpoint::allowed)) return std::nullopt;
  if (endpoints.empty()) {
    return RouteFinding{"no_endpoint", true, "there is no endpoint to connect to",
                        "set the peer's endpoints, or see what DNS says of it"};
  }
  return RouteFinding{"no_endpoint", true, "none of the endpoints may be connected to",
                      "if they are meant, add their range to federation.allow_addresses"};
}

}  // namespace

void judge_route(const federation::StaticPeer& peer, const std::optional<core::Peer>& row,
                 const std::vector<core::Lane>& lanes, TimePoint now, Route& route) {
  const auto add = [&](std::optional<RouteFinding> finding) {
    if (finding) route.findings.push_back(*std::move(finding));
  };
  if (row && row->iid != peer.iid) {
    add(identity_conflict(*row));
  } else if (row) {
    // As of when it was fetched: it may have expired since, and proves itself nevertheless.
    const auto identity =
        federation::verify_document(row->document, peer.name, peer.iid, row->fetched_at);
    if (identity) {
      route.document = RouteDocument{row->delegation_serial, row->operational_serial,
                                     row->fetched_at, identity.value().operational_expires};
      add(expired(identity.value(), now));
    }
  }
  add(unreachable(route));
  add(stopped(peer.name, lanes));
  route.deliverable = std::ranges::none_of(route.findings, &RouteFinding::stops);
}

}  // namespace cpc::daemon
