// Our keys over time: which signing keys speak for us, who follows them, and who follows the root
// key. Each change is first on disk (key_files.h), then published, and from then on in force; what
// could not be published is tried again. docs/operating.md section "Keys".
#pragma once

#include "core/base/log.h"
#include "daemon/admin_protocol/messages.h"
#include "daemon/keys.h"
#include "federation/own_document.h"
#include "routing/ports.h"

namespace cpc::daemon {

/// Network thread only.
class KeyKeeper {
 public:
  struct Parts {
    const Config& config;
    Keys& keys;
    federation::OwnDocument& document;
    routing::StoreGate& store;
    routing::Timers& timers;
    routing::Random& random;
    Log& log;
    std::function<void()> keys_changed;  ///< What is owed may have to be signed anew.
  };
  explicit KeyKeeper(Parts parts) : self_(std::move(parts)) {}

  /// Before anything is served: takes what was published last, if our files are older than that,
  /// and publishes a document. Fails as the store does.
  [[nodiscard]] Task<> begin();
  /// Looks once an hour, until cancelled: makes and destroys sealing keys, forgets signing keys
  /// whose time is over, and tells the operator of a root key that is needed before long.
  [[nodiscard]] boost::asio::awaitable<void> run();
  /// The delegation is signed anew at half life, if the root key is at hand. For OwnDocument.
  bool renew_delegation(TimePoint now);

  /// Why an operator has to do something about our keys; empty if nothing.
  [[nodiscard]] std::vector<std::string> worries() const;
  [[nodiscard]] Result<admin_protocol::KeyList> list() const;

  // Changes that wait for a root key add up: one takes nothing back that another one asked for.
  /// A new signing key, which takes over in `ahead`; the one that waits for the root key already,
  /// if one does. Fails with conflict if three are in force.
  [[nodiscard]] Task<admin_protocol::KeyChanged> rotate(Milliseconds ahead);
  /// The promised root key takes over now. Fails with not_found if it is not at hand.
  [[nodiscard]] Task<admin_protocol::KeyChanged> rotate_root();
  /// A new sealing key, published at once.
  [[nodiscard]] Task<admin_protocol::KeyChanged> rotate_sealing();
  /// What the signing key signs from now on counts for nothing; where no other could speak for us,
  /// a new one takes over at once. Fails with conflict if it is none of ours, or another
  /// revocation waits for the root key.
  [[nodiscard]] Task<admin_protocol::KeyChanged> revoke(crypto::KeyId id);
  /// What a root key that lies elsewhere has to sign: the change that waits for it, or a renewal.
  [[nodiscard]] Result<Bytes> request() const;
  /// Puts a delegation in force that was signed elsewhere. Fails with invalid, denied or conflict
  /// if it does not follow the one in force, undoes a part of it, or names no signing key that we
  /// have.
  [[nodiscard]] Task<admin_protocol::KeyChanged> import(std::string text);

 private:
  [[nodiscard]] const federation::OwnDelegation& current() const {
    return self_.keys.keyring.newest();
  }
  [[nodiscard]] Result<std::optional<crypto::KeyId>> spare_root() const;
  [[nodiscard]] Result<std::optional<federation::OwnDelegation>> signed_here(
      const federation::DelegationRequest& request) const;
  [[nodiscard]] Result<federation::DelegationChange> waiting() const;
  [[nodiscard]] Result<crypto::PublicKey> following_key(
      const federation::DelegationChange& waits) const;
  [[nodiscard]] Task<admin_protocol::KeyChanged> carry_out(federation::DelegationChange change);
  [[nodiscard]] Result<> put_in_force(federation::OwnDelegation next);
  [[nodiscard]] boost::asio::awaitable<void> publish();
  [[nodiscard]] bool turn_sealing(bool is_wanted);
  void drop_old_keys();

  Parts self_;
};

}  // namespace cpc::daemon
