#include "federation/peer_directory.h"

namespace cpc::federation {
namespace {

constexpr auto refresh_interval_min = std::chrono::minutes{1};
constexpr auto stale_max = std::chrono::hours{24};

// Half of what was left when it was fetched.
bool wants_refresh(const PeerIdentity& identity, TimePoint fetched_at, TimePoint now) {
  return now >= fetched_at + (identity.operational_expires - fetched_at) / 2;
}

bool is_usable(const PeerIdentity& identity, TimePoint now) {
  return now < identity.operational_expires + stale_max && now < identity.delegation_expires;
}

}  // namespace

PeerDirectory::PeerDirectory(std::vector<StaticPeer> peers, HttpLink& link,
                             routing::StoreGate& store, routing::Timers& timers, Log& log)
    : link_(link), store_(store), timers_(timers), log_(log) {
  for (StaticPeer& peer : peers) static_.emplace(peer.name, std::move(peer));
}

Task<PeerDirectory::Identity> PeerDirectory::find(core::InstanceName name) {
  if (!static_.contains(name)) co_return fail(ErrorCode::not_found, "no such peer is configured");
  if (!known_[name].is_loaded) {
    CPC_CO_TRY(co_await load(name));
  }

  const Known known = known_[name];
  const TimePoint now = timers_.now();
  const bool is_good = known.identity && is_usable(*known.identity, now);
  if (is_good && !wants_refresh(*known.identity, known.fetched_at, now)) co_return known.identity;

  const Result<Identity> refreshed = co_await refresh(name);
  if (!refreshed && is_good && refreshed.error().code != ErrorCode::conflict) {
    co_return known.identity;
  }
  co_return refreshed;
}

Task<PeerDirectory::Identity> PeerDirectory::refresh(core::InstanceName name) {
  if (!static_.contains(name)) co_return fail(ErrorCode::not_found, "no such peer is configured");
  if (!known_[name].is_loaded) {
    CPC_CO_TRY(co_await load(name));
  }
  Known& known = known_[name];
  const TimePoint now = timers_.now();
  const bool is_too_soon = known.identity && now < known.tried_at + refresh_interval_min;
  if (is_too_soon) co_return known.identity;
  known.tried_at = now;
  co_return co_await fetch(name);
}

Result<LinkTarget> PeerDirectory::target_of(const core::InstanceName& name) const {
  const auto peer = static_.find(name);
  if (peer == static_.end()) return fail(ErrorCode::not_found, "no such peer is configured");
  LinkTarget target{name, peer->second.endpoints, {}};
  const auto known = known_.find(name);
  if (known != known_.end() && known->second.identity) {
    target.tls_pins = known->second.identity->tls_pins;
  }
  return target;
}

Task<PeerDirectory::Identity> PeerDirectory::fetch(core::InstanceName name) {
  // The document proves itself, so it may come over TLS whose key is not pinned yet, and a peer
  // that changed its TLS key can still be asked.
  const LinkTarget target{name, static_.at(name).endpoints, {}};
  HttpRequest request;
  request.method = "GET";
  request.path = document_path;
  LinkLimits limits;
  limits.timeout = std::chrono::seconds{15};
  limits.reply_bytes_max = document_bytes_max;
  CPC_CO_TRY(const HttpReply reply, co_await link_.exchange(target, std::move(request), limits));
  if (reply.status != 200) co_return fail(ErrorCode::unavailable, "the peer gave no document");
  co_return co_await accept(name, reply.body);
}

// What the store holds from an earlier run. A document of another instance id than the configured
// one stops traffic with this name until the operator has resolved it.
Task<> PeerDirectory::load(core::InstanceName name) {
  std::optional<core::Peer> row;
  const auto look = [&](core::Snapshot& store) -> Result<> {
    CPC_TRY(row, store.find(core::PeerKey{name}));
    return success();
  };
  CPC_CO_TRY(co_await store_.read(look));
  if (row && row->iid != static_.at(name).iid) {
    log_.error("peer's identity conflicts with the configured one",
               {{"peer", name.text()}, {"known_iid", to_text(row->iid)}});
    co_return fail(ErrorCode::conflict, "this name was another instance before");
  }
  Known& known = known_[name];
  known.is_loaded = true;
  if (!row || row->document.empty()) co_return success();
  const auto identity = verify_document(row->document, name, row->iid, row->fetched_at);
  if (!identity) co_return success();
  known.identity = std::make_shared<const PeerIdentity>(identity.value());
  known.document = row->document;
  known.fetched_at = row->fetched_at;
  co_return success();
}

Task<PeerDirectory::Identity> PeerDirectory::accept(core::InstanceName name, Bytes document) {
  const TimePoint now = timers_.now();
  const core::Iid pinned = static_.at(name).iid;
  Result<PeerIdentity> read = verify_document(document, name, pinned, now);
  if (!read) {
    log_.warn("peer's document was refused",
              {{"peer", name.text()}, {"reason", read.error().detail}});
    co_return read.error();
  }
  const auto identity = std::make_shared<const PeerIdentity>(std::move(read).value());
  const auto pin = [&](core::Transaction& tx) -> Result<> {
    CPC_TRY(auto row, tx.find(core::PeerKey{name}));
    const bool is_older = row && (identity->delegation_serial < row->delegation_serial ||
                                  identity->operational_serial < row->operational_serial);
    if (is_older) return fail(ErrorCode::denied, "a document with a lower serial than before");
    if (!row) row.emplace();
    row->name = name;
    row->iid = pinned;
    row->document = document;
    row->delegation_serial = identity->delegation_serial;
    row->operational_serial = identity->operational_serial;
    row->fetched_at = now;
    tx.put(*std::move(row));
    return success();
  };
  const core::Keys keys(1, core::PeerKey{name});
  const Result<> pinned_now = co_await store_.transact(keys, pin);
  if (!pinned_now) {
    log_.warn("peer's document was refused",
              {{"peer", name.text()}, {"reason", pinned_now.error().detail}});
    co_return pinned_now.error();
  }
  Known& known = known_[name];
  known.identity = identity;
  known.document = std::move(document);
  known.fetched_at = now;
  co_return Identity{identity};
}

}  // namespace cpc::federation
