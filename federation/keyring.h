// The keys that speak for us and the document that says so. Constant after start.
#pragma once

#include "core/home.h"
#include "crypto/signing_key.h"
#include "federation/instance_document.h"

namespace cpc::federation {

/// Owned by the daemon's parts list; may be read from any thread.
struct Keyring {
  crypto::SigningKey root;
  crypto::SigningKey signing;
};

}  // namespace cpc::federation
