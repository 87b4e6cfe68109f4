// The keys that speak for us. Which of them do, and from when to when, stands in our delegation;
// keys follow each other while the daemon runs, so whoever signs takes the one of this moment.
// docs/operating.md section "Keys".
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "federation/own_delegation.h"
#include "federation/sealing_keys.h"

namespace cpc::federation {

/// Owned by the daemon's parts list. Network thread only; the keys themselves may be used on any.
class Keyring {
 public:
  using Key = std::shared_ptr<const crypto::SigningKey>;

  /// `signing` holds at least one key that `delegation` names.
  Keyring(OwnDelegation delegation, std::vector<crypto::SigningKey> signing);

  /// Whose id everybody knows us by.
  [[nodiscard]] const core::Iid& iid() const { return delegation_.identity.iid; }
  [[nodiscard]] const OwnDelegation& delegation() const { return delegation_; }

  /// The key to sign with: the newest that peers take by now, whose private half we have. Never
  /// null.
  [[nodiscard]] Key signing(TimePoint now) const;
  /// Whether what the key `id` signed before is still taken at `when`.
  [[nodiscard]] bool is_in_force(const crypto::KeyId& id, TimePoint when) const {
    return delegation_.identity.key(id, when) != nullptr;
  }
  [[nodiscard]] bool has_private(const crypto::KeyId& id) const;

  /// This is what our root key says now; `made` is the private half of a key that it names for the
  /// first time. It has to be published before anybody may rely on it: until take_over() we sign as
  /// before.
  void follow(OwnDelegation delegation, std::optional<crypto::SigningKey> made);
  /// What our next document says, and who signs it.
  [[nodiscard]] const OwnDelegation& newest() const { return next_ ? *next_ : delegation_; }
  [[nodiscard]] Key publisher(TimePoint now) const;
  /// The document with newest() can be had. Private halves of keys that are retired or revoked are
  /// forgotten.
  void take_over();

  SealingKeys sealing{};

 private:
  struct Usable {
    Key key;
    TimePoint from;  ///< Peers whose clock is behind ours take it by then, too.
    TimePoint until;
  };
  [[nodiscard]] std::vector<Usable> usable_of(const OwnDelegation& delegation) const;
  [[nodiscard]] static Key chosen(const std::vector<Usable>& usable, TimePoint now);

  OwnDelegation delegation_;
  std::optional<OwnDelegation> next_{};
  std::vector<Key> signing_;
  std::vector<Usable> usable_;  // Those of delegation_ whose private half we have, oldest first.
};

}  // namespace cpc::federation
