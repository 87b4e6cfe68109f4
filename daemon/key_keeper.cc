#include "daemon/key_keeper.h"

#include <algorithm>

#include "daemon/key_files.h"
#include "daemon/sealing_key_files.h"
#include "federation/instance_document.h"
#include "federation/strict_json.h"

namespace cpc::daemon {
namespace {

using admin_protocol::KeyChanged;
using admin_protocol::KeyList;
using admin_protocol::KeyRow;
using namespace std::chrono_literals;

constexpr auto renew_after = federation::delegation_life_max / 2;
constexpr auto warn_before = std::chrono::hours{24 * 60};
/// Peers allow five minutes of skew for the date of issue.
constexpr auto set_back_max = std::chrono::minutes{2};

/// The delegation inside a document that was published before; none if there is none.
std::optional<federation::OwnDelegation> delegation_of(const core::Peer& row) {
  const auto value = federation::parse_strict_json(row.document);
  if (!value || !value.value().is_object() || !value.value().contains("delegation")) return {};
  const auto jws = federation::jws_from_json(value.value().at("delegation"));
  if (!jws) return {};
  auto own = federation::read_own_delegation(jws.value(), row.name);
  if (!own) return {};
  return std::move(own).value();
}

}  // namespace

Task<> KeyKeeper::begin() {
  std::optional<core::Peer> row;
  const auto look = [&](core::Snapshot& store) -> Result<> {
    CPC_TRY(row, store.find(core::PeerKey{self_.config.instance}));
    return success();
  };
  CPC_CO_TRY(co_await self_.store.read(look));
  auto published = row ? delegation_of(*row) : std::nullopt;
  const bool is_of_us = published && published->identity.iid == self_.keys.keyring.iid();
  const bool is_behind =
      is_of_us && published->identity.delegation_serial > current().identity.delegation_serial;
  if (is_of_us && (is_behind || self_.keys.is_first_delegation)) {
    self_.log.warn("delegation.json was missing or old; what was published last is in force", {});
    CPC_CO_TRY(put_in_force(*std::move(published)));
    static_cast<void>(renew_delegation(self_.timers.now()));
  }
  // Not before the store has proved to be ours.
  if (self_.keys.is_first_delegation) {
    CPC_CO_TRY(write_delegation(self_.config.keys, current().jws));
    self_.keys.is_first_delegation = false;
  }
  static_cast<void>(turn_sealing(false));
  co_return co_await self_.document.renew();
}

bool KeyKeeper::renew_delegation(TimePoint now) {
  const TimePoint issued = current().issued;
  const bool is_due = now >= issued + renew_after || now + set_back_max < issued;
  if (!is_due) return false;
  auto change = waiting();
  auto next = change ? signed_here({current(), std::move(change).value()}) : change.error();
  if (next && !next.value()) return false;
  const Result<> done = next ? put_in_force(*std::move(next).value()) : Result<>{next.error()};
  if (!done) {
    self_.log.error("the delegation was not renewed", {{"reason", done.error().detail}});
  }
  return done.has_value();
}

boost::asio::awaitable<void> KeyKeeper::run() {
  for (;;) {
    co_await self_.timers.sleep_until(self_.timers.steady_now() + 1h);
    if (turn_sealing(false)) co_await publish();
    drop_old_keys();
    for (const std::string& worry : worries()) {
      self_.log.warn("keys need the operator", {{"reason", worry}});
    }
  }
}

// A root key at hand that never signed for us and is not promised yet.
Result<std::optional<crypto::KeyId>> KeyKeeper::spare_root() const {
  const federation::PeerIdentity& identity = current().identity;
  std::optional<crypto::KeyId> spare;
  CPC_TRY(const auto at_hand, root_keys_at_hand(self_.config.keys));
  for (const crypto::KeyId& id : at_hand) {
    const bool has_signed = std::ranges::find(identity.roots, id) != identity.roots.end();
    if (!has_signed && id != identity.next_root) spare = id;
  }
  return spare;
}

// By the root key that signs now, if it is at hand. Where it has promised nobody yet, another root
// key that lies beside it is promised.
Result<std::optional<federation::OwnDelegation>> KeyKeeper::signed_here(
    const federation::DelegationRequest& request) const {
  const KeysConfig& files = self_.config.keys;
  CPC_TRY(const auto root, find_root_key(files, current().root()));
  if (!root) return std::optional<federation::OwnDelegation>{};
  CPC_TRY(const auto next_root, spare_root());
  CPC_TRY(auto next, federation::next_delegation(request, *root, next_root, self_.timers.now()));
  return std::optional<federation::OwnDelegation>{std::move(next)};
}

// What was asked for while the root key lay elsewhere, and did not come into force since.
Result<federation::DelegationChange> KeyKeeper::waiting() const {
  CPC_TRY(auto request, load_request(self_.config.keys));
  if (!request) return federation::DelegationChange{};
  return federation::still_to_come(std::move(request->change), current().identity);
}

Result<> KeyKeeper::put_in_force(federation::OwnDelegation next) {
  // A key that was just made, or waited for its delegation, is not in the keyring yet.
  std::optional<crypto::SigningKey> made;
  CPC_TRY(auto files, load_signing_keys(self_.config.keys));
  for (crypto::SigningKey& key : files) {
    const bool is_new =
        next.identity.find(key.id()) != nullptr && !self_.keys.keyring.has_private(key.id());
    if (is_new) made.emplace(std::move(key));
  }
  const auto speaks = [&](const federation::DelegatedKey& delegated) {
    return self_.keys.keyring.has_private(delegated.key.id()) ||
           (made && made->id() == delegated.key.id());
  };
  if (std::ranges::none_of(next.identity.keys, speaks)) {
    return fail(ErrorCode::conflict, "it names no signing key that lies here");
  }
  CPC_TRY(write_delegation(self_.config.keys, next.jws));
  self_.keys.keyring.follow(std::move(next), std::move(made));
  self_.keys.is_first_delegation = false;
  const auto waits = waiting();
  if (waits && waits.value().is_empty()) remove_request(self_.config.keys);
  return success();
}

// What could not be published now is tried again by the document's own loop each minute.
boost::asio::awaitable<void> KeyKeeper::publish() {
  self_.document.want_renewal();
  const Result<> published = co_await self_.document.renew();
  if (published) {
    self_.keys_changed();
    co_return;
  }
  self_.log.error("own document was not renewed; it is tried again each minute",
                  {{"reason", published.error().detail}});
}

// The signing key that waits for the root key already, or a new one.
Result<crypto::PublicKey> KeyKeeper::following_key(
    const federation::DelegationChange& waits) const {
  if (waits.new_key) {
    CPC_TRY(const auto files, load_signing_keys(self_.config.keys));
    for (const crypto::SigningKey& key : files) {
      if (key.id() == waits.new_key->key.id()) return key.public_key();
    }
  }
  CPC_TRY(const auto made, make_signing_key(self_.config.keys, self_.timers.now()));
  return made.public_key();
}

// `change` has in it what waits already.
Task<KeyChanged> KeyKeeper::carry_out(federation::DelegationChange change) {
  const federation::DelegationRequest request{current(), std::move(change)};
  const auto& new_key = request.change.new_key;
  KeyChanged done;
  if (new_key) {
    done.key = to_text(new_key->key.id());
    done.from = new_key->from;
  }
  auto next = signed_here(request);
  if (next && next.value()) {
    const Result<> in_force = put_in_force(*std::move(next).value());
    if (!in_force) co_return in_force.error();
    done.serial = current().identity.delegation_serial;
    co_await publish();
    co_return done;
  }
  Result<> kept = next ? write_request(self_.config.keys, request) : Result<>{next.error()};
  if (!kept) {
    const auto waits = waiting();
    const bool is_older =
        !waits || (waits.value().new_key && new_key && waits.value().new_key->key == new_key->key);
    if (new_key && !is_older) remove_signing_key(self_.config.keys, new_key->key.id());
    co_return kept.error();
  }
  done.waits_for_root = to_text(current().root());
  co_return done;
}

Task<KeyChanged> KeyKeeper::rotate(Milliseconds ahead) {
  const TimePoint now = self_.timers.now();
  if (current().identity.keys.size() >= federation::signing_keys_max &&
      std::ranges::none_of(current().identity.keys,
                           [&](const auto& key) { return key.not_after <= now; })) {
    co_return fail(ErrorCode::conflict,
                   "three signing keys are in force already; see: cpcctl key list");
  }
  CPC_CO_TRY(auto change, waiting());
  CPC_CO_TRY(const auto key, following_key(change));
  change.new_key.emplace(federation::DelegationChange::NewKey{key, now + ahead});
  co_return co_await carry_out(std::move(change));
}

Task<KeyChanged> KeyKeeper::revoke(crypto::KeyId id) {
  const TimePoint now = self_.timers.now();
  if (current().identity.find(id) == nullptr || current().identity.is_revoked(id)) {
    co_return fail(ErrorCode::conflict, current().identity.is_revoked(id)
                                            ? "this key is revoked already"
                                            : "there is no such signing key of ours");
  }
  CPC_CO_TRY(auto change, waiting());
  if (change.revoked && *change.revoked != id) {
    co_return fail(ErrorCode::conflict, "the revocation of " + to_text(*change.revoked) +
                                            " waits for the root key; have that signed first: "
                                            "cpcctl key export");
  }
  change.revoked = id;
  const auto speaks = [&](const federation::DelegatedKey& key) {
    return key.key.id() != id && self_.keys.keyring.has_private(key.key.id()) &&
           current().identity.key(key.key.id(), now) != nullptr;
  };
  if (std::ranges::none_of(current().identity.keys, speaks)) {
    CPC_CO_TRY(const auto key, following_key(change));
    change.new_key.emplace(federation::DelegationChange::NewKey{key, now});
  }
  auto done = co_await carry_out(std::move(change));
  if (done) drop_old_keys();
  co_return done;
}

Task<KeyChanged> KeyKeeper::rotate_root() {
  const auto& promised = current().identity.next_root;
  if (!promised) {
    co_return fail(ErrorCode::not_found,
                   "the root key has promised no successor; with root.key and a next-root.key in "
                   "the key folder one is promised by: cpcctl key rotate");
  }
  CPC_CO_TRY(const auto root, find_root_key(self_.config.keys, *promised));
  if (!root) {
    co_return fail(ErrorCode::not_found,
                   "the promised root key " + to_text(*promised) + " is not in " +
                       self_.config.keys.folder.string() +
                       ". Put it there, or sign where it lies: cpcctl key export");
  }
  const TimePoint now = self_.timers.now();
  CPC_CO_TRY(auto change, waiting());
  CPC_CO_TRY(auto next_root, spare_root());
  if (!next_root) {
    CPC_CO_TRY(const auto made, make_root_key(self_.config.keys, now));
    next_root = made.id();
  }
  const federation::DelegationRequest request{current(), std::move(change)};
  CPC_CO_TRY(auto next, federation::next_delegation(request, *root, next_root, now));
  CPC_CO_TRY(put_in_force(std::move(next)));
  KeyChanged done;
  done.key = to_text(root->id());
  done.from = now;
  done.serial = current().identity.delegation_serial;
  co_await publish();
  co_return done;
}

Task<KeyChanged> KeyKeeper::rotate_sealing() {
  if (!turn_sealing(true)) {
    co_return fail(ErrorCode::unavailable, "no new sealing key could be made; see the log");
  }
  KeyChanged done;
  done.key = to_text(self_.keys.keyring.sealing.newest()->id());
  done.from = self_.timers.now();
  done.serial = current().identity.delegation_serial;
  co_await publish();
  co_return done;
}

Result<Bytes> KeyKeeper::request() const {
  CPC_TRY(auto change, waiting());
  return federation::encode_request({current(), std::move(change)});
}

Task<KeyChanged> KeyKeeper::import(std::string text) {
  const TimePoint now = self_.timers.now();
  CPC_CO_TRY(const auto jws, delegation_from_text(text));
  CPC_CO_TRY(auto next, federation::read_own_delegation(jws, self_.config.instance));
  if (next.identity.iid != self_.keys.keyring.iid()) {
    co_return fail(ErrorCode::conflict, "it is the delegation of another instance");
  }
  CPC_CO_TRY(federation::check_succession(current().identity, next.identity, now));
  if (next.identity.delegation_serial == current().identity.delegation_serial) {
    co_return fail(ErrorCode::conflict, "it is in force already, or another one of its serial is");
  }
  if (next.issued > now + federation::document_skew_max) {
    co_return fail(ErrorCode::denied, "it was signed in the future; compare the clocks");
  }
  CPC_CO_TRY(federation::check_undoes_nothing(current().identity, next.identity, now));
  CPC_CO_TRY(put_in_force(std::move(next)));
  KeyChanged done;
  done.serial = current().identity.delegation_serial;
  co_await publish();
  drop_old_keys();
  co_return done;
}

bool KeyKeeper::turn_sealing(bool is_wanted) {
  const auto turned =
      turn_sealing_keys(self_.config.keys.sealing_keys(), self_.keys.keyring.sealing, self_.random,
                        self_.timers.now(), is_wanted);
  if (turned) return turned.value();
  self_.log.warn("no new sealing key could be made; it is tried again each hour",
                 {{"reason", turned.error().detail}});
  return false;
}

void KeyKeeper::drop_old_keys() {
  const TimePoint now = self_.timers.now();
  for (const federation::DelegatedKey& key : current().identity.retired) {
    remove_signing_key(self_.config.keys, key.key.id());
  }
  for (const federation::DelegatedKey& key : current().identity.keys) {
    if (key.not_after <= now) remove_signing_key(self_.config.keys, key.key.id());
  }
}

std::vector<std::string> KeyKeeper::worries() const {
  std::vector<std::string> found;
  const TimePoint now = self_.timers.now();
  const TimePoint expires = current().identity.delegation_expires;
  if (now + warn_before >= expires) {
    const auto days = std::chrono::floor<std::chrono::days>(expires - now).count();
    found.push_back("the delegation " +
                    (days < 0 ? std::string{"has expired and peers refuse this instance"}
                              : "expires in " + std::to_string(days) + " days") +
                    ": sign it anew where the root key lies: cpcctl key export");
  }
  if (const auto change = waiting(); change && !change.value().is_empty()) {
    found.emplace_back(
        "a change of keys waits for the root key and is not in force: cpcctl key export");
  }
  return found;
}

Result<KeyList> KeyKeeper::list() const {
  const TimePoint now = self_.timers.now();
  const federation::PeerIdentity& identity = current().identity;
  KeyList list;
  list.instance = self_.config.instance.text();
  list.iid = to_text(identity.iid);
  list.serial = identity.delegation_serial;
  list.expires_at = identity.delegation_expires;
  list.worries = worries();
  CPC_TRY(const auto roots_here, root_keys_at_hand(self_.config.keys));
  const auto is_here = [&](const crypto::KeyId& id) {
    return std::ranges::find(roots_here, id) != roots_here.end();
  };
  for (const crypto::KeyId& root : identity.roots) {
    const std::string state = root == current().root() ? "current" : "followed";
    list.keys.push_back(KeyRow{to_text(root), "root", state, {}, {}, is_here(root)});
  }
  if (const auto& next = identity.next_root) {
    list.keys.push_back(KeyRow{to_text(*next), "root", "next", {}, {}, is_here(*next)});
  }
  const auto signing_now = self_.keys.keyring.signing(now)->id();
  for (const auto* keys : {&identity.keys, &identity.retired}) {
    for (const federation::DelegatedKey& key : *keys) {
      const crypto::KeyId id = key.key.id();
      const std::string state = identity.is_revoked(id)       ? "revoked"
                                : key.not_after <= now        ? "retired"
                                : id == signing_now           ? "current"
                                : key.not_before + 5min > now ? "next"
                                                              : "ending";
      list.keys.push_back(KeyRow{to_text(id), "signing", state, key.not_before, key.not_after,
                                 self_.keys.keyring.has_private(id)});
    }
  }
  if (const auto sealing = self_.keys.keyring.sealing.newest()) {
    list.keys.push_back(KeyRow{to_text(sealing->id()), "sealing", "current", {}, {}, true});
  }
  list.keys.push_back(KeyRow{to_text(self_.keys.tls.pin()), "tls", "current", {}, {}, true});
  return list;
}

}  // namespace cpc::daemon
