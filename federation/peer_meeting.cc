// Instances that are not in the configuration: who says that a name is which iid, where, and
// whether that suffices. The other half of PeerDirectory, which knows those that were met.
#include <algorithm>

#include "federation/peer_directory.h"

namespace cpc::federation {
namespace {

constexpr std::size_t unmet_max = 1024;
constexpr auto meetings_window = std::chrono::minutes{1};

}  // namespace

/// Whether DNS could say anything that suffices. Where it could not, it is not told whom our people
/// write to, and strangers cannot make us ask.
bool PeerDirectory::asks_dns() const {
  const TrustPolicy& policy = settings_.trust;
  if (resolver_ == nullptr) return false;
  return policy.suffices(core::Trust::tofu) ||
         (policy.is_dns_trusted && policy.suffices(core::Trust::dnssec));
}

DirectoryWord PeerDirectory::word_on(const core::InstanceName& name) const {
  return settings_.directories ? settings_.directories(name) : DirectoryWord{};
}

/// A directory vouches for it, and that suffices.
bool PeerDirectory::is_listed(const core::InstanceName& name) const {
  return settings_.trust.suffices(core::Trust::directory) &&
         word_on(name).state == DirectoryWord::State::active;
}

bool PeerDirectory::may_be_looked_for(const core::InstanceName& name) const {
  return asks_dns() || is_listed(name) || may_be_introduced();
}

/// A stranger who claims names makes us ask for few of them, and for each once a minute.
Result<> PeerDirectory::may_meet(const core::InstanceName& name, Asker asker) {
  if (!may_be_looked_for(name)) {
    return fail(ErrorCode::not_found, "nobody who suffices vouches for this name");
  }
  if (asker == Asker::us) return success();
  const Known& known = known_[name];
  if (is_recent(known.asked_for_stranger_at)) {
    if (known.not_met) return *known.not_met;
    return fail(ErrorCode::unavailable, "this name was looked for within the minute");
  }
  if (met_ >= met_max) return fail(ErrorCode::unavailable, "too many instances were met");
  const routing::SteadyPoint now = timers_.steady_now();
  if (now >= meetings_since_ + meetings_window) {
    meetings_since_ = now;
    stranger_meetings_ = 0;
  }
  if (stranger_meetings_ >= stranger_meetings_max) {
    return fail(ErrorCode::unavailable, "too many unknown names within a minute");
  }
  ++stranger_meetings_;
  return success();
}

// Names that strangers made up are not remembered for ever.
void PeerDirectory::drop_unmet() {
  if (known_.size() < static_.size() + unmet_max) return;
  std::erase_if(known_, [this](const auto& entry) {
    const Known& known = entry.second;
    const bool is_in_use = known.look_up.is_under_way() || is_recent(known.asked_at);
    return !static_.contains(entry.first) && !known.standing.iid && !is_in_use;
  });
}

Task<PeerDirectory::Identity> PeerDirectory::meet(core::InstanceName name) {
  Result<Claim> claim = fail(ErrorCode::not_found, "nobody vouches for this name");
  if (is_listed(name)) {
    claim = co_await claim_of_directory(name);
  } else {
    claim = co_await claim_of_dns(name);
  }
  const bool is_vouched = claim && claim.value().trust < core::Trust::introduced &&
                          settings_.trust.suffices(claim.value().trust);
  if (!is_vouched && !is_listed(name) && may_be_introduced()) {
    Result<Identity> met = co_await meet_by_introduction(name);
    if (met || met.error().code == ErrorCode::conflict) co_return met;
    const bool is_enough = claim && settings_.trust.suffices(claim.value().trust);
    if (!is_enough && met.error().code == ErrorCode::unavailable) co_return met;
  }
  if (!claim) co_return claim.error();
  co_return co_await take_claim(name, std::move(claim).value());
}

/// Who it is, in the word of a directory, and where, in its word or else that of DNS.
Task<Claim> PeerDirectory::claim_of_directory(core::InstanceName name) {
  Claim claim = word_on(name).claim;
  if (!claim.endpoints.empty()) co_return claim;
  if (resolver_ == nullptr) {
    co_return fail(ErrorCode::unavailable, "the directory does not say where it is");
  }
  CPC_CO_TRY(routing::Hints hints, co_await resolver_->resolve(name));
  if (hints.iid && hints.iid != claim.iid) {
    co_return fail(ErrorCode::unavailable, "DNS names another instance than the directory");
  }
  claim.endpoints = std::move(hints.endpoints);
  co_return claim;
}

Task<Claim> PeerDirectory::claim_of_dns(core::InstanceName name) {
  if (!asks_dns()) co_return fail(ErrorCode::not_found, "DNS is not asked for unknown names");
  CPC_CO_TRY(routing::Hints hints, co_await resolver_->resolve(name));
  Claim claim;
  claim.iid = hints.iid;
  claim.endpoints = std::move(hints.endpoints);
  const bool is_vouched = hints.is_authenticated && hints.iid;
  claim.trust = is_vouched ? core::Trust::dnssec : core::Trust::tofu;
  claim.source = is_vouched ? "dns" : "first use";
  co_return claim;
}

Task<PeerDirectory::Identity> PeerDirectory::take_claim(core::InstanceName name, Claim claim) {
  if (!settings_.trust.suffices(claim.trust)) {
    co_return fail(ErrorCode::not_found, "nobody who suffices vouches for this name");
  }
  const Standing standing = known_[name].standing;
  if (is_conflict(standing, claim)) {
    CPC_CO_TRY(co_await note_rival(name, *claim.iid, claim.source));
    co_return fail(ErrorCode::conflict, "the name is said to be another instance than before");
  }
  // Who was pinned once and is vouched for by nobody who suffices is still nobody else.
  if (standing.iid) claim.iid = standing.iid;
  LinkTarget target;
  target.peer = name;
  target.endpoints = claim.endpoints;
  CPC_CO_TRY(Bytes document, co_await document_at(std::move(target)));
  co_return co_await accept(name, std::move(document), std::move(claim));
}

/// Somebody stronger than before vouches for the iid that the name is pinned to.
Task<> PeerDirectory::raise(core::InstanceName name, Claim claim) {
  if (claim.trust >= known_[name].standing.trust) co_return success();
  const auto write = [&](core::Peer& row) -> Result<> {
    if (row.iid != *claim.iid) {
      return fail(ErrorCode::unavailable, "the operator changed what is known of this name");
    }
    if (claim.trust >= row.trust) return success();
    row.trust = claim.trust;
    row.source = claim.source;
    return success();
  };
  CPC_CO_TRY(co_await change_row(name, write));
  if (!known_[name].is_loaded) co_return success();  // The operator gave an order meanwhile.
  known_[name].standing.trust = claim.trust;
  known_[name].standing.source = claim.source;
  co_return success();
}

/// What the signed directories say of a name: they may vouch for it, contradict, or keep it out.
/// Whom the operator vouches for is not their business, nor is who is let in on their word alone
/// lost when they fall silent.
Task<> PeerDirectory::listen_to_directories(core::InstanceName name) {
  const DirectoryWord word = word_on(name);
  const Standing standing = known_[name].standing;
  if (standing.trust == core::Trust::pinned) co_return success();
  if (word.state == DirectoryWord::State::contested) co_return fail(ErrorCode::conflict, word.why);
  if (word.state == DirectoryWord::State::gone) co_return fail(ErrorCode::not_found, word.why);
  if (word.state == DirectoryWord::State::silent || !standing.iid) co_return success();
  if (word.claim.iid == standing.iid && standing.trust != core::Trust::none) {
    co_return co_await raise(name, word.claim);
  }
  if (!is_conflict(standing, word.claim)) co_return success();
  CPC_CO_TRY(co_await note_rival(name, *word.claim.iid, word.claim.source));
  co_return fail(ErrorCode::conflict, "a directory names another instance than before");
}

/// What DNS says of a peer that we know: it may vouch for it, or contradict.
Task<> PeerDirectory::listen_to_dns(core::InstanceName name, routing::Hints hints) {
  if (!hints.iid) co_return success();
  const Standing standing = known_[name].standing;
  Claim claim;
  claim.iid = hints.iid;
  claim.trust = hints.is_authenticated ? core::Trust::dnssec : core::Trust::tofu;
  claim.source = "dns";
  if (claim.iid == standing.iid) co_return co_await raise(name, std::move(claim));
  if (!standing.is_static && is_conflict(standing, claim)) {
    CPC_CO_TRY(co_await note_rival(name, *claim.iid, claim.source));
    co_return fail(ErrorCode::conflict, "DNS names another instance than before");
  }
  Known& known = known_[name];
  if (known.wrong_hint_until == hints.holds_until) co_return success();
  known.wrong_hint_until = hints.holds_until;
  log_.warn("DNS names another instance than the configured one",
            {{"peer", name.text()}, {"dns_iid", to_text(*hints.iid)}});
  co_return success();
}

Task<> PeerDirectory::keep_contradiction(core::InstanceName name, Bytes document) {
  const core::Evidence row{
      name, core::evidence_of_identity, timers_.now(), std::string{core::evidence_identity},
      {},   std::move(document)};
  const auto keep = [&](core::Transaction& tx) -> Result<> {
    tx.put(row);
    return success();
  };
  const core::Keys no_keys;
  co_return co_await store_.transact(no_keys, keep);
}

}  // namespace cpc::federation
