// The instance's key files: checked and loaded at start; the TLS key is made when there is none.
#pragma once

#include <optional>

#include "crypto/at_rest.h"
#include "daemon/config.h"
#include "federation/keyring.h"
#include "federation/tls_identity.h"

namespace cpc::daemon {

struct Keys {
  federation::Keyring keyring;
  bool is_first_delegation = false;  ///< Made just now, for there was none.
  crypto::MasterKey master;
  federation::TlsIdentity tls;
  std::optional<federation::TlsIdentity> client_tls;  ///< None: clients speak plain HTTP.
};

/// What load_keys would say of the instance's own keys, without making anything: a TLS key that is
/// not there yet is right.
[[nodiscard]] Result<> check_keys(const Config& config, TimePoint now);

/// Fails like crypto/key_file.h. A missing identity key is never replaced: over an existing store
/// it would make another instance. The root key is needed at the first start only, for the first
/// delegation, which KeyKeeper writes down; later it may lie elsewhere.
[[nodiscard]] Result<Keys> load_keys(const Config& config, TimePoint now);

}  // namespace cpc::daemon
