// One version of a signed directory, as it is signed and as it travels: a list of what changes
// about names, under k of n signatures. docs/protocol.md section "Signed directories".
// signed_directory.h says which version may follow which. Pure; any thread.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.h"
#include "core/base/time.h"
#include "core/directories.h"
#include "core/ids.h"
#include "crypto/signing_key.h"
#include "routing/endpoint.h"

namespace cpc::federation {

/// Octets of one record as it travels, all signatures included.
inline constexpr std::size_t directory_record_bytes_max = 32 * 1024;
inline constexpr std::size_t directory_signers_max = 16;
inline constexpr std::size_t directory_changes_max = 128;  ///< In one version.
inline constexpr std::size_t directory_endpoints_max = 4;  ///< Of one name.
inline constexpr std::size_t directory_name_bytes_max = 63;
inline constexpr auto directory_life_max = std::chrono::hours{24 * 366};
/// Records in one reply, and octets of the reply or of a part of a file.
inline constexpr std::size_t directory_page_records_max = 32;
inline constexpr std::size_t directory_page_bytes_max = 2 * 1024 * 1024;

/// Whoever holds at least `threshold` of the keys speaks for the directory.
struct DirectorySigners {
  std::vector<crypto::PublicKey> keys;  ///< 1 to directory_signers_max, each once.
  std::size_t threshold = 0;            ///< 1 to as many as there are keys.
  bool operator==(const DirectorySigners&) const = default;
};

enum class DirectoryStatus {
  active,   ///< The name is this iid.
  retired,  ///< The instance was closed; the name stays its own.
  removed,  ///< The directory does not vouch for it any more.
};
[[nodiscard]] std::string_view to_text(DirectoryStatus status);

struct DirectoryChange {
  core::InstanceName name;
  core::Iid iid;
  DirectoryStatus status = DirectoryStatus::active;
  std::vector<routing::Endpoint> endpoints;  ///< Hints, of an active one only.
};

struct DirectoryVersion {
  core::DirectoryId directory;  ///< Zero in version 1, whose hash it is.
  std::int64_t version = 1;
  Digest previous;   ///< directory_hash of the version before; zero in version 1.
  std::string name;  ///< In version 1 only: 1 to 63 of a-z 0-9 -, no hyphen at either end.
  TimePoint time{};
  TimePoint expires{};                      ///< At most directory_life_max after `time`.
  std::optional<DirectorySigners> signers;  ///< From the next version on; always in version 1.
  std::vector<DirectoryChange> changes;     ///< Each name once.
};

/// A JWS in the general serialisation (RFC 7515 section 7.2.1): one payload, many signatures. Texts
/// exactly as they travel.
struct DirectoryRecord {
  struct Signature {
    std::string protected_;  // NOLINT(readability-identifier-naming): as in Jws.
    std::string signature;
  };
  std::string payload;
  std::vector<Signature> signatures;
};

/// H("cpc-directory-1", payload): what the next version names as the one before. Of version 1 it is
/// the directory's id.
[[nodiscard]] Result<Digest> directory_hash(const DirectoryRecord& record);

/// Without signatures. `version` is within the bounds above.
[[nodiscard]] DirectoryRecord make_record(const DirectoryVersion& version);
/// Adds the signature of `key`, or puts it into the place of its earlier one.
void sign_record(DirectoryRecord& record, const crypto::SigningKey& key);

/// {"payload":...,"signatures":[{"protected":...,"signature":...}]}, one line.
[[nodiscard]] Bytes encode_record(const DirectoryRecord& record);
/// Fails with invalid on anything else, too_large over a bound. Verifies no signature.
[[nodiscard]] Result<DirectoryRecord> decode_record(std::string_view text);

/// What the record says, whoever signed it. Fails with
///   invalid    it is malformed, or breaks a rule of its own;
///   denied     a signer's key is one whose private half was published;
///   too_large  over a bound.
[[nodiscard]] Result<DirectoryVersion> read_version(const DirectoryRecord& record);

/// The ids of those of `signers` who signed it. Each signature has to be of one of `signers` or of
/// `others` (may be null). Fails with denied if one is of nobody there, does not verify, or stands
/// twice.
[[nodiscard]] Result<std::set<crypto::KeyId>> signed_by(const DirectoryRecord& record,
                                                        const DirectorySigners& signers,
                                                        const DirectorySigners* others);

/// Records of one directory in order, as they are served, exported and imported.
struct DirectoryPage {
  core::DirectoryId directory;
  std::int64_t version = 0;    ///< The last that the sender holds.
  std::vector<Bytes> records;  ///< As encode_record.
};
/// {"v":1,"directory":I,"version":N,"records":[...]}, one line.
[[nodiscard]] Bytes encode_page(const DirectoryPage& page);
/// Fails with invalid, or too_large over so many octets or records. Records are not read further.
[[nodiscard]] Result<DirectoryPage> decode_page(std::string_view text, std::size_t bytes_max,
                                                std::size_t records_max);

/// Whether `name` may be a directory's.
[[nodiscard]] bool is_directory_name(std::string_view name);

}  // namespace cpc::federation
