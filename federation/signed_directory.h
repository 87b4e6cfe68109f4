// A signed directory: which name is which iid, in the word of k of n people who need not trust
// each other alone. Versions are chained by their hashes, so that everybody who follows it reads
// the same story, and nobody can serve an older or another one unseen. docs/protocol.md section
// "Signed directories". Pure; not thread-safe.
//
// A version follows if it names the one before, and k of those who signed for the directory until
// then have signed it. Another version at a place that we hold, signed as well, is a split view:
// its signers, or thieves of their keys, tell different people different things. It never replaces
// what we have; who holds the directory takes no more news of it.
//
// Within a directory a name is bound to its iid for ever. A version that says otherwise is taken,
// for its chain has to go on, and the name is contested from then on: it is nobody until the
// operator has decided.
#pragma once

#include <map>

#include "federation/directory_record.h"

namespace cpc::federation {

/// Of one directory, over all its time.
inline constexpr std::size_t directory_entries_max = 10'000;
inline constexpr std::int64_t directory_versions_max = 10'000;
inline constexpr std::size_t directory_bytes_max = 16 * 1024 * 1024;
/// So far ahead of our clock may a version say that it was made.
inline constexpr auto directory_skew_max = std::chrono::minutes{5};

struct DirectoryEntry {
  core::Iid iid;
  DirectoryStatus status = DirectoryStatus::active;
  std::vector<routing::Endpoint> endpoints;
  std::int64_t version = 0;            ///< That said so last.
  std::optional<core::Iid> other_iid;  ///< A later version named this one: contested.
};

class SignedDirectory {
 public:
  using Entries = std::map<core::InstanceName, DirectoryEntry>;

  /// Knows nothing yet; the first record that follows is version 1 of this directory.
  explicit SignedDirectory(const core::DirectoryId& id) : id_(id) {}

  enum class Taken {
    next,   ///< It followed, and is in force.
    known,  ///< We hold this version already, whoever else signed it.
    rival,  ///< It contradicts one that we hold, and is signed as well: a split view.
  };
  /// Takes one record. Nothing changes but by `next`. Fails with
  ///   invalid      it is malformed, of another directory, goes back in time, or breaks a bound;
  ///   too_large    it or the directory would be over a bound;
  ///   not_found    versions between it and ours are missing;
  ///   denied       too few of those who may have signed it, somebody else has, or it is dated
  ///                more than directory_skew_max after `now`.
  [[nodiscard]] Result<Taken> take(std::string_view record, TimePoint now);

  [[nodiscard]] const core::DirectoryId& id() const { return id_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::int64_t version() const { return static_cast<std::int64_t>(versions_.size()); }
  [[nodiscard]] TimePoint time() const { return time_; }
  [[nodiscard]] TimePoint expires() const { return expires_; }
  /// Who signs the next version. Only once there is a version.
  [[nodiscard]] const DirectorySigners& signers() const { return signers_.rbegin()->second; }
  [[nodiscard]] const Entries& entries() const { return entries_; }
  [[nodiscard]] const DirectoryEntry* find(const core::InstanceName& name) const;
  /// Says something of names that are met now.
  [[nodiscard]] bool is_current(TimePoint now) const { return version() > 0 && now < expires_; }

  /// What would follow: `version` gets its place in the chain. Fails with invalid if it would bring
  /// a name under another iid, or nobody could take it.
  [[nodiscard]] Result<DirectoryRecord> propose(DirectoryVersion version) const;

  /// How far a record that is not finished is: who signed it, of whom how many are needed.
  struct Progress {
    std::set<crypto::KeyId> signed_by;      ///< Of those who sign for the directory until then.
    std::size_t needed = 0;                 ///< Of them.
    std::set<crypto::KeyId> new_signed_by;  ///< Of those who are to sign from then on.
    std::size_t new_needed = 0;             ///< Of them; 0: the signers stay as they are.
    [[nodiscard]] bool is_complete() const {
      return signed_by.size() >= needed && new_signed_by.size() >= new_needed;
    }
  };
  /// Of a record that would be next. Fails as take(), but for signatures that are missing.
  [[nodiscard]] Result<Progress> progress_of(const DirectoryRecord& record, TimePoint now) const;

 private:
  [[nodiscard]] Result<Progress> progress_after(const DirectoryRecord& record,
                                                const DirectoryVersion& version) const;
  [[nodiscard]] Result<> check_next(const DirectoryRecord& record, const DirectoryVersion& version,
                                    TimePoint now) const;
  void apply(const DirectoryVersion& version, const Digest& hash);

  core::DirectoryId id_;
  std::string name_;
  std::vector<Digest> versions_;                      // Their hashes.
  std::map<std::int64_t, DirectorySigners> signers_;  // By the first version that they sign.
  std::size_t bytes_ = 0;
  TimePoint time_{};
  TimePoint expires_{};
  Entries entries_;
};

}  // namespace cpc::federation
