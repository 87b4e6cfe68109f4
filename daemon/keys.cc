#include "daemon/keys.h"

#include "crypto/key_file.h"
#include "crypto/published_keys.h"
#include "daemon/client_tls.h"
#include "daemon/sealing_key_files.h"

namespace cpc::daemon {
namespace {

// What to do about a key file that is not there.
Error with_advice(Error error, const Config& config) {
  if (error.code != ErrorCode::not_found) return error;
  error.detail += ". A new instance gets its keys by: cpcctl init --name " +
                  config.instance.text() + "; an existing one gets them back from its backup";
  return error;
}

/// Neither of the two files is there; one without the other was lost.
bool is_tls_absent(const Config& config) {
  return !std::filesystem::exists(config.keys.tls_key()) &&
         !std::filesystem::exists(config.keys.tls_certificate());
}

Result<federation::TlsIdentity> load_tls(const Config& config, TimePoint now) {
  const auto key = config.keys.tls_key();
  const auto certificate = config.keys.tls_certificate();
  auto loaded = federation::load_tls_identity(key, certificate);
  if (loaded || !is_tls_absent(config)) return loaded;
  CPC_TRY(auto made, federation::TlsIdentity::make(config.instance.text(), now));
  CPC_TRY(federation::write_tls_identity(key, certificate, made));
  return made;
}

struct OwnKeys {
  crypto::SigningKey root;
  crypto::SigningKey signing;
  federation::SealingKeys sealing;
  crypto::MasterKey master;
};

Result<crypto::SigningKey> load_own_key(const std::filesystem::path& file, const Config& config) {
  auto key = crypto::load_signing_key(file);
  if (!key) return with_advice(key.error(), config);
  if (!crypto::is_published(key.value().public_key())) return key;
  return fail(ErrorCode::invalid,
              file.string() +
                  " holds a key whose private half is printed in public, so that "
                  "anybody can speak with it and no instance believes it. Put your own "
                  "back from a backup, or make another instance by: cpcctl init");
}

Result<OwnKeys> load_own(const Config& config) {
  CPC_TRY(auto root, load_own_key(config.keys.root_key(), config));
  CPC_TRY(auto signing, load_own_key(config.keys.signing_key(), config));
  auto master = crypto::load_master_key(config.keys.master_key());
  if (!master) return with_advice(master.error(), config);
  CPC_TRY(auto sealing, load_sealing_keys(config.keys.sealing_keys()));
  return OwnKeys{std::move(root), std::move(signing), std::move(sealing),
                 std::move(master).value()};
}

}  // namespace

Result<> check_keys(const Config& config) {
  CPC_TRY(const OwnKeys own, load_own(config));
  const auto tls =
      federation::load_tls_identity(config.keys.tls_key(), config.keys.tls_certificate());
  if (tls || is_tls_absent(config)) return success();
  return fail(ErrorCode::invalid, tls.error().detail + "; put it back, or remove both TLS files");
}

Result<Keys> load_keys(const Config& config, TimePoint now) {
  CPC_TRY(OwnKeys own, load_own(config));
  CPC_TRY(auto tls, load_tls(config, now));
  CPC_TRY(auto client_tls, load_client_tls(config.client));
  return Keys{{std::move(own.root), std::move(own.signing), std::move(own.sealing)},
              std::move(own.master),
              std::move(tls),
              std::move(client_tls)};
}

}  // namespace cpc::daemon
