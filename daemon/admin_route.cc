// cpcctl route: how a message to somebody would go, each step as delivery takes it.
#include <algorithm>

#include "core/address.h"
#include "daemon/admin_protocol/codec.h"
#include "daemon/admin_server.h"

namespace cpc::daemon {
namespace {

using boost::asio::awaitable;
using namespace admin_protocol;  // NOLINT(google-build-using-namespace): its messages are our
                                 // words.

constexpr const char* what_failed = "the route was not shown";

/// The instance of a person's address, or the one that is named.
Result<core::InstanceName> instance_of(std::string_view text) {
  if (text.find('@') == std::string_view::npos) return core::InstanceName::parse(text);
  CPC_TRY(auto address, core::Address::parse(text));
  return std::move(address.instance);
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
  if (!parsed) co_return Problem{"invalid.name", what_failed, parsed.error().detail, ""};
  const core::InstanceName& name = parsed.value();
  Route route;
  route.name = name.text();
  if (name == self_.home.name) {
    route.iid = to_text(self_.home.iid);
    route.trust = "self";
    route.deliverable = true;
    co_return route;
  }
  const auto found = self_.directory.static_peers().find(name);
  if (found == self_.directory.static_peers().end()) {
    co_return Problem{"not_found.peer", what_failed,
                      name.text() + " is not in the configuration, so nothing is sent to it",
                      "see: cpcctl peer list"};
  }
  const federation::StaticPeer& peer = found->second;
  route.iid = to_text(peer.iid);
  route.trust = "pinned";
  const auto look = [&](core::Snapshot& store) -> Result<> {
    CPC_TRY(const auto row, store.find(core::PeerKey{name}));
    if (!row) return success();
    const auto identity =
        federation::verify_document(row->document, name, row->iid, row->fetched_at);
    if (!identity) return success();
    route.document = RouteDocument{row->delegation_serial, row->operational_serial, row->fetched_at,
                                   identity.value().operational_expires};
    return success();
  };
  const Result<> read = co_await self_.store.read(look);
  if (!read) co_return problem_of(read.error(), what_failed);
  co_await add_dns(peer, route);
  const routing::AddressPolicy policy{self_.config.federation.allow_addresses};
  for (const auto& endpoint : peer.endpoints) {
    route.endpoints.push_back(judged(policy, endpoint, "configuration"));
  }
  if (peer.endpoints.empty() && route.dns && route.dns->matches) {
    for (const std::string& text : route.dns->endpoints) {
      const auto endpoint = routing::Endpoint::parse(text);
      if (endpoint) route.endpoints.push_back(judged(policy, endpoint.value(), "dns"));
    }
  }
  route.deliverable = std::ranges::any_of(route.endpoints, &RouteEndpoint::allowed);
  if (request.probe) co_await add_probe(name, route);
  co_return route;
}

/// Also for a peer whose endpoints are configured: the operator sees what DNS would say.
awaitable<void> AdminServer::add_dns(const federation::StaticPeer& peer, Route& route) {
  if (self_.resolver == nullptr) co_return;
  const routing::DnsNames names = routing::dns_names(peer.name, self_.config.dns.suffix);
  RouteDns& dns = route.dns.emplace();
  dns.srv = names.srv;
  dns.txt = names.txt;
  for (const auto& resolver : self_.config.dns.resolvers) dns.resolvers.push_back(resolver.text());
  const Result<routing::Hints> hints = co_await self_.resolver->resolve(peer.name);
  if (!hints) {
    dns.error = hints.error().detail;
    co_return;
  }
  for (const auto& endpoint : hints.value().endpoints) dns.endpoints.push_back(endpoint.text());
  if (hints.value().iid) dns.iid = to_text(*hints.value().iid);
  dns.matches = !hints.value().iid || *hints.value().iid == peer.iid;
  dns.ttl_ms = hints.value().ttl.count();
  dns.authenticated = hints.value().is_authenticated;
  dns.stale = hints.value().is_stale;
}

awaitable<void> AdminServer::add_probe(core::InstanceName name, Route& route) {
  const routing::SteadyPoint begun_at = self_.timers.steady_now();
  const Result<> greeted = co_await self_.greet(name);
  RouteProbe& probe = route.probe.emplace();
  probe.ok = greeted.has_value();
  probe.hello_ms = (self_.timers.steady_now() - begun_at).count();
  if (!greeted) probe.error = greeted.error().detail;
}

}  // namespace cpc::daemon
