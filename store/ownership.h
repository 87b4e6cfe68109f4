// Whose store this is and which life of it: the owner row, claimed anew at each start.
#pragma once

#include <cstdint>
#include <filesystem>

#include "core/address.h"
#include "core/base/time.h"
#include "core/ids.h"
#include "store/database.h"

namespace cpc::store {

/// 16 random octets per start. A daemon whose token is no longer in the owner row cannot commit.
using Fence = Id<16, struct FenceTag>;

/// What a daemon brings along when it opens a store.
struct Claim {
  core::InstanceName instance_name;
  core::Iid iid;
  core::StoreEpoch new_epoch;  ///< Random; used when the store is created or was restored.
  Fence fence;                 ///< Random.
  TimePoint now;               ///< Only noted beside the migrations that are applied.
};

/// What it found.
struct Ownership {
  core::StoreEpoch store_epoch;
  std::int64_t boot_counter = 0;  ///< +1 at each open, also after a restore.
  bool is_new = false;            ///< The store was created just now.
  bool is_restored = false;       ///< An older copy was put back; store_epoch is the new one.
  Fence fence;
  std::int64_t batch = 0;   ///< Commits so far.
  std::int64_t last_n = 0;  ///< Highest change number so far.
};

/// The furthest that this store is known to have come, kept in a file outside of the database, so
/// that a database which is behind it gives itself away as an old copy.
struct HighWater {
  std::int64_t boot_counter = 0;
  std::int64_t batch = 0;
};

/// Zero when there is no file. Fails with invalid when it holds anything else than two numbers.
[[nodiscard]] Result<HighWater> read_high_water(const std::filesystem::path& path);

/// Replaces the file (0600) durably: written beside, synced, renamed, folder synced. Fails with
/// unavailable.
[[nodiscard]] Result<> write_high_water(const std::filesystem::path& path, const HighWater& mark);

/// Fails with invalid when the store has an owner row that names another instance. Changes nothing.
[[nodiscard]] Result<> check_owner(Connection& connection, const Claim& claim);

/// Puts our fence into the owner row and counts the start, in one transaction; creates the row in a
/// new store. Fails with invalid when the store belongs to another instance.
[[nodiscard]] Result<Ownership> claim_store(Connection& connection, const Claim& claim,
                                            const HighWater& mark);

}  // namespace cpc::store
