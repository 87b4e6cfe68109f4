// The keys that speak for us, constant after start, and those that peers seal to, which follow each
// other.
#pragma once

#include "core/home.h"
#include "crypto/signing_key.h"
#include "federation/instance_document.h"
#include "federation/sealing_keys.h"

namespace cpc::federation {

/// Owned by the daemon's parts list.
struct Keyring {
  crypto::SigningKey root;     ///< May be used on any thread.
  crypto::SigningKey signing;  ///< Likewise.
  SealingKeys sealing{};
};

}  // namespace cpc::federation
