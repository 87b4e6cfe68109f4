// What the operator says of peers, by cpcctl peer. The configuration's peers are changed there.
#include "federation/peer_directory.h"

namespace cpc::federation {
namespace {

// The operator's word: who it is, and nothing of who it was thought to be.
void pin_to(core::Peer& row, const core::InstanceName& name, const core::Iid& iid, TimePoint now) {
  const auto endpoints = row.endpoints;
  const bool is_blocked = row.is_blocked;
  row = core::Peer{};
  row.name = name;
  row.iid = iid;
  row.endpoints = endpoints;
  row.is_blocked = is_blocked;
  row.trust = core::Trust::pinned;
  row.source = "operator";
  row.accepted_at = now;
}

}  // namespace

Task<> PeerDirectory::change_row(core::InstanceName name,
                                 std::function<Result<>(core::Peer& row)> change) {
  const auto write = [&](core::Transaction& tx) -> Result<> {
    CPC_TRY(auto row, tx.find(core::PeerKey{name}));
    if (!row) row.emplace();
    row->name = name;
    CPC_TRY(change(*row));
    tx.put(*std::move(row));
    return success();
  };
  const core::Keys keys(1, core::PeerKey{name});
  co_return co_await store_.transact(keys, write);
}

void PeerDirectory::reload(const core::InstanceName& name) {
  ++orders_[name];
  const auto found = known_.find(name);
  if (found == known_.end()) return;
  Known& known = found->second;
  known.standing = {};
  known.identity = nullptr;
  known.is_loaded = false;
  known.not_met.reset();
  known.conflict_seen_at.reset();
  known.asked_at.reset();
  known.asked_for_stranger_at.reset();
}

Task<> PeerDirectory::add(core::InstanceName name, std::optional<core::Iid> iid,
                          std::vector<routing::Endpoint> endpoints) {
  const TimePoint now = timers_.now();
  const auto add = [&](core::Peer& row) -> Result<> {
    if (iid && !row.iid.is_zero() && row.iid != *iid) {
      return fail(ErrorCode::conflict, "the name is pinned to " + cpc::to_text(row.iid));
    }
    if (iid && row.iid.is_zero()) pin_to(row, name, *iid, now);
    if (iid) {
      row.trust = core::Trust::pinned;
      row.source = "operator";
      row.rival.reset();
      row.rival_source.clear();
    }
    if (!endpoints.empty()) row.endpoints = joined(endpoints);
    return success();
  };
  CPC_CO_TRY(co_await change_row(name, add));
  reload(name);
  co_return success();
}

Task<core::Iid> PeerDirectory::who_is_at(core::InstanceName name,
                                         std::vector<routing::Endpoint> endpoints) {
  LinkTarget target;
  target.peer = name;
  target.endpoints = std::move(endpoints);
  CPC_CO_TRY(const Bytes document, co_await document_at(std::move(target)));
  CPC_CO_TRY(const core::Iid said, claimed_iid(document));
  CPC_CO_TRY(const PeerIdentity identity, verify_document(document, name, said, timers_.now()));
  co_return identity.iid;
}

Task<> PeerDirectory::block(core::InstanceName name, bool is_blocked) {
  const auto set = [&](core::Peer& row) -> Result<> {
    row.is_blocked = is_blocked;
    return success();
  };
  CPC_CO_TRY(co_await change_row(name, set));
  reload(name);
  co_return success();
}

Task<core::Rebound> PeerDirectory::rebind(core::InstanceName name, core::Iid iid) {
  const TimePoint now = timers_.now();
  core::Leftover leftover;
  const auto look = [&](core::Snapshot& store) -> Result<> {
    CPC_TRY(leftover, core::leftover_of(store, name));
    return success();
  };
  CPC_CO_TRY(co_await store_.read(look));
  core::Rebound rebound;
  const auto bind = [&](core::Transaction& tx) -> Result<> {
    rebound = {};
    CPC_TRY(auto row, tx.find(core::PeerKey{name}));
    if (!row) row.emplace();
    // The same one again ends a conflict, and nothing else.
    if (row->iid == iid) {
      row->trust = core::Trust::pinned;
      row->source = "operator";
      row->rival.reset();
      row->rival_source.clear();
      tx.put(*std::move(row));
      return success();
    }
    CPC_TRY(rebound, core::end_conversations(tx, settings_.home, name, leftover));
    pin_to(*row, name, iid, now);
    row->endpoints.clear();  // They were the other one's.
    tx.put(*std::move(row));
    return success();
  };
  const core::Keys keys(1, core::PeerKey{name});
  CPC_CO_TRY(co_await store_.transact(keys, bind));
  reload(name);
  log_.warn("a name was bound anew by the operator", {{"peer", name.text()},
                                                      {"iid", cpc::to_text(iid)},
                                                      {"conversations", rebound.conversations}});
  co_return rebound;
}

Task<> PeerDirectory::forget(core::InstanceName name, bool even_so) {
  bool has_conversations = false;
  const auto look = [&](core::Snapshot& store) -> Result<> {
    CPC_TRY(const auto lanes, store.lanes_of(name, core::rebound_lanes_max));
    for (const core::Lane& lane : lanes) has_conversations |= !lane.conversation.is_zero();
    return success();
  };
  CPC_CO_TRY(co_await store_.read(look));
  if (has_conversations && !even_so) {
    co_return fail(ErrorCode::conflict, "people here have conversations with people there");
  }
  const auto erase = [&](core::Transaction& tx) -> Result<> {
    CPC_TRY(const auto row, tx.find(core::PeerKey{name}));
    if (!row) return fail(ErrorCode::not_found, "nothing is known of this name");
    tx.erase(core::PeerKey{name});
    return success();
  };
  const core::Keys keys(1, core::PeerKey{name});
  CPC_CO_TRY(co_await store_.transact(keys, erase));
  reload(name);
  co_return success();
}

Task<PeerDirectory::Identity> PeerDirectory::forget_caches(core::InstanceName name) {
  if (resolver_ != nullptr) resolver_->forget(name);
  reload(name);
  co_return co_await refresh_now(name);
}

}  // namespace cpc::federation
