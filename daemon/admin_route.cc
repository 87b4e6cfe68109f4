// cpcctl route: how a message to somebody would go, each step as delivery takes it.
#include <algorithm>

#include "core/address.h"
#include "daemon/admin_protocol/codec.h"
#include "daemon/admin_server.h"
#include "daemon/route_findings.h"
#include "routing/within.h"

namespace cpc::daemon {
namespace {

using boost::asio::awaitable;
using namespace admin_protocol;  // NOLINT(google-build-using-namespace): its messages are our
                                 // words.

constexpr const char* route_not_shown = "the route was not shown";
constexpr std::size_t lanes_looked_at_max = 200;
constexpr auto patience = std::chrono::seconds{30};
constexpr auto patience_max = std::chrono::hours{1};

/// For DNS and the probe together. A part of the asker's patience is left for the answer: what the
/// peer fails to do shall not look like a daemon that does not answer.
Milliseconds budget_of(const RouteRequest& request) {
  const Milliseconds told{request.patience_ms.value_or(Milliseconds{patience}.count())};
  return std::clamp<Milliseconds>(told, Milliseconds{0}, patience_max) * 4 / 5;
}

/// The instance of a person's address, or the one that is named.
Result<core::InstanceName> instance_of(std::string_view text) {
  if (text.find('@') == std::string_view::npos) return core::InstanceName::parse(text);
  CPC_TRY(auto address, core::Address::parse(text));
  return std::move(address.instance);
}

std::vector<routing::Endpoint> endpoints_in(const std::vector<std::string>& texts) {
  std::vector<routing::Endpoint> endpoints;
  for (const std::string& text : texts) {
    auto endpoint = routing::Endpoint::parse(text);
    if (endpoint) endpoints.push_back(std::move(endpoint).value());
  }
  return endpoints;
}

RouteEndpoint judged(const routing::AddressPolicy& policy, const routing::Endpoint& endpoint,
                     std::string source) {
  RouteEndpoint view{endpoint.text(), std::move(source), true, ""};
  if (!endpoint.is_address()) {
    view.reason = "a name; its addresses are checked when connecting";
    return view;
  }
  const auto verdict = policy.check(boost::asio::ip::make_address(endpoint.host));
  if (verdict) return view;
  view.allowed = false;
  view.reason = verdict.error().detail;
  return view;
}

}  // namespace

AdminServer::Answer<Route> AdminServer::answer(RouteRequest request) {
  const auto parsed = instance_of(request.address);
  if (!parsed) co_return Problem{"invalid.name", route_not_shown, parsed.error().detail, ""};
  const core::InstanceName& name = parsed.value();
  Route route;
  route.name = name.text();
  if (name == self_.home.name) {
    route.iid = to_text(self_.home.iid);
    route.trust = "self";
    route.deliverable = true;
    co_return route;
  }
  const Milliseconds budget = budget_of(request);
  const routing::SteadyPoint begun_at = self_.timers.steady_now();
  std::optional<core::Peer> row;
  std::vector<core::Lane> lanes;
  const auto look = [&](core::Snapshot& store) -> Result<> {
    CPC_TRY(row, store.find(core::PeerKey{name}));
    CPC_TRY(lanes, store.lanes_of(name, lanes_looked_at_max));
    return success();
  };
  const Result<> before = co_await self_.store.read(look);
  if (!before) co_return problem_of(before.error(), route_not_shown);
  const federation::StaticPeer* configured = self_.directory.configured(name);
  const federation::Standing was = federation::standing_of(configured, row);
  const federation::DirectoryWord word = self_.directories.word_on(name);
  const auto mentions = self_.directories.mentions_of(name);
  if (configured == nullptr && !row && mentions.empty() &&
      !self_.directory.may_be_looked_for(name)) {
    co_return Problem{"not_found.peer", route_not_shown,
                      name.text() +
                          " is not in the configuration and was not met, so nothing is "
                          "sent to it",
                      "see: cpcctl peer list, or cpcctl peer add --help"};
  }
  co_await add_dns(name, was.iid, begun_at + budget * 2 / 3, route);
  if (request.probe) co_await add_probe(name, begun_at + budget, route);
  // After the probe, which may have met it, or fetched a newer document.
  const Result<> read = co_await self_.store.read(look);
  if (!read) co_return problem_of(read.error(), route_not_shown);
  const federation::Standing peer = federation::standing_of(configured, row);
  if (peer.iid) route.iid = to_text(*peer.iid);
  route.trust = federation::to_text(peer.trust);
  const routing::AddressPolicy policy{self_.config.federation.allow_addresses};
  for (const auto& mention : mentions) {
    route.directories.push_back(
        directory_name(mention.directory, name, mention.entry, mention.is_current));
  }
  const auto add = [&](const std::vector<routing::Endpoint>& endpoints, const char* source) {
    for (const routing::Endpoint& endpoint : endpoints) {
      const bool is_there = std::ranges::any_of(
          route.endpoints, [&](const auto& one) { return one.endpoint == endpoint.text(); });
      if (!is_there) route.endpoints.push_back(judged(policy, endpoint, source));
    }
  };
  // In the order in which they are tried: as PeerDirectory::target_of has them. Whom we do not know
  // we look for where the directory says.
  add(peer.endpoints, peer.is_static ? "configuration" : "operator");
  const bool is_said = !route.endpoints.empty();
  if (!peer.iid) add(word.claim.endpoints, "directory");
  if (route.endpoints.empty() && route.dns && route.dns->matches) {
    add(endpoints_in(route.dns->endpoints), "dns");
  }
  if (!is_said && !peer.is_static && row && peer.iid) {
    const auto identity =
        federation::verify_document(row->document, name, *peer.iid, row->fetched_at);
    if (identity) add(identity.value().endpoints, "document");
  }
  if (!is_said && word.claim.iid == peer.iid) add(word.claim.endpoints, "directory");
  judge_route(name, peer, row, lanes,
              {self_.directory.policy(), self_.directory.may_be_looked_for(name)},
              self_.timers.now(), route);
  judge_directories(name, peer, word, self_.directory.policy(), route);
  co_return route;
}

/// Also for a peer whose endpoints are configured: the operator sees what DNS would say.
awaitable<void> AdminServer::add_dns(core::InstanceName name, std::optional<core::Iid> iid,
                                     routing::SteadyPoint deadline, Route& route) {
  if (self_.resolver == nullptr) co_return;
  const routing::DnsNames names = routing::dns_names(name, self_.config.dns.suffix);
  RouteDns& dns = route.dns.emplace();
  dns.srv = names.srv;
  dns.txt = names.txt;
  for (const auto& resolver : self_.config.dns.resolvers) dns.resolvers.push_back(resolver.text());
  const Result<routing::Hints> hints =
      co_await routing::within(self_.timers, deadline, self_.resolver->resolve(name));
  if (!hints) {
    const bool is_late = self_.timers.steady_now() >= deadline;
    dns.error = is_late ? "no answer in time" : hints.error().detail;
    co_return;
  }
  for (const auto& endpoint : hints.value().endpoints) dns.endpoints.push_back(endpoint.text());
  if (hints.value().iid) dns.iid = to_text(*hints.value().iid);
  dns.matches = !hints.value().iid || !iid || *hints.value().iid == *iid;
  dns.ttl_ms = hints.value().ttl.count();
  dns.authenticated = hints.value().is_authenticated;
  dns.stale = hints.value().is_stale;
}

awaitable<void> AdminServer::add_probe(core::InstanceName name, routing::SteadyPoint deadline,
                                       Route& route) {
  const routing::SteadyPoint begun_at = self_.timers.steady_now();
  const Result<> greeted = co_await routing::within(self_.timers, deadline, self_.greet(name));
  const routing::SteadyPoint ended_at = self_.timers.steady_now();
  RouteProbe& probe = route.probe.emplace();
  probe.ok = greeted.has_value();
  probe.hello_ms = (ended_at - begun_at).count();
  if (greeted) co_return;
  if (ended_at < deadline) {
    probe.error = greeted.error().detail;
  } else {
    const auto given = std::chrono::round<std::chrono::seconds>(deadline - begun_at);
    probe.error = "the peer did not answer within " + std::to_string(given.count()) + " s";
  }
}

}  // namespace cpc::daemon
