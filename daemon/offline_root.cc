#include "daemon/offline_root.h"

#include <filesystem>
#include <ostream>

#include "crypto/key_file.h"
#include "crypto/private_file.h"
#include "crypto/random_bytes.h"
#include "crypto/secrets.h"
#include "federation/instance_document.h"
#include "federation/own_delegation.h"
#include "federation/strict_json.h"

namespace cpc::daemon {
namespace {

Result<std::optional<crypto::KeyId>> next_root_of(const std::string& file) {
  if (file.empty()) return std::optional<crypto::KeyId>{};
  auto known = crypto::load_signing_key(file);
  if (known) return std::optional<crypto::KeyId>{known.value().id()};
  if (known.error().code != ErrorCode::not_found) return known.error();
  auto seed = crypto::random_id<crypto::Seed>();
  const crypto::SigningKey made = crypto::SigningKey::from_seed(seed);
  sodium_memzero(seed.octets.data(), crypto::Seed::size);
  CPC_TRY(crypto::write_signing_key(file, made));
  return std::optional<crypto::KeyId>{made.id()};
}

Result<federation::OwnDelegation> sign(const OfflineRoot& order, TimePoint now) {
  CPC_TRY(const Bytes text, crypto::read_file(order.request, crypto::Access::anybody,
                                              federation::document_bytes_max));
  CPC_TRY(const auto request, federation::decode_request(text));
  CPC_TRY(const auto root, crypto::load_signing_key(order.root_key));
  const bool takes_over = root.id() == request.current.identity.next_root;
  if (takes_over && order.next_root_key.empty()) {
    return fail(ErrorCode::invalid,
                "this root key takes over, and has to promise who follows it in turn: name a file "
                "by --next-root-key");
  }
  CPC_TRY(const auto next_root, next_root_of(order.next_root_key));
  return federation::next_delegation(request, root, next_root, now);
}

void describe(const federation::OwnDelegation& made, std::ostream& err) {
  err << "signed for " << made.identity.name.text() << " (iid " << to_text(made.identity.iid)
      << ") by the root key " << to_text(made.root()) << '\n';
  if (made.identity.next_root) {
    err << "next root key: " << to_text(*made.identity.next_root) << '\n';
  }
  for (const auto& key : made.identity.keys) {
    err << "signing key:   " << to_text(key.key.id()) << '\n';
  }
  for (const auto& key : made.identity.revoked) err << "revoked:       " << to_text(key.id) << '\n';
}

}  // namespace

int sign_offline(const OfflineRoot& order, TimePoint now, std::ostream& out, std::ostream& err) {
  const auto made = sign(order, now);
  if (!made) {
    err << "nothing was signed: " << made.error().detail << '\n';
    return 1;
  }
  out << federation::compact_json(federation::to_json(made.value().jws)) << '\n';
  describe(made.value(), err);
  return out.flush() ? 0 : 1;
}

}  // namespace cpc::daemon
