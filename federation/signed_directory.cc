#include "federation/signed_directory.h"

namespace cpc::federation {
namespace {

/// Of one signature in a record, its protected header and all.
constexpr std::size_t signature_bytes_max = 256;

core::DirectoryId id_of_first(const Digest& hash) {
  core::DirectoryId id;
  id.octets = hash.octets;
  return id;
}

}  // namespace

const DirectoryEntry* SignedDirectory::find(const core::InstanceName& name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

Result<SignedDirectory::Taken> SignedDirectory::take(std::string_view text, TimePoint now) {
  CPC_TRY(const DirectoryRecord record, decode_record(text));
  CPC_TRY(const DirectoryVersion said, read_version(record));
  CPC_TRY(const Digest hash, directory_hash(record));
  const core::DirectoryId directory = said.version == 1 ? id_of_first(hash) : said.directory;
  if (directory != id_) return fail(ErrorCode::invalid, "a record of another directory");
  if (said.version > version() + 1) {
    return fail(ErrorCode::not_found, "versions before this one are missing");
  }
  const bool is_held = said.version <= version();
  if (is_held && versions_[static_cast<std::size_t>(said.version - 1)] == hash) return Taken::known;
  CPC_TRY(const Progress progress, progress_after(record, said));
  if (!progress.is_complete()) {
    return fail(ErrorCode::denied, "too few have signed this version of the directory");
  }
  const bool follows = said.version == 1 || (!is_held && said.previous == versions_.back());
  if (!follows) return Taken::rival;
  CPC_TRY(check_next(record, said, now));
  bytes_ += text.size();
  apply(said, hash);
  return Taken::next;
}

// By those who signed for the directory when this version was next: a version that changes them is
// signed by enough of the old ones, and by enough of the new ones to show that they are there.
Result<SignedDirectory::Progress> SignedDirectory::progress_after(
    const DirectoryRecord& record, const DirectoryVersion& said) const {
  Progress progress;
  const DirectorySigners* next = said.signers ? &*said.signers : nullptr;
  if (said.version == 1) {
    CPC_TRY(progress.signed_by, signed_by(record, *next, nullptr));
    progress.needed = next->threshold;
    return progress;
  }
  const DirectorySigners& before = std::prev(signers_.upper_bound(said.version))->second;
  CPC_TRY(progress.signed_by, signed_by(record, before, next));
  progress.needed = before.threshold;
  if (next == nullptr) return progress;
  CPC_TRY(progress.new_signed_by, signed_by(record, *next, &before));
  progress.new_needed = next->threshold;
  return progress;
}

Result<SignedDirectory::Progress> SignedDirectory::progress_of(const DirectoryRecord& record,
                                                               TimePoint now) const {
  CPC_TRY(decode_record(encode_record(record)));  // Signed by many it may have become too large.
  CPC_TRY(const DirectoryVersion said, read_version(record));
  CPC_TRY(const Digest hash, directory_hash(record));
  if (said.version != version() + 1) {
    return fail(ErrorCode::not_found, "this is not the version that would be next");
  }
  const core::DirectoryId directory = said.version == 1 ? id_of_first(hash) : said.directory;
  const bool follows = directory == id_ && (said.version == 1 || said.previous == versions_.back());
  if (!follows) return fail(ErrorCode::invalid, "it does not follow the version before");
  CPC_TRY(check_next(record, said, now));
  return progress_after(record, said);
}

// What a version that follows has to keep to besides.
Result<> SignedDirectory::check_next(const DirectoryRecord& record, const DirectoryVersion& said,
                                     TimePoint now) const {
  if (said.time > now + directory_skew_max) {
    return fail(ErrorCode::denied, "this version of the directory is dated in the future");
  }
  if (said.time < time_) {
    return fail(ErrorCode::invalid, "this version is dated before the one that it follows");
  }
  std::size_t names = entries_.size();
  for (const DirectoryChange& change : said.changes)
    names += entries_.contains(change.name) ? 0 : 1;
  const bool is_too_large = names > directory_entries_max ||
                            said.version > directory_versions_max ||
                            bytes_ + encode_record(record).size() > directory_bytes_max;
  if (is_too_large) return fail(ErrorCode::too_large, "the directory is over a bound");
  return success();
}

void SignedDirectory::apply(const DirectoryVersion& said, const Digest& hash) {
  if (said.version == 1) name_ = said.name;
  versions_.push_back(hash);
  time_ = said.time;
  expires_ = said.expires;
  if (said.signers) signers_.insert_or_assign(said.version + 1, *said.signers);
  for (const DirectoryChange& change : said.changes) {
    const auto [entry, is_new] = entries_.try_emplace(change.name);
    DirectoryEntry& known = entry->second;
    if (is_new) known.iid = change.iid;
    known.version = said.version;
    if (known.iid != change.iid) {
      known.other_iid = change.iid;
      continue;
    }
    known.status = change.status;
    known.endpoints = change.endpoints;
  }
}

Result<DirectoryRecord> SignedDirectory::propose(DirectoryVersion next) const {
  next.version = version() + 1;
  if (version() > 0) {
    next.directory = id_;
    next.previous = versions_.back();
    next.name.clear();
  }
  for (const DirectoryChange& change : next.changes) {
    const DirectoryEntry* known = find(change.name);
    if (known != nullptr && known->iid != change.iid) {
      return fail(ErrorCode::invalid,
                  change.name.text() + " is bound to another iid in this directory for ever");
    }
  }
  const DirectoryRecord record = make_record(next);
  CPC_TRY(decode_record(encode_record(record)));
  const std::size_t signers = (version() > 0 ? this->signers().keys.size() : 0) +
                              (next.signers ? next.signers->keys.size() : 0);
  if (encode_record(record).size() + signers * signature_bytes_max > directory_record_bytes_max) {
    return fail(ErrorCode::too_large,
                "this version would be over 32 KiB once all have signed it; make two of it");
  }
  CPC_TRY(const DirectoryVersion read, read_version(record));
  CPC_TRY(check_next(record, read, next.time));
  return record;
}

}  // namespace cpc::federation
