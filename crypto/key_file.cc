#include "crypto/key_file.h"

#include "crypto/private_file.h"
#include "crypto/secrets.h"

namespace cpc::crypto {
namespace {

constexpr std::size_t file_bytes_max = 256;  // A key needs about 60; no key file needs more.

struct Kind {
  std::string_view label;  ///< The first word of the file.
  std::string_view name;   ///< For sentences.
};
constexpr Kind signing_kind{"cpc-ed25519-seed", "a signing key"};
constexpr Kind sealing_kind{"cpc-x25519-key", "a sealing key"};
constexpr Kind master_kind{"cpc-master-key", "a master key"};

/// The 32 octets in `label base64url`, one line with or without its end. The caller wipes them.
Result<Bytes> parse(std::string_view content, const Kind& kind, const std::string& path) {
  if (content.ends_with('\n')) content.remove_suffix(1);
  for (const Kind& other : {signing_kind, sealing_kind, master_kind}) {
    if (other.label != kind.label && content.starts_with(other.label)) {
      return fail(ErrorCode::invalid, path + " holds " + std::string{other.name} + ", not " +
                                          std::string{kind.name} + ": check which path is which");
    }
  }
  const Error wrong_content =
      fail(ErrorCode::invalid, path + " does not hold " + std::string{kind.name} +
                                   ": it must be the one line `" + std::string{kind.label} +
                                   " <43 letters of base64url>`. Restore it from a backup");
  if (!content.starts_with(kind.label)) return wrong_content;
  content.remove_prefix(kind.label.size());
  if (!content.starts_with(' ')) return wrong_content;
  content.remove_prefix(1);
  auto key = from_base64url(content);
  if (!key.has_value()) return wrong_content;
  if (key.value().size() != 32) {
    const WipeAtEnd wipe{key.value()};
    return wrong_content;
  }
  return key;
}

Result<Bytes> load(const std::filesystem::path& file, const Kind& kind) {
  CPC_TRY(Bytes content, read_file(file, Access::ours_alone, file_bytes_max));
  const WipeAtEnd wipe{content};
  return parse(content, kind, file.string());
}

Result<> write(const std::filesystem::path& file, const Kind& kind, std::string_view key) {
  Bytes text = base64url(key);
  const WipeAtEnd wipe_text{text};
  Bytes line;
  line.reserve(kind.label.size() + 1 + text.size() + 1);
  const WipeAtEnd wipe_line{line};
  line.append(kind.label).append(" ").append(text).append("\n");
  return create_file(file, Access::ours_alone, line);
}

template <class Key>
Result<Key> load_as(const std::filesystem::path& file, const Kind& kind, Key (*make)(const Seed&)) {
  CPC_TRY(Bytes raw, load(file, kind));
  const WipeAtEnd wipe{raw};
  CPC_TRY(Seed seed, Seed::from_bytes(raw));
  Key key = make(seed);
  sodium_memzero(seed.octets.data(), seed.octets.size());
  return key;
}

Result<> write_and_wipe(const std::filesystem::path& file, const Kind& kind, Seed seed) {
  Result<> written = write(file, kind, seed.view());
  sodium_memzero(seed.octets.data(), seed.octets.size());
  return written;
}

}  // namespace

Result<SigningKey> load_signing_key(const std::filesystem::path& file) {
  return load_as<SigningKey>(file, signing_kind, SigningKey::from_seed);
}

Result<SealingKey> load_sealing_key(const std::filesystem::path& file) {
  return load_as<SealingKey>(file, sealing_kind, SealingKey::from_private);
}

Result<MasterKey> load_master_key(const std::filesystem::path& file) {
  CPC_TRY(Bytes raw, load(file, master_kind));
  const WipeAtEnd wipe{raw};
  return MasterKey::from_bytes(raw);
}

Result<> write_signing_key(const std::filesystem::path& file, const SigningKey& key) {
  return write_and_wipe(file, signing_kind, key.seed());
}

Result<> write_sealing_key(const std::filesystem::path& file, const SealingKey& key) {
  return write_and_wipe(file, sealing_kind, key.private_octets());
}

Result<> write_master_key(const std::filesystem::path& file, const MasterKey& key) {
  return write(file, master_kind, key.view());
}

}  // namespace cpc::crypto
