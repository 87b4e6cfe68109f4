// What lies in the key folder about who we are: root keys, if they are at hand, signing keys, and
// the delegation that ties them together. Files of root keys may be taken away and put back at any
// time; which key is whose shows its id, not its file's name. Never overwrites a private key.
//
// root.key, next-root.key, root-<milliseconds>.key   root keys: 0600, found when they are needed
// signing.key, signing/<milliseconds>.key            signing keys: 0600, read at start
// delegation.json                                    what the root key said last; not secret
// delegation-request.json                            what it shall say next, while it is elsewhere
#pragma once

#include <optional>
#include <vector>

#include "daemon/config.h"
#include "federation/own_delegation.h"

namespace cpc::daemon {

/// The root key with this id, if it lies in the folder. Fails like crypto/key_file.h, and with
/// invalid if its private half is published.
[[nodiscard]] Result<std::optional<crypto::SigningKey>> find_root_key(const KeysConfig& keys,
                                                                      const crypto::KeyId& id);
/// All root keys that lie in the folder, by their ids. Fails likewise.
[[nodiscard]] Result<std::vector<crypto::KeyId>> root_keys_at_hand(const KeysConfig& keys);
/// All signing keys. Fails likewise.
[[nodiscard]] Result<std::vector<crypto::SigningKey>> load_signing_keys(const KeysConfig& keys);

/// A new key in a file of its own, named by `now`, synced. Fails as crypto::write_signing_key.
[[nodiscard]] Result<crypto::SigningKey> make_signing_key(const KeysConfig& keys, TimePoint now);
[[nodiscard]] Result<crypto::SigningKey> make_root_key(const KeysConfig& keys, TimePoint now);
/// Removes the signing key's file, if it is there: a key that nobody takes any more is of use to a
/// thief alone.
void remove_signing_key(const KeysConfig& keys, const crypto::KeyId& id);

/// None if there is no such file. Fails with invalid or denied if it is not a delegation of `name`.
[[nodiscard]] Result<std::optional<federation::OwnDelegation>> load_delegation(
    const KeysConfig& keys, const core::InstanceName& name);
/// In place of the one before, at once or not at all.
[[nodiscard]] Result<> write_delegation(const KeysConfig& keys, const federation::Jws& delegation);
/// The JSON that a file, cpcctl and a document hold.
[[nodiscard]] Result<federation::Jws> delegation_from_text(std::string_view text);

/// What waits for the root key; none if nothing does.
[[nodiscard]] Result<std::optional<federation::DelegationRequest>> load_request(
    const KeysConfig& keys);
[[nodiscard]] Result<> write_request(const KeysConfig& keys,
                                     const federation::DelegationRequest& request);
void remove_request(const KeysConfig& keys);

}  // namespace cpc::daemon
