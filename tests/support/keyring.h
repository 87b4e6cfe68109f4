// The keys of an instance in a test.
#pragma once

#include "federation/keyring.h"

namespace cpc::tests {

/// With one signing key, delegated at `at`.
[[nodiscard]] inline federation::Keyring keyring_of(const core::InstanceName& name,
                                                    const crypto::SigningKey& root,
                                                    crypto::SigningKey signing, TimePoint at) {
  auto delegation =
      federation::first_delegation(name, root, {}, {signing.public_key()}, at).value();
  std::vector<crypto::SigningKey> keys;
  keys.push_back(std::move(signing));
  return {std::move(delegation), std::move(keys)};
}

}  // namespace cpc::tests
