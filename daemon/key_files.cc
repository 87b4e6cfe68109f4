#include "daemon/key_files.h"

#include <system_error>

#include "crypto/key_file.h"
#include "crypto/private_file.h"
#include "crypto/published_keys.h"
#include "crypto/random_bytes.h"
#include "crypto/secrets.h"
#include "federation/instance_document.h"
#include "federation/strict_json.h"

namespace cpc::daemon {
namespace {

namespace fs = std::filesystem;

/// The files directly in `folder` that `fits` takes; none if there is no such folder.
template <class Fits>
Result<std::vector<fs::path>> files_in(const fs::path& folder, Fits fits) {
  std::vector<fs::path> files;
  std::error_code failure;
  if (!fs::exists(folder, failure)) return files;
  for (fs::directory_iterator at{folder, failure}, end; !failure && at != end;
       at.increment(failure)) {
    if (at->path().extension() == ".key" && fits(at->path().stem().string())) {
      files.push_back(at->path());
    }
  }
  if (!failure) return files;
  return fail(ErrorCode::unavailable, folder.string() + ": " + failure.message());
}

Result<std::vector<fs::path>> root_files(const KeysConfig& keys) {
  return files_in(keys.folder, [](const std::string& stem) {
    return stem == "root" || stem == "next-root" || stem.starts_with("root-");
  });
}

Result<std::vector<fs::path>> signing_files(const KeysConfig& keys) {
  CPC_TRY(auto files, files_in(keys.signing_keys(), [](const std::string&) { return true; }));
  std::error_code failure;
  if (fs::exists(fs::symlink_status(keys.signing_key(), failure))) {
    files.push_back(keys.signing_key());
  }
  return files;
}

Result<crypto::SigningKey> load_own_key(const fs::path& file) {
  CPC_TRY(auto key, crypto::load_signing_key(file));
  if (!crypto::is_published(key.public_key())) return key;
  return fail(ErrorCode::invalid,
              file.string() +
                  " holds a key whose private half is printed in public, so that "
                  "anybody can speak with it and no instance believes it. Put your own "
                  "back from a backup, or make another instance by: cpcctl init");
}

Result<crypto::SigningKey> make_key_file(const fs::path& file) {
  auto seed = crypto::random_id<crypto::Seed>();
  crypto::SigningKey key = crypto::SigningKey::from_seed(seed);
  sodium_memzero(seed.octets.data(), crypto::Seed::size);
  CPC_TRY(crypto::write_signing_key(file, key));
  return key;
}

std::string file_name(std::string_view prefix, TimePoint now) {
  return std::string{prefix}.append(std::to_string(to_milliseconds(now))).append(".key");
}

/// None if there is no such file.
Result<std::optional<Bytes>> read_if_there(const fs::path& file) {
  auto text = crypto::read_file(file, crypto::Access::anybody, federation::document_bytes_max);
  if (text) return std::optional<Bytes>{std::move(text).value()};
  if (text.error().code == ErrorCode::not_found) return std::optional<Bytes>{};
  return text.error();
}

Error in_file(const fs::path& file, const Error& error) {
  return fail(error.code, file.string() + ": " + error.detail +
                              ". Put it back from a backup of the key folder");
}

}  // namespace

Result<std::optional<crypto::SigningKey>> find_root_key(const KeysConfig& keys,
                                                        const crypto::KeyId& id) {
  CPC_TRY(const auto files, root_files(keys));
  for (const fs::path& file : files) {
    CPC_TRY(auto key, load_own_key(file));
    if (key.id() == id) return std::optional<crypto::SigningKey>{std::move(key)};
  }
  return std::optional<crypto::SigningKey>{};
}

Result<std::vector<crypto::KeyId>> root_keys_at_hand(const KeysConfig& keys) {
  std::vector<crypto::KeyId> ids;
  CPC_TRY(const auto files, root_files(keys));
  for (const fs::path& file : files) {
    CPC_TRY(const auto key, load_own_key(file));
    ids.push_back(key.id());
  }
  return ids;
}

Result<std::vector<crypto::SigningKey>> load_signing_keys(const KeysConfig& keys) {
  std::vector<crypto::SigningKey> loaded;
  CPC_TRY(const auto files, signing_files(keys));
  for (const fs::path& file : files) {
    CPC_TRY(auto key, load_own_key(file));
    loaded.push_back(std::move(key));
  }
  return loaded;
}

Result<crypto::SigningKey> make_signing_key(const KeysConfig& keys, TimePoint now) {
  const fs::path folder = keys.signing_keys();
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (!failure) fs::permissions(folder, fs::perms::owner_all, failure);
  if (failure) {
    return fail(ErrorCode::unavailable, folder.string() + ": " + failure.message() +
                                            ". Let the daemon write to its key folder");
  }
  return make_key_file(folder / file_name("", now));
}

Result<crypto::SigningKey> make_root_key(const KeysConfig& keys, TimePoint now) {
  return make_key_file(keys.folder / file_name("root-", now));
}

void remove_signing_key(const KeysConfig& keys, const crypto::KeyId& id) {
  const auto files = signing_files(keys);
  if (!files) return;  // It is met again at the next start.
  for (const fs::path& file : files.value()) {
    const auto key = crypto::load_signing_key(file);
    std::error_code ignored;
    if (key && key.value().id() == id) fs::remove(file, ignored);
  }
}

Result<federation::Jws> delegation_from_text(std::string_view text) {
  CPC_TRY(const auto value, federation::parse_strict_json(text));
  return federation::jws_from_json(value);
}

Result<std::optional<federation::OwnDelegation>> load_delegation(const KeysConfig& keys,
                                                                 const core::InstanceName& name) {
  const fs::path file = keys.delegation();
  CPC_TRY(const auto text, read_if_there(file));
  if (!text) return std::optional<federation::OwnDelegation>{};
  const auto jws = delegation_from_text(*text);
  if (!jws) return in_file(file, jws.error());
  auto own = federation::read_own_delegation(jws.value(), name);
  if (!own) return in_file(file, own.error());
  return std::optional<federation::OwnDelegation>{std::move(own).value()};
}

Result<> write_delegation(const KeysConfig& keys, const federation::Jws& delegation) {
  return crypto::replace_file(keys.delegation(), crypto::Access::anybody,
                              federation::compact_json(federation::to_json(delegation)));
}

Result<std::optional<federation::DelegationRequest>> load_request(const KeysConfig& keys) {
  const fs::path file = keys.delegation_request();
  CPC_TRY(const auto text, read_if_there(file));
  if (!text) return std::optional<federation::DelegationRequest>{};
  auto request = federation::decode_request(*text);
  if (!request) return in_file(file, request.error());
  return std::optional<federation::DelegationRequest>{std::move(request).value()};
}

Result<> write_request(const KeysConfig& keys, const federation::DelegationRequest& request) {
  return crypto::replace_file(keys.delegation_request(), crypto::Access::anybody,
                              federation::encode_request(request));
}

void remove_request(const KeysConfig& keys) {
  std::error_code ignored;
  fs::remove(keys.delegation_request(), ignored);
}

}  // namespace cpc::daemon
