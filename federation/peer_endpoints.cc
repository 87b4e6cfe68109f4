// Where a peer is: a part of PeerDirectory. Each source only gives places to try, one after the
// other; the document that is fetched there, or the TLS key, proves who answers.
#include <algorithm>

#include "federation/peer_directory.h"

namespace cpc::federation {
namespace {

using Endpoints = std::vector<routing::Endpoint>;

// Those that are new go behind the others.
void add_to(Endpoints& endpoints, const Endpoints& more) {
  for (const routing::Endpoint& one : more) {
    if (std::ranges::find(endpoints, one) == endpoints.end()) endpoints.push_back(one);
  }
}

}  // namespace

Task<LinkTarget> PeerDirectory::target_of(core::InstanceName name) {
  CPC_CO_TRY(co_await prepare(name));
  if (!is_met(known_[name])) co_return fail(ErrorCode::not_found, "no such peer was met");
  LinkTarget target;
  target.peer = name;
  CPC_CO_TRY(target.endpoints, co_await endpoints_of(name));
  if (const Identity identity = known(name)) target.tls_pins = identity->tls_pins;
  co_return target;
}

void PeerDirectory::doubt_target(const core::InstanceName& name) {
  if (resolver_ != nullptr) resolver_->doubt(name);
}

// The operator's alone, else what DNS says now, then what the document of a peer said that is not
// of the configuration, then what a directory says: who moved is where any of them says. Where DNS
// speaks of another instance than the one that the name is pinned to we do not even knock.
Task<Endpoints> PeerDirectory::endpoints_of(core::InstanceName name) {
  const Standing standing = known_[name].standing;
  if (!standing.endpoints.empty()) co_return standing.endpoints;
  Endpoints published;
  if (const Identity identity = known(name); identity && !standing.is_static) {
    published = identity->endpoints;
  }
  if (const DirectoryWord word = word_on(name); word.claim.iid == standing.iid) {
    add_to(published, word.claim.endpoints);
  }
  if (resolver_ == nullptr && !published.empty()) co_return published;
  if (resolver_ == nullptr) co_return fail(ErrorCode::unavailable, "no endpoint is configured");
  const Result<routing::Hints> hints = co_await resolver_->resolve(name);
  if (hints) {
    CPC_CO_TRY(co_await listen_to_dns(name, hints.value()));
    if (!hints.value().iid || hints.value().iid == standing.iid) {
      Endpoints endpoints = hints.value().endpoints;
      add_to(endpoints, published);
      co_return endpoints;
    }
  }
  if (!published.empty()) co_return published;
  // Whatever DNS says is temporary for us: the peer is known, and so it is somewhere.
  if (!hints) co_return fail(ErrorCode::unavailable, hints.error().detail);
  co_return fail(ErrorCode::unavailable, "DNS names another instance than the configured one");
}

}  // namespace cpc::federation
