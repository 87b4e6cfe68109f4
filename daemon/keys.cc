#include "daemon/keys.h"

#include <algorithm>

#include "crypto/key_file.h"
#include "daemon/client_tls.h"
#include "daemon/key_files.h"
#include "daemon/sealing_key_files.h"

namespace cpc::daemon {
namespace {

// What to do about a key file that is not there.
Error with_advice(Error error, const Config& config) {
  if (error.code != ErrorCode::not_found) return error;
  error.detail += ". A new instance gets its keys by: cpcctl init --name " +
                  config.instance.text() + "; an existing one gets them back from its backup";
  return error;
}

/// Neither of the two files is there; one without the other was lost.
bool is_tls_absent(const Config& config) {
  return !std::filesystem::exists(config.keys.tls_key()) &&
         !std::filesystem::exists(config.keys.tls_certificate());
}

Result<federation::TlsIdentity> load_tls(const Config& config, TimePoint now) {
  const auto key = config.keys.tls_key();
  const auto certificate = config.keys.tls_certificate();
  auto loaded = federation::load_tls_identity(key, certificate);
  if (loaded || !is_tls_absent(config)) return loaded;
  CPC_TRY(auto made, federation::TlsIdentity::make(config.instance.text(), now));
  CPC_TRY(federation::write_tls_identity(key, certificate, made));
  return made;
}

struct OwnKeys {
  federation::OwnDelegation delegation;
  std::vector<crypto::SigningKey> signing;
  federation::SealingKeys sealing;
  crypto::MasterKey master;
};

// The first word of our root key; later ones follow from it.
Result<federation::OwnDelegation> delegate_first(const Config& config,
                                                 const std::vector<crypto::SigningKey>& signing,
                                                 TimePoint now) {
  auto root = crypto::load_signing_key(config.keys.root_key());
  if (!root) return with_advice(root.error(), config);
  CPC_TRY(const auto at_hand, root_keys_at_hand(config.keys));
  std::optional<crypto::KeyId> next;
  for (const crypto::KeyId& id : at_hand) {
    if (id != root.value().id()) next = id;
  }
  if (signing.empty() || signing.size() > federation::signing_keys_max || at_hand.size() > 2) {
    return fail(ErrorCode::not_found,
                config.keys.delegation().string() +
                    " is not there, and from the other files alone it cannot be told who may speak "
                    "for this instance. Put it back from a backup of the key folder");
  }
  std::vector<crypto::PublicKey> keys;
  for (const auto& key : signing) keys.push_back(key.public_key());
  return federation::first_delegation(config.instance, root.value(), next, keys, now);
}

Result<OwnKeys> load_own(const Config& config, TimePoint now) {
  // Root keys are read when they are needed; a file that could not be used is told now.
  CPC_TRY(root_keys_at_hand(config.keys));
  CPC_TRY(auto delegation, load_delegation(config.keys, config.instance));
  CPC_TRY(auto signing, load_signing_keys(config.keys));
  if (!delegation) {
    CPC_TRY(delegation, delegate_first(config, signing, now));
  }
  const bool can_speak = std::ranges::any_of(signing, [&](const crypto::SigningKey& key) {
    return std::ranges::any_of(delegation->identity.keys, [&](const auto& delegated) {
      return delegated.key == key.public_key();
    });
  });
  if (!can_speak) {
    return fail(ErrorCode::not_found,
                "none of the signing keys that speak for this instance lies in " +
                    config.keys.folder.string() +
                    " (signing.key, signing/). Put them back from a backup; without one, a root "
                    "key can name new ones: docs/operating.md, \"Keys\"");
  }
  auto master = crypto::load_master_key(config.keys.master_key());
  if (!master) return with_advice(master.error(), config);
  CPC_TRY(auto sealing, load_sealing_keys(config.keys.sealing_keys()));
  return OwnKeys{*std::move(delegation), std::move(signing), std::move(sealing),
                 std::move(master).value()};
}

}  // namespace

Result<> check_keys(const Config& config, TimePoint now) {
  CPC_TRY(const OwnKeys own, load_own(config, now));
  const auto tls =
      federation::load_tls_identity(config.keys.tls_key(), config.keys.tls_certificate());
  if (tls || is_tls_absent(config)) return success();
  return fail(ErrorCode::invalid, tls.error().detail + "; put it back, or remove both TLS files");
}

Result<Keys> load_keys(const Config& config, TimePoint now) {
  CPC_TRY(OwnKeys own, load_own(config, now));
  const bool is_first = !std::filesystem::exists(config.keys.delegation());
  CPC_TRY(auto tls, load_tls(config, now));
  CPC_TRY(auto client_tls, load_client_tls(config.client));
  federation::Keyring keyring{std::move(own.delegation), std::move(own.signing)};
  keyring.sealing = std::move(own.sealing);
  return Keys{std::move(keyring), is_first, std::move(own.master), std::move(tls),
              std::move(client_tls)};
}

}  // namespace cpc::daemon
