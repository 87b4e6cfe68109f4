// Instances that a trusted peer introduces: a part of PeerDirectory. An introduction is a document
// that proves itself, and the word of who sent it that the name is this instance.
#include "federation/peer_directory.h"

namespace cpc::federation {

/// Whether somebody's introduction could suffice.
bool PeerDirectory::may_be_introduced() const {
  const TrustPolicy& policy = settings_.trust;
  return settings_.introduce && !policy.introducers.empty() &&
         policy.suffices(core::Trust::introduced);
}

/// The first of the introducers who knows the name decides. Fails with unavailable if one of them
/// could not be asked now, and no other one knows it.
Task<PeerDirectory::Identity> PeerDirectory::meet_by_introduction(core::InstanceName name) {
  const std::vector<core::InstanceName> introducers = settings_.trust.introducers;
  Error nobody = fail(ErrorCode::not_found, "nobody introduces this name");
  for (const core::InstanceName& introducer : introducers) {
    if (introducer == name) continue;
    // Who introduces others is known by the operator or a directory himself.
    const Result<> known = co_await prepare(introducer);
    if (!known) continue;
    const core::Trust trust = known_[introducer].standing.trust;
    const bool is_trusted = trust == core::Trust::pinned || trust == core::Trust::directory;
    if (!is_met(known_[introducer]) || !is_trusted) continue;
    Result<Bytes> document = co_await settings_.introduce(introducer, name);
    if (!document && document.error().code == ErrorCode::unavailable) nobody = document.error();
    if (!document) continue;
    const Result<core::Iid> said = claimed_iid(document.value());
    if (!said) continue;
    Claim claim{said.value(), {}, core::Trust::introduced, "introduced by " + introducer.text()};
    const Standing standing = known_[name].standing;
    if (is_conflict(standing, claim)) {
      CPC_CO_TRY(co_await note_rival(name, said.value(), claim.source));
      co_return fail(ErrorCode::conflict, "a peer introduces another instance than before");
    }
    if (standing.iid && standing.iid != claim.iid) continue;
    Result<Identity> met = co_await accept(name, std::move(document).value(), std::move(claim));
    if (met) co_return met;
  }
  co_return nobody;
}

Task<Bytes> PeerDirectory::introducible(core::InstanceName name) {
  std::optional<core::Peer> row;
  const auto look = [&](core::Snapshot& store) -> Result<> {
    CPC_TRY(row, store.find(core::PeerKey{name}));
    return success();
  };
  CPC_CO_TRY(co_await store_.read(look));
  const Error nobody = fail(ErrorCode::not_found, "nobody to introduce by this name");
  if (!row || row->document.empty() || name == settings_.home.name) co_return nobody;
  Known known;
  known.standing = standing_of(configured(name), row);
  const Standing& standing = known.standing;
  const auto state = word_on(name).state;
  const bool is_given_up =
      state == DirectoryWord::State::gone || state == DirectoryWord::State::contested;
  // Nobody is introduced on the word of another introducer, or of nobody.
  const bool is_vouched = is_met(known) && standing.trust < core::Trust::introduced;
  if (!is_vouched || standing.rival || !check_standing(name, known) ||
      (is_given_up && standing.trust != core::Trust::pinned)) {
    co_return nobody;
  }
  const auto identity = verify_document(row->document, name, *standing.iid, timers_.now());
  if (!identity) co_return nobody;  // It has expired; who asks could not take it.
  co_return std::move(row->document);
}

}  // namespace cpc::federation
