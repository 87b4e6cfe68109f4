#include "federation/peer_directory.h"

#include "core/base/counted.h"

namespace cpc::federation {
namespace {

constexpr auto ask_interval_min = std::chrono::minutes{1};

// Half of what was left when it was fetched.
bool wants_refresh(const PeerIdentity& identity, TimePoint fetched_at, TimePoint now) {
  return now >= fetched_at + (identity.operational_expires - fetched_at) / 2;
}

/// What was accepted before holds, whether it has expired or not.
Result<> check_against(const core::Peer& row, const PeerIdentity& next, TimePoint now) {
  PeerIdentity known;
  known.delegation_serial = row.delegation_serial;
  known.operational_serial = row.operational_serial;
  if (!row.document.empty()) {
    auto read = verify_document(row.document, next.name, row.iid, row.fetched_at);
    if (read) known = std::move(read).value();
  }
  return check_succession(known, next, now);
}

}  // namespace

bool is_usable(const PeerIdentity& identity, TimePoint now) {
  return now < identity.operational_expires + stale_document_max &&
         now < identity.delegation_expires;
}

PeerDirectory::PeerDirectory(std::vector<StaticPeer> peers, HttpLink& link,
                             routing::StoreGate& store, routing::Timers& timers, Log& log,
                             routing::Resolver* resolver)
    : link_(link), store_(store), timers_(timers), log_(log), resolver_(resolver) {
  for (StaticPeer& peer : peers) static_.emplace(peer.name, std::move(peer));
}

Task<PeerDirectory::Identity> PeerDirectory::find(core::InstanceName name, Asker asker) {
  CPC_CO_TRY(co_await prepare(name));
  Known& known = known_[name];
  const Result<Identity> kept = serving(known);
  if (kept) {
    const bool is_due =
        known.is_refresh_wanted || wants_refresh(*known.identity, known.fetched_at, timers_.now());
    if (!is_due || is_recent(known.asked_at)) co_return kept;
    const Result<Identity> refreshed = co_await look_up(name, asker);
    if (refreshed || refreshed.error().code == ErrorCode::conflict) co_return refreshed;
    co_return serving(known);
  }
  const bool may_ask = asker == Asker::us || !is_recent(known.asked_for_stranger_at);
  if (!may_ask && !known.look_up.is_under_way()) co_return kept;
  co_return co_await look_up(name, asker);
}

Task<PeerDirectory::Identity> PeerDirectory::refresh(core::InstanceName name, Asker asker) {
  CPC_CO_TRY(co_await prepare(name));
  Known& known = known_[name];
  known.is_refresh_wanted = true;
  const bool is_too_soon = is_recent(known.asked_for_news_at);
  if (is_too_soon && !known.look_up.is_under_way()) co_return serving(known);
  known.asked_for_news_at = timers_.steady_now();
  co_return co_await look_up(name, asker);
}

Task<PeerDirectory::Identity> PeerDirectory::refresh_now(core::InstanceName name) {
  CPC_CO_TRY(co_await prepare(name));
  co_return co_await look_up(name, Asker::us);
}

Task<> PeerDirectory::note_hello(Identity peer, Hello theirs) {
  const auto note = [&](core::Transaction& tx) -> Result<> {
    CPC_TRY(auto row, tx.find(core::PeerKey{peer->name}));
    if (!row) return success();
    row->epoch = theirs.mark.epoch;
    row->boot_counter = theirs.mark.boot_counter;
    tx.put(*std::move(row));
    return success();
  };
  const core::Keys keys(1, core::PeerKey{peer->name});
  CPC_CO_TRY(co_await store_.transact(keys, note));
  const bool has_news = theirs.operational_serial > peer->operational_serial ||
                        theirs.delegation_serial > peer->delegation_serial;
  if (!has_news) co_return success();
  const auto refreshed = co_await refresh(peer->name, Asker::us);
  if (!refreshed) {
    log_.warn("peer's new document could not be fetched",
              {{"peer", peer->name.text()}, {"reason", refreshed.error().detail}});
  }
  co_return success();
}

PeerDirectory::Identity PeerDirectory::known(const core::InstanceName& name) const {
  const auto found = known_.find(name);
  return found == known_.end() ? nullptr : found->second.identity;
}

Task<LinkTarget> PeerDirectory::target_of(core::InstanceName name) {
  if (!static_.contains(name)) co_return fail(ErrorCode::not_found, "no such peer is configured");
  LinkTarget target;
  target.peer = name;
  CPC_CO_TRY(target.endpoints, co_await endpoints_of(name));
  if (const Identity identity = known(name)) target.tls_pins = identity->tls_pins;
  co_return target;
}

void PeerDirectory::doubt_target(const core::InstanceName& name) {
  if (resolver_ != nullptr) resolver_->doubt(name);
}

// The configured ones, else what DNS says now. DNS is no authority: what it says of a pinned peer's
// identity is never believed, and where it speaks of another instance we do not even knock.
Task<std::vector<routing::Endpoint>> PeerDirectory::endpoints_of(core::InstanceName name) {
  const StaticPeer& peer = static_.at(name);
  if (!peer.endpoints.empty()) co_return peer.endpoints;
  if (resolver_ == nullptr) co_return fail(ErrorCode::unavailable, "no endpoint is configured");
  Result<routing::Hints> hints = co_await resolver_->resolve(name);
  // Whatever DNS says is temporary for us: the peer is configured, and so it is somewhere.
  if (!hints) co_return fail(ErrorCode::unavailable, hints.error().detail);
  if (!hints.value().iid || *hints.value().iid == peer.iid) {
    co_return std::move(hints).value().endpoints;
  }
  Known& known = known_[name];
  if (known.wrong_hint_until != hints.value().holds_until) {
    known.wrong_hint_until = hints.value().holds_until;
    log_.warn("DNS names another instance than the configured one",
              {{"peer", name.text()}, {"dns_iid", to_text(*hints.value().iid)}});
  }
  co_return fail(ErrorCode::unavailable, "DNS names another instance than the configured one");
}

bool PeerDirectory::is_recent(const std::optional<routing::SteadyPoint>& at) const {
  return at && timers_.steady_now() < *at + ask_interval_min;
}

Result<PeerDirectory::Identity> PeerDirectory::serving(const Known& known) const {
  if (known.identity && is_usable(*known.identity, timers_.now())) return known.identity;
  return fail(ErrorCode::unavailable, "there is no valid document of the peer");
}

// What every question begins with: the name is configured, what the store knows is in memory, and
// no conflict of identities was seen within the minute.
Task<> PeerDirectory::prepare(core::InstanceName name) {
  if (!static_.contains(name)) co_return fail(ErrorCode::not_found, "no such peer is configured");
  Known& known = known_[name];
  if (is_recent(known.conflict_seen_at)) {
    co_return fail(ErrorCode::conflict, "this name is another instance");
  }
  if (!known.is_loaded) {
    CPC_CO_TRY(co_await load(name));
  }
  co_return success();
}

Task<PeerDirectory::Identity> PeerDirectory::look_up(core::InstanceName name, Asker asker) {
  const auto leads = [&] { return lead(name, asker); };
  co_return co_await known_[name].look_up.run(leads);
}

Task<PeerDirectory::Identity> PeerDirectory::lead(core::InstanceName name, Asker asker) {
  std::optional<Counted> counted;
  if (asker == Asker::stranger) {
    if (stranger_lookups_ >= stranger_lookups_max) {
      co_return fail(ErrorCode::unavailable, "too many look-ups for strangers");
    }
    counted.emplace(stranger_lookups_);
  }
  Known& known = known_[name];
  known.asked_at = timers_.steady_now();
  if (asker == Asker::stranger) known.asked_for_stranger_at = known.asked_at;
  Result<Identity> found = co_await fetch(name);
  const ErrorCode* failure = found ? nullptr : &found.error().code;
  if (failure != nullptr && *failure == ErrorCode::conflict) {
    known.conflict_seen_at = timers_.steady_now();
    known.is_refresh_wanted = true;  // Until the peer shows itself again, whatever we know of it.
  } else if (failure == nullptr || *failure != ErrorCode::unavailable) {
    known.is_refresh_wanted = false;  // It was asked, and this is what it has.
  }
  co_return found;
}

Task<PeerDirectory::Identity> PeerDirectory::fetch(core::InstanceName name) {
  // The document proves itself, so it may come over TLS whose key is not pinned yet, and a peer
  // that changed its TLS key can still be asked.
  LinkTarget target;
  target.peer = name;
  CPC_CO_TRY(target.endpoints, co_await endpoints_of(name));
  HttpRequest request;
  request.method = "GET";
  request.path = document_path;
  LinkLimits limits;
  limits.timeout = std::chrono::seconds{15};
  limits.reply_bytes_max = document_bytes_max;
  const Result<HttpReply> outcome = co_await link_.exchange(target, std::move(request), limits);
  if (!outcome && outcome.error().code == ErrorCode::unavailable) doubt_target(name);
  CPC_CO_TRY(const HttpReply reply, outcome);
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
  Known& known = known_[name];
  if (known.is_loaded) co_return success();  // Somebody else was faster, and may know more by now.
  if (row && row->iid != static_.at(name).iid) {
    if (!is_recent(known.conflict_seen_at)) {
      known.conflict_seen_at = timers_.steady_now();
      log_.error("peer's identity conflicts with the configured one",
                 {{"peer", name.text()}, {"known_iid", to_text(row->iid)}});
    }
    co_return fail(ErrorCode::conflict, "this name was another instance before");
  }
  known.is_loaded = true;
  if (!row || row->document.empty()) co_return success();
  const auto identity = verify_document(row->document, name, row->iid, row->fetched_at);
  if (!identity) co_return success();
  known.identity = std::make_shared<const PeerIdentity>(identity.value());
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
    if (!row) row.emplace();
    CPC_TRY(check_against(*row, *identity, now));
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
  known.fetched_at = now;
  co_return Identity{identity};
}

}  // namespace cpc::federation
