// Whose store this is and which life of it: the owner row, claimed anew at each start.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "core/address.h"
#include "core/base/time.h"
#include "core/ids.h"
#include "store/database.h"

namespace cpc::store {

/// 16 random octets per start. A daemon whose token is no longer in the owner row cannot commit.
using Fence = Id<16, struct FenceTag>;
/// crypto::MasterKey::id(): names the key that the bodies in the store are sealed under.
using MasterKeyId = Id<8, struct MasterKeyIdTag>;

/// What a daemon brings along when it opens a store.
struct Claim {
  core::InstanceName instance_name;
  core::Iid iid;
  core::StoreEpoch new_epoch;  ///< Random; used when the store is created or was restored.
  Fence fence;                 ///< Random.
  MasterKeyId master_key;
  TimePoint now;  ///< Only noted beside the migrations that are applied.
};

/// What it found.
struct Ownership {
  core::StoreEpoch store_epoch;
  std::int64_t boot_counter = 0;  ///< +1 at each open, also after a restore.
  bool is_new = false;            ///< The store was created just now.
  bool is_restored = false;       ///< It may be an older copy; store_epoch is a new one.
  Fence fence;
  std::int64_t batch = 0;   ///< Commits so far.
  std::int64_t last_n = 0;  ///< Highest change number so far.
};

/// The furthest that this store is known to have come, kept in a file beside the database, so that
/// a database which is behind it, or came without it, gives itself away as a copy.
struct HighWater {
  std::int64_t boot_counter = 0;
  std::int64_t batch = 0;
};

/// What to say of a database that is gone while its mark is still there.
[[nodiscard]] Error lost_store(const std::filesystem::path& high_water);

/// Nothing when there is no file. A file that holds anything else than two numbers says that the
/// store came as far as one can: whatever lies beside it counts as a copy. Fails with unavailable.
[[nodiscard]] Result<std::optional<HighWater>> read_high_water(const std::filesystem::path& path);

/// The file, written along with the store. After a crash of ours it knows every commit but perhaps
/// the last; after a power cut it may lack the last `commits_per_sync`.
class HighWaterFile {
 public:
  static constexpr std::int64_t commits_per_sync = 256;

  /// Replaces the file (0600) durably: written beside, synced, renamed, folder synced. Fails with
  /// unavailable.
  [[nodiscard]] static Result<std::unique_ptr<HighWaterFile>> make(
      const std::filesystem::path& path, const HighWater& mark);
  ~HighWaterFile();  ///< Syncs what was noted.
  HighWaterFile(const HighWaterFile&) = delete;
  HighWaterFile& operator=(const HighWaterFile&) = delete;

  /// Overwrites the mark in its place, which needs no room on the disk. What the machine refuses
  /// here leaves an older mark, and the store as it is.
  void note(std::int64_t batch);

 private:
  HighWaterFile(int descriptor, const HighWater& mark) : descriptor_(descriptor), mark_(mark) {}
  int descriptor_;
  HighWater mark_;
};

/// Whether the store has an owner row. Fails with invalid when it names another instance or another
/// master key. Changes nothing.
[[nodiscard]] Result<bool> check_owner(Connection& connection, const Claim& claim);

/// Puts our fence into the owner row and counts the start, in one transaction; creates the row in a
/// new store. A store that is behind `mark`, or has none, starts a new epoch. Fails like
/// check_owner.
[[nodiscard]] Result<Ownership> claim_store(Connection& connection, const Claim& claim,
                                            const std::optional<HighWater>& mark);

}  // namespace cpc::store
