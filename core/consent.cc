#include "core/consent.h"

#include <array>

#include "core/codes.h"

namespace cpc::core {
namespace {

bool is_refusal(ConsentState state) {
  return state == ConsentState::denied || state == ConsentState::revoked ||
         state == ConsentState::blocked;
}

Result<std::optional<ConsentState>> state_of(Lookup& store, const std::string& owner,
                                             ConsentType type, ConsentScope scope,
                                             const std::string& subject) {
  CPC_TRY(const auto consent, store.find(ConsentKey{owner, type, scope, subject}));
  if (!consent) return std::optional<ConsentState>{};
  return std::optional<ConsentState>{consent->state};
}

}  // namespace

Result<Decision> verify_messaging_consent(Lookup& store, const Home& home, const std::string& owner,
                                          const Address& peer) {
  CPC_TRY(const auto account, store.find(AccountKey{owner}));
  if (!account || account->is_disabled) return Decision{Verdict::swallow, "no active account"};

  CPC_TRY(const auto person,
          state_of(store, owner, ConsentType::messaging, ConsentScope::person, peer.text()));
  if (person && is_refusal(*person)) return Decision{Verdict::swallow, "refused person"};

  CPC_TRY(const bool is_open, verify_federation_consent(store, home, owner, peer.instance));
  if (!is_open) return Decision{Verdict::swallow, "no federation opt-in"};
  if (person == ConsentState::granted) return Decision{Verdict::deliver, "granted person"};

  CPC_TRY(const auto instance, state_of(store, owner, ConsentType::messaging,
                                        ConsentScope::instance, peer.instance.text()));
  if (instance && is_refusal(*instance)) return Decision{Verdict::swallow, "refused instance"};
  if (instance == ConsentState::granted) return Decision{Verdict::deliver, "granted instance"};

  CPC_TRY(const auto anyone,
          state_of(store, owner, ConsentType::messaging, ConsentScope::anyone, "*"));
  if (anyone == ConsentState::granted) return Decision{Verdict::deliver, "granted anyone"};
  return Decision{Verdict::request, "no consent yet"};
}

Result<bool> verify_federation_consent(Lookup& store, const Home& home, const std::string& owner,
                                       const InstanceName& instance) {
  if (instance == home.name) return true;
  CPC_TRY(const auto towards, state_of(store, owner, ConsentType::cross_instance,
                                       ConsentScope::instance, instance.text()));
  if (towards) return *towards == ConsentState::granted;
  CPC_TRY(const auto anyone,
          state_of(store, owner, ConsentType::cross_instance, ConsentScope::anyone, "*"));
  return anyone == ConsentState::granted;
}

Result<> set_federation_opt_in(Transaction& tx, const Home&, const Moment& moment,
                               const std::string& owner,
                               const std::optional<InstanceName>& instance, bool is_granted) {
  const ConsentKey key =
      instance
          ? ConsentKey{owner, ConsentType::cross_instance, ConsentScope::instance, instance->text()}
          : ConsentKey{owner, ConsentType::cross_instance, ConsentScope::anyone, "*"};
  const ConsentState state = is_granted ? ConsentState::granted : ConsentState::revoked;
  CPC_TRY(write_consent(tx, key, state, "user_action", moment.now));
  return success();
}

Result<std::int64_t> write_consent(Transaction& tx, const ConsentKey& key, ConsentState state,
                                   std::string_view basis, TimePoint now) {
  CPC_TRY(const auto existing, tx.find(key));
  if (existing && existing->state == state) return existing->version;
  Consent consent{key.owner, key.type, key.scope, key.subject, state, 0, std::string{basis}, now};
  consent.version = (existing ? existing->version : 0) + 1;
  consent.told_version = existing ? existing->told_version : 0;
  tx.put(consent);
  tx.touched().accounts[key.owner].everything = true;
  return consent.version;
}

ConsentKey messaging_consent(const std::string& owner, const Address& subject) {
  return {owner, ConsentType::messaging, ConsentScope::person, subject.text()};
}

Result<std::int64_t> next_told_version(Lookup& store, const ConsentKey& key) {
  CPC_TRY(const auto consent, store.find(key));
  return (consent ? consent->told_version : 0) + 1;
}

Result<> note_told(Transaction& tx, const ConsentKey& key, std::int64_t version) {
  CPC_TRY(auto consent, tx.find(key));
  if (!consent) return fail(ErrorCode::internal, "somebody was told of a consent that is none");
  consent->told_version = version;
  tx.put(*std::move(consent));
  // The row gets a change number, and whoever resumes from a cursor is given it too.
  tx.touched().accounts[key.owner].everything = true;
  return success();
}

}  // namespace cpc::core
