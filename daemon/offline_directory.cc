#include "daemon/offline_directory.h"

#include <algorithm>
#include <ostream>

#include "crypto/key_file.h"
#include "crypto/private_file.h"
#include "crypto/random_bytes.h"
#include "crypto/secrets.h"
#include "federation/signed_directory.h"
#include "federation/strict_json.h"

namespace cpc::daemon {
namespace {

using federation::DirectoryChange;
using federation::DirectoryPage;
using federation::DirectoryRecord;
using federation::DirectoryStatus;
using federation::DirectoryVersion;
using federation::SignedDirectory;

constexpr int exit_failed = 1;
constexpr int exit_incomplete = 7;
constexpr std::size_t file_bytes_max = 2 * federation::directory_bytes_max;
constexpr auto records_max = static_cast<std::size_t>(federation::directory_versions_max);
constexpr int days_max = 366;

/// A directory's file: the versions that are in force, and what is to follow them.
struct File {
  DirectoryPage page;
  SignedDirectory said{{}};                     ///< All that is complete.
  std::optional<DirectoryRecord> unfinished{};  ///< The last one, if it is not.
};

Result<File> read_file(const std::string& name, TimePoint now) {
  CPC_TRY(const Bytes text, crypto::read_file(name, crypto::Access::anybody, file_bytes_max));
  File file;
  CPC_TRY(file.page, federation::decode_page(text, file_bytes_max, records_max));
  file.said = SignedDirectory{file.page.directory};
  for (std::size_t i = 0; i < file.page.records.size(); ++i) {
    const auto taken = file.said.take(file.page.records[i], now);
    if (taken && taken.value() == SignedDirectory::Taken::next) continue;
    const bool is_last = i + 1 == file.page.records.size();
    if (!is_last || taken || taken.error().code != ErrorCode::denied) {
      return fail(ErrorCode::invalid,
                  "version " + std::to_string(file.said.version() + 1) + " in " + name + ": " +
                      (taken ? "it does not follow the one before" : taken.error().detail));
    }
    CPC_TRY(file.unfinished, federation::decode_record(file.page.records[i]));
    // What is wrong but for signatures that are missing is told now.
    CPC_TRY(file.said.progress_of(*file.unfinished, now));
  }
  return file;
}

Result<std::vector<crypto::PublicKey>> keys_in(const std::vector<std::string>& texts) {
  std::vector<crypto::PublicKey> keys;
  for (const std::string& text : texts) {
    const auto raw = from_base64url(text);
    const auto key = raw ? crypto::PublicKey::from_bytes(raw.value()) : raw.error();
    if (!key) return fail(ErrorCode::invalid, "\"" + text + "\" is no public key");
    keys.push_back(key.value());
  }
  return keys;
}

/// NAME=IID, or NAME=IID@HOST:PORT,HOST:PORT
Result<DirectoryChange> addition_in(const std::string& text) {
  const std::size_t equals = text.find('=');
  const std::size_t at = std::min(text.find('@'), text.size());
  if (equals == std::string::npos || equals > at) {
    return fail(ErrorCode::invalid, "\"" + text + "\" is not NAME=IID or NAME=IID@HOST:PORT");
  }
  DirectoryChange change;
  CPC_TRY(change.name, core::InstanceName::parse(text.substr(0, equals)));
  const auto iid = id_from_text<core::Iid>(text.substr(equals + 1, at - equals - 1));
  if (!iid) return fail(ErrorCode::invalid, "\"" + text + "\" has no iid of 43 letters");
  change.iid = iid.value();
  for (std::size_t begin = at + 1; begin < text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    CPC_TRY(auto endpoint, routing::Endpoint::parse(text.substr(begin, end - begin)));
    change.endpoints.push_back(std::move(endpoint));
    begin = end + 1;
  }
  return change;
}

Result<DirectoryChange> known_name(const SignedDirectory& said, const std::string& text,
                                   DirectoryStatus status) {
  CPC_TRY(const auto name, core::InstanceName::parse(text));
  const federation::DirectoryEntry* known = said.find(name);
  if (known == nullptr) {
    return fail(ErrorCode::not_found, "the directory does not know " + name.text());
  }
  return DirectoryChange{name, known->iid, status, {}};
}

Result<DirectoryVersion> version_of(const DirectoryOrder& order, const SignedDirectory& said,
                                    TimePoint now) {
  DirectoryVersion version;
  if (order.days < 1 || order.days > days_max) {
    return fail(ErrorCode::invalid, "a version holds for 1 to 366 days");
  }
  if (order.signers.empty() && order.threshold != 0) {
    return fail(ErrorCode::invalid,
                "--threshold changes together with who signs: name all of them by --signer");
  }
  version.name = order.name;
  version.time = std::max(now, said.time());
  version.expires = version.time + std::chrono::hours{24} * order.days;
  if (!order.signers.empty()) {
    federation::DirectorySigners& signers = version.signers.emplace();
    CPC_TRY(signers.keys, keys_in(order.signers));
    signers.threshold = order.threshold;
  }
  for (const std::string& text : order.add) {
    CPC_TRY(auto change, addition_in(text));
    version.changes.push_back(std::move(change));
  }
  for (const std::string& text : order.retire) {
    CPC_TRY(auto change, known_name(said, text, DirectoryStatus::retired));
    version.changes.push_back(std::move(change));
  }
  for (const std::string& text : order.remove) {
    CPC_TRY(auto change, known_name(said, text, DirectoryStatus::removed));
    version.changes.push_back(std::move(change));
  }
  return version;
}

void put_last(File& file, const DirectoryRecord& record) {
  const auto in_force = static_cast<std::size_t>(file.said.version());
  file.page.records.resize(in_force);
  file.page.records.push_back(federation::encode_record(record));
  file.page.version = file.said.version() + 1;
  file.unfinished = record;
}

Result<File> found(const DirectoryOrder& order, TimePoint now) {
  if (!federation::is_directory_name(order.name)) {
    return fail(ErrorCode::invalid,
                "--name is to be 1 to 63 of a-z 0-9 -, with no hyphen at either end");
  }
  if (order.signers.empty()) return fail(ErrorCode::invalid, "name those who sign it by --signer");
  File file;
  CPC_TRY(const DirectoryVersion first, version_of(order, file.said, now));
  CPC_TRY(const DirectoryRecord record, file.said.propose(first));
  CPC_TRY(const Digest hash, federation::directory_hash(record));
  CPC_TRY(file.page.directory, core::DirectoryId::from_bytes(hash.view()));
  file.said = SignedDirectory{file.page.directory};
  put_last(file, record);
  return file;
}

Result<File> change(const DirectoryOrder& order, TimePoint now) {
  CPC_TRY(File file, read_file(order.files.front(), now));
  if (file.unfinished) {
    return fail(ErrorCode::conflict,
                "its last version waits for signatures; let it be signed first, or take a file "
                "without it");
  }
  CPC_TRY(const DirectoryVersion next, version_of(order, file.said, now));
  CPC_TRY(const DirectoryRecord record, file.said.propose(next));
  put_last(file, record);
  return file;
}

Result<File> sign(const DirectoryOrder& order, TimePoint now) {
  CPC_TRY(File file, read_file(order.files.front(), now));
  if (!file.unfinished) {
    return fail(ErrorCode::conflict, "nothing in this file waits for a signature");
  }
  CPC_TRY(const crypto::SigningKey key, crypto::load_signing_key(order.key));
  DirectoryRecord record = *file.unfinished;
  federation::sign_record(record, key);
  const auto progress = file.said.progress_of(record, now);
  if (!progress) {
    return fail(ErrorCode::denied, "this key does not sign for the directory; its public half is " +
                                       key.public_key().text());
  }
  put_last(file, record);
  return file;
}

Result<File> combine(const DirectoryOrder& order, TimePoint now) {
  CPC_TRY(File first, read_file(order.files.front(), now));
  if (!first.unfinished) return first;
  DirectoryRecord record = *first.unfinished;
  for (std::size_t i = 1; i < order.files.size(); ++i) {
    CPC_TRY(const File other, read_file(order.files[i], now));
    if (other.page.records.empty()) {
      return fail(ErrorCode::invalid, order.files[i] + " holds no version");
    }
    const Bytes& last = other.page.records.back();
    CPC_TRY(const DirectoryRecord theirs, federation::decode_record(last));
    if (theirs.payload != record.payload) {
      return fail(ErrorCode::conflict, order.files[i] + " has another version in that place");
    }
    for (const auto& signature : theirs.signatures) {
      const bool is_there =
          std::any_of(record.signatures.begin(), record.signatures.end(),
                      [&](const auto& known) { return known.protected_ == signature.protected_; });
      if (!is_there) record.signatures.push_back(signature);
    }
  }
  CPC_TRY(first.said.progress_of(record, now));
  put_last(first, record);
  return first;
}

void tell_changes(const DirectoryVersion& version, std::ostream& err) {
  for (const DirectoryChange& one : version.changes) {
    err << "  " << one.name.text() << "  " << federation::to_text(one.status) << "  "
        << to_text(one.iid);
    for (const auto& endpoint : one.endpoints) err << "  " << endpoint.text();
    err << '\n';
  }
  if (!version.signers) return;
  err << "  signed from then on by " << version.signers->threshold << " of\n";
  for (const auto& key : version.signers->keys) err << "    " << key.text() << '\n';
}

/// What the file says, and what its last version lacks. False while that is something.
Result<bool> tell(const File& file, TimePoint now, std::ostream& err) {
  err << "directory:  " << to_text(file.page.directory) << '\n';
  if (file.said.version() > 0) {
    err << "name:       " << file.said.name() << '\n'
        << "in force:   version " << file.said.version() << ", " << file.said.entries().size()
        << " names, signed by " << file.said.signers().threshold << " of "
        << file.said.signers().keys.size() << (file.said.is_current(now) ? "" : ", past its date")
        << '\n';
  }
  if (!file.unfinished) return true;
  CPC_TRY(const DirectoryVersion version, federation::read_version(*file.unfinished));
  CPC_TRY(const auto progress, file.said.progress_of(*file.unfinished, now));
  err << "version " << version.version << " says:\n";
  tell_changes(version, err);
  err << "signed by " << progress.signed_by.size() << ", needed are " << progress.needed;
  if (progress.new_needed > 0) {
    err << "; of the new signers by " << progress.new_signed_by.size() << ", needed are "
        << progress.new_needed;
  }
  err << (progress.is_complete() ? ": complete" : ": not complete yet") << '\n';
  return progress.is_complete();
}

Result<std::string> make_key(const std::string& file) {
  auto seed = crypto::random_id<crypto::Seed>();
  const crypto::SigningKey made = crypto::SigningKey::from_seed(seed);
  sodium_memzero(seed.octets.data(), crypto::Seed::size);
  CPC_TRY(crypto::write_signing_key(file, made));
  return made.public_key().text();
}

Result<File> file_of(const DirectoryOrder& order, TimePoint now) {
  if (order.what == "found") return found(order, now);
  if (order.what == "change") return change(order, now);
  if (order.what == "sign") return sign(order, now);
  if (order.what == "combine") return combine(order, now);
  return read_file(order.files.front(), now);
}

int failed(const Error& error, std::ostream& err) {
  err << "nothing was done: " << error.detail << '\n';
  return exit_failed;
}

}  // namespace

int run_directory_order(const DirectoryOrder& order, TimePoint now, std::ostream& out,
                        std::ostream& err) {
  if (order.what == "key") {
    const auto made = make_key(order.key);
    if (!made) return failed(made.error(), err);
    out << made.value() << '\n';
    return out.flush() ? 0 : exit_failed;
  }
  const auto file = file_of(order, now);
  if (!file) return failed(file.error(), err);
  const auto is_complete = tell(file.value(), now, err);
  if (!is_complete) return failed(is_complete.error(), err);
  if (order.what == "verify") return is_complete.value() ? 0 : exit_incomplete;
  out << federation::encode_page(file.value().page) << '\n';
  return out.flush() ? 0 : exit_failed;
}

}  // namespace cpc::daemon
