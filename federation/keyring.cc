#include "federation/keyring.h"

#include <algorithm>

namespace cpc::federation {

Keyring::Keyring(OwnDelegation delegation, std::vector<crypto::SigningKey> signing)
    : delegation_(std::move(delegation)) {
  for (crypto::SigningKey& key : signing) {
    signing_.push_back(std::make_shared<const crypto::SigningKey>(std::move(key)));
  }
  usable_ = usable_of(delegation_);
}

Keyring::Key Keyring::signing(TimePoint now) const {
  return chosen(usable_, now);
}

Keyring::Key Keyring::publisher(TimePoint now) const {
  return chosen(usable_of(newest()), now);
}

// A clock that stands before all of them, or after, is wrong: peers would refuse any key of ours.
Keyring::Key Keyring::chosen(const std::vector<Usable>& usable, TimePoint now) {
  const Usable* best = now < usable.front().from ? &usable.front() : &usable.back();
  for (const Usable& one : usable) {
    if (one.from <= now && now < one.until) best = &one;
  }
  return best->key;
}

std::vector<Keyring::Usable> Keyring::usable_of(const OwnDelegation& delegation) const {
  std::vector<Usable> usable;
  for (const DelegatedKey& delegated : delegation.identity.keys) {
    const auto found =
        std::ranges::find(signing_, delegated.key.id(), [](const Key& key) { return key->id(); });
    if (found == signing_.end()) continue;
    usable.push_back({*found, delegated.not_before + document_skew_max, delegated.not_after});
  }
  std::ranges::stable_sort(usable, {}, &Usable::from);
  return usable;
}

bool Keyring::has_private(const crypto::KeyId& id) const {
  return std::ranges::any_of(signing_, [&](const Key& key) { return key->id() == id; });
}

void Keyring::follow(OwnDelegation delegation, std::optional<crypto::SigningKey> made) {
  next_ = std::move(delegation);
  if (made) signing_.push_back(std::make_shared<const crypto::SigningKey>(*std::move(made)));
}

void Keyring::take_over() {
  if (!next_) return;
  delegation_ = *std::exchange(next_, {});
  const auto& retired = delegation_.identity.retired;
  std::erase_if(signing_, [&](const Key& key) {
    return std::ranges::any_of(retired, [&](const auto& one) { return one.key.id() == key->id(); });
  });
  usable_ = usable_of(delegation_);
}

}  // namespace cpc::federation
