#include "federation/peer_directory.h"

#include "core/base/counted.h"

namespace cpc::federation {
namespace {

constexpr auto ask_interval_min = std::chrono::minutes{1};

Error overruled() {
  return fail(ErrorCode::unavailable, "the operator changed what is known of this name meanwhile");
}

// Half of what was left when it was fetched.
bool wants_refresh(const PeerIdentity& identity, TimePoint fetched_at, TimePoint now) {
  return now >= fetched_at + (identity.operational_expires - fetched_at) / 2;
}

}  // namespace

bool is_usable(const PeerIdentity& identity, TimePoint now) {
  return now < identity.operational_expires + stale_document_max &&
         now < identity.delegation_expires;
}

PeerDirectory::PeerDirectory(Settings settings, HttpLink& link, routing::StoreGate& store,
                             routing::Timers& timers, Log& log, routing::Resolver* resolver)
    : settings_(std::move(settings)),
      link_(link),
      store_(store),
      timers_(timers),
      log_(log),
      resolver_(resolver) {
  for (StaticPeer& peer : settings_.peers) static_.emplace(peer.name, std::move(peer));
  settings_.peers.clear();
}

const StaticPeer* PeerDirectory::configured(const core::InstanceName& name) const {
  const auto found = static_.find(name);
  return found == static_.end() ? nullptr : &found->second;
}

Task<PeerDirectory::Identity> PeerDirectory::find(core::InstanceName name, Asker asker) {
  CPC_CO_TRY(co_await prepare(name));
  Known& known = known_[name];
  if (!is_met(known)) {
    if (!known.look_up.is_under_way()) {
      CPC_CO_TRY(may_meet(name, asker));
    }
    co_return co_await look_up(name, asker);
  }
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
  if (!is_met(known)) co_return co_await find(name, asker);
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
  bool is_new_life = false;
  const auto note = [&](core::Transaction& tx) -> Result<> {
    CPC_TRY(auto row, tx.find(core::PeerKey{peer->name}));
    if (!row) return success();
    is_new_life = row->epoch != theirs.mark.epoch || row->boot_counter != theirs.mark.boot_counter;
    row->epoch = theirs.mark.epoch;
    row->boot_counter = theirs.mark.boot_counter;
    tx.put(*std::move(row));
    return success();
  };
  const core::Keys keys(1, core::PeerKey{peer->name});
  CPC_CO_TRY(co_await store_.transact(keys, note));
  if (is_new_life && new_life_) new_life_(peer->name);
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

bool PeerDirectory::is_recent(const std::optional<routing::SteadyPoint>& at) const {
  return at && timers_.steady_now() < *at + ask_interval_min;
}

Result<PeerDirectory::Identity> PeerDirectory::serving(const Known& known) const {
  if (known.identity && is_usable(*known.identity, timers_.now())) return known.identity;
  return fail(ErrorCode::unavailable, "there is no valid document of the peer");
}

// What every question begins with: what the store knows is in memory, the name is let in, and no
// conflict of identities stops it.
Task<> PeerDirectory::prepare(core::InstanceName name) {
  if (name == settings_.home.name) co_return fail(ErrorCode::not_found, "this is our own name");
  if (!static_.contains(name) && !known_.contains(name)) drop_unmet();
  if (is_recent(known_[name].conflict_seen_at)) {
    co_return fail(ErrorCode::conflict, "this name is another instance");
  }
  // Once more if the operator gave an order meanwhile.
  do {
    if (!known_[name].is_loaded) {
      CPC_CO_TRY(co_await load(name));
    }
    CPC_CO_TRY(check_standing(name, known_[name]));
    CPC_CO_TRY(co_await listen_to_directories(name));
  } while (!known_[name].is_loaded);
  co_return success();
}

Result<> PeerDirectory::check_standing(const core::InstanceName& name, const Known& known) const {
  const Standing& standing = known.standing;
  if (standing.is_blocked) return fail(ErrorCode::not_found, "the operator blocked this name");
  if (!standing.is_static && !settings_.trust.admits(name)) {
    return fail(ErrorCode::not_found, "trust.allow and trust.block keep this name out");
  }
  if (standing.rival && !standing.is_static) {
    return fail(ErrorCode::conflict, "two instances claim this name; see cpcctl peer rebind");
  }
  return success();
}

/// Somebody vouches for it who suffices.
bool PeerDirectory::is_met(const Known& known) const {
  const Standing& standing = known.standing;
  return standing.is_static || (standing.iid && settings_.trust.suffices(standing.trust));
}

Task<PeerDirectory::Identity> PeerDirectory::look_up(core::InstanceName name, Asker asker) {
  const auto leads = [&] { return lead(name, asker); };
  // One that began before the operator's last order brings nothing to who asks after it.
  const bool is_of_before = known_[name].look_up.is_under_way() && is_overruled(name);
  Result<Identity> found = co_await known_[name].look_up.run(leads);
  if (is_of_before) found = co_await known_[name].look_up.run(leads);
  co_return found;
}

std::uint64_t PeerDirectory::orders_of(const core::InstanceName& name) const {
  const auto found = orders_.find(name);
  return found == orders_.end() ? 0 : found->second;
}

bool PeerDirectory::is_overruled(const core::InstanceName& name) const {
  const auto found = known_.find(name);
  return found != known_.end() && found->second.orders_at_look_up != orders_of(name);
}

Task<PeerDirectory::Identity> PeerDirectory::lead(core::InstanceName name, Asker asker) {
  std::optional<Counted> counted;
  if (asker == Asker::stranger) {
    if (stranger_lookups_ >= stranger_lookups_max) {
      co_return fail(ErrorCode::unavailable, "too many look-ups for strangers");
    }
    counted.emplace(stranger_lookups_);
  }
  if (!known_[name].is_loaded) {
    CPC_CO_TRY(co_await prepare(name));  // The operator gave an order while we waited.
  }
  Known& known = known_[name];
  known.orders_at_look_up = orders_of(name);
  known.asked_at = timers_.steady_now();
  if (asker == Asker::stranger) known.asked_for_stranger_at = known.asked_at;
  if (!is_met(known)) {
    Result<Identity> met = co_await meet(name);
    if (is_overruled(name)) co_return overruled();
    known.not_met.reset();
    if (!met) known.not_met = met.error();
    co_return met;
  }
  Result<Identity> found = co_await fetch(name);
  if (is_overruled(name)) co_return overruled();
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
  // Who is asked for: whatever is known of the name when the answer comes.
  const Standing standing = known_[name].standing;
  Claim claim{standing.iid, {}, standing.trust, standing.source, !standing.is_static};
  LinkTarget target;
  target.peer = name;
  CPC_CO_TRY(target.endpoints, co_await endpoints_of(name));
  CPC_CO_TRY(Bytes document, co_await document_at(std::move(target)));
  co_return co_await accept(name, std::move(document), std::move(claim));
}

// The document proves itself, so it may come over TLS whose key is not pinned yet, and a peer that
// changed its TLS key can still be asked.
Task<Bytes> PeerDirectory::document_at(LinkTarget target) {
  const core::InstanceName name = target.peer;
  HttpRequest request;
  request.method = "GET";
  request.path = document_path;
  LinkLimits limits;
  limits.timeout = std::chrono::seconds{15};
  limits.reply_bytes_max = document_bytes_max;
  const Result<HttpReply> outcome = co_await link_.exchange(target, std::move(request), limits);
  if (!outcome && outcome.error().code == ErrorCode::unavailable) doubt_target(name);
  CPC_CO_TRY(HttpReply reply, outcome);
  if (reply.status != 200) co_return fail(ErrorCode::unavailable, "the peer gave no document");
  co_return std::move(reply.body);
}

// What the store holds from an earlier run. A document of another instance id than the configured
// one stops traffic with this name until the operator has resolved it.
Task<> PeerDirectory::load(core::InstanceName name) {
  std::optional<core::Peer> row;
  const auto look = [&](core::Snapshot& store) -> Result<> {
    CPC_TRY(row, store.find(core::PeerKey{name}));
    return success();
  };
  // What was read while the operator gave an order may be of before.
  for (std::optional<std::uint64_t> orders; orders != orders_of(name);) {
    orders = orders_of(name);
    CPC_CO_TRY(co_await store_.read(look));
  }
  Known& known = known_[name];
  if (known.is_loaded) co_return success();  // Somebody else was faster, and may know more by now.
  known.standing = standing_of(configured(name), row);
  if (known.standing.is_static && known.standing.rival) {
    if (!is_recent(known.conflict_seen_at)) {
      known.conflict_seen_at = timers_.steady_now();
      log_.error("peer's identity conflicts with the configured one",
                 {{"peer", name.text()},
                  {"configured_iid", to_text(*known.standing.iid)},
                  {"other_iid", to_text(*known.standing.rival)},
                  {"todo", "cpcctl peer rebind " + name.text() + " IID"}});
    }
    co_return fail(ErrorCode::conflict, "this name was another instance before");
  }
  known.is_loaded = true;
  if (!row || row->document.empty() || !is_met(known)) co_return success();
  const auto identity = verify_document(row->document, name, row->iid, row->fetched_at);
  if (!identity) co_return success();
  known.identity = std::make_shared<const PeerIdentity>(identity.value());
  known.fetched_at = row->fetched_at;
  co_return success();
}

// The claim's iid is whom the document has to be of; without one, whoever signed it.
Task<PeerDirectory::Identity> PeerDirectory::accept(core::InstanceName name, Bytes document,
                                                    Claim claim) {
  if (is_overruled(name)) co_return overruled();
  if (!claim.iid && claim.trust != core::Trust::tofu) {
    co_return fail(ErrorCode::internal, "nobody says whose document this has to be");
  }
  const TimePoint now = timers_.now();
  const Result<core::Iid> said = claimed_iid(document);
  const core::Iid expected = claim.iid ? *claim.iid : said ? said.value() : core::Iid{};
  Result<PeerIdentity> read = verify_document(document, name, expected, now);
  if (!read) {
    log_.warn("peer's document was refused",
              {{"peer", name.text()}, {"reason", read.error().detail}});
    const bool is_other = read.error().code == ErrorCode::conflict && said &&
                          said.value() != expected && known_[name].standing.iid == expected &&
                          verify_document(document, name, said.value(), now);
    if (is_other) {
      CPC_CO_TRY(co_await keep_contradiction(name, std::move(document)));
      // Whoever answers there proves to be somebody else. The operator's own word stands against
      // it.
      std::string source = "the document where it should be";
      if (claim.trust != core::Trust::pinned) {
        CPC_CO_TRY(co_await note_rival(name, said.value(), std::move(source)));
      }
    }
    co_return read.error();
  }
  const auto identity = std::make_shared<const PeerIdentity>(std::move(read).value());
  const Result<> pinned_now = co_await pin(name, identity, document, claim);
  if (is_overruled(name)) co_return overruled();
  if (!pinned_now) {
    log_.warn("peer's document was refused",
              {{"peer", name.text()}, {"reason", pinned_now.error().detail}});
    if (pinned_now.error().code == ErrorCode::conflict) {
      CPC_CO_TRY(co_await keep_contradiction(name, std::move(document)));
    }
    co_return pinned_now.error();
  }
  Known& known = known_[name];
  known.identity = identity;
  known.fetched_at = now;
  co_return Identity{identity};
}

// The name is this iid from now on, and what was accepted before binds what comes after.
Task<> PeerDirectory::pin(core::InstanceName name, Identity identity, Bytes document, Claim claim) {
  const TimePoint now = timers_.now();
  bool is_new = false;
  std::optional<core::Peer> written;
  const auto write = [&](core::Transaction& tx) -> Result<> {
    CPC_TRY(auto row, tx.find(core::PeerKey{name}));
    if (!row && claim.is_of_known) return overruled();  // Forgotten just now.
    if (!row) row.emplace();
    row->name = name;
    is_new = row->iid.is_zero();
    if (!is_new && row->iid != identity->iid) {
      return fail(ErrorCode::conflict, "the name was pinned to another instance meanwhile");
    }
    CPC_TRY(check_against(*row, *identity, now));
    row->iid = identity->iid;
    keep_document(*row, *identity, document, now);
    const bool is_stronger = claim.trust != core::Trust::none &&
                             (row->trust == core::Trust::none || claim.trust < row->trust);
    if (is_stronger || row->source == "configuration") {
      row->trust = claim.trust;
      row->source = claim.source;
    }
    if (is_new) row->accepted_at = now;
    written = row;
    tx.put(*std::move(row));
    return success();
  };
  const core::Keys keys(1, core::PeerKey{name});
  CPC_CO_TRY(co_await store_.transact(keys, write));
  if (is_overruled(name)) co_return success();  // What the order left is read anew.
  known_[name].standing = standing_of(configured(name), written);
  if (!is_new || known_[name].standing.is_static) co_return success();
  ++met_;
  log_.info("met an instance", {{"peer", name.text()},
                                {"iid", to_text(identity->iid)},
                                {"trust", to_text(claim.trust)},
                                {"source", claim.source}});
  co_return success();
}

// Traffic with this name stops until the operator has said who it is.
Task<> PeerDirectory::note_rival(core::InstanceName name, core::Iid iid, std::string source) {
  const TimePoint now = timers_.now();
  bool is_rival = false;
  bool is_news = false;
  const auto note = [&](core::Transaction& tx) -> Result<> {
    CPC_TRY(auto row, tx.find(core::PeerKey{name}));
    is_rival = row && !row->iid.is_zero() && row->iid != iid;
    is_news = is_rival && row->rival != iid;
    if (!is_news) return success();
    row->rival = iid;
    row->rival_source = source;
    row->rival_seen_at = now;
    tx.put(*std::move(row));
    return success();
  };
  const core::Keys keys(1, core::PeerKey{name});
  CPC_CO_TRY(co_await store_.transact(keys, note));
  if (!is_rival) co_return success();  // The operator bound the name to it meanwhile.
  Known& known = known_[name];
  known.standing.rival = iid;
  known.standing.rival_source = source;
  if (is_news) {
    log_.error("two instances claim one name; nothing is sent to it or taken from it",
               {{"peer", name.text()},
                {"known_iid", known.standing.iid ? to_text(*known.standing.iid) : ""},
                {"other_iid", to_text(iid)},
                {"source", source}});
  }
  co_return success();
}

}  // namespace cpc::federation
