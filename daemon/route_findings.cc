#include "daemon/route_findings.h"

#include <algorithm>
#include <set>

namespace cpc::daemon {
namespace {

using admin_protocol::Route;
using admin_protocol::RouteDocument;
using admin_protocol::RouteFinding;

/// For a peer that is not in the configuration.
std::optional<RouteFinding> kept_out(const core::InstanceName& name,
                                     const federation::Standing& peer, const LetIn& let_in) {
  const std::string text = name.text();
  if (peer.is_blocked) {
    return RouteFinding{"peer_blocked", true, "the operator blocked this name",
                        "cpcctl peer allow " + text + " ends that"};
  }
  if (peer.is_static) return std::nullopt;
  if (!let_in.policy.admits(name)) {
    return RouteFinding{"peer_blocked", true, "trust.allow or trust.block keeps this name out",
                        "change them and restart, if that is not meant"};
  }
  if (peer.rival) {
    return RouteFinding{"identity_conflict", true,
                        "two instances claim this name: iid " +
                            (peer.iid ? to_text(*peer.iid) : std::string{"unknown"}) +
                            ", known by " + peer.source + ", and iid " + to_text(*peer.rival) +
                            ", by " + peer.rival_source,
                        "ask the peer's operator for the iid (cpcctl status there), then: cpcctl "
                        "peer rebind " +
                            text + " IID"};
  }
  if (peer.iid && let_in.policy.suffices(peer.trust)) return std::nullopt;
  return RouteFinding{"not_met", !let_in.is_looked_for,
                      peer.iid ? "nobody who suffices by trust.min vouches for this instance"
                               : "this instance was not met yet",
                      let_in.is_looked_for
                          ? "the first message looks for it; cpcctl route --probe does so now"
                          : "cpcctl peer add " + text + " --iid IID vouches for it"};
}

RouteFinding identity_conflict(const core::Peer& row) {
  return {"identity_conflict", true,
          "the name has been bound to iid " + to_text(row.iid) +
              " since its first document was accepted, and the configuration has another",
          "ask the peer's operator for the iid (cpcctl status there). If the configured one is "
          "mistyped, correct it and restart; if it is right, the name is another instance now: "
          "cpcctl peer rebind " +
              row.name.text() + " IID, with that iid"};
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
    if (lane.blocked.empty() || lane.blocked == core::rebound_code) continue;
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

void judge_route(const core::InstanceName& name, const federation::Standing& peer,
                 const std::optional<core::Peer>& row, const std::vector<core::Lane>& lanes,
                 const LetIn& let_in, TimePoint now, Route& route) {
  const auto add = [&](std::optional<RouteFinding> finding) {
    if (finding) route.findings.push_back(*std::move(finding));
  };
  add(kept_out(name, peer, let_in));
  if (peer.is_static && peer.rival) {
    add(identity_conflict(*row));
  } else if (row && peer.iid) {
    // As of when it was fetched: it may have expired since, and proves itself nevertheless.
    const auto identity =
        federation::verify_document(row->document, name, *peer.iid, row->fetched_at);
    if (identity) {
      route.document = RouteDocument{row->delegation_serial, row->operational_serial,
                                     row->fetched_at, identity.value().operational_expires};
      add(expired(identity.value(), now));
    }
  }
  const bool is_unmet = std::ranges::any_of(
      route.findings, [](const RouteFinding& finding) { return finding.code == "not_met"; });
  if (!is_unmet) add(unreachable(route));
  add(stopped(name, lanes));
  route.deliverable = std::ranges::none_of(route.findings, &RouteFinding::stops);
}

void judge_directories(const core::InstanceName& name, const federation::Standing& peer,
                       const federation::DirectoryWord& word, const federation::TrustPolicy& policy,
                       Route& route) {
  using State = federation::DirectoryWord::State;
  if (peer.trust == core::Trust::pinned || word.state == State::silent) return;
  if (word.state == State::active) {
    for (RouteFinding& finding : route.findings) {
      if (finding.code != "not_met" || !policy.suffices(core::Trust::directory)) continue;
      finding.stops = false;
      finding.todo = "the first message looks for it; cpcctl route --probe does so now";
    }
  } else {
    const bool is_contested = word.state == State::contested;
    route.findings.push_back({is_contested ? "identity_conflict" : "directory_gone", true, word.why,
                              "if you know better: cpcctl peer " +
                                  std::string{peer.iid ? "pin " : "add "} + name.text() +
                                  (peer.iid ? " IID" : " --iid IID") +
                                  ", which stands against any directory"});
  }
  route.deliverable = std::ranges::none_of(route.findings, &RouteFinding::stops);
}

}  // namespace cpc::daemon
