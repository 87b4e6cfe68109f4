#include "store/ownership.h"

#include <algorithm>
#include <optional>

#include "store/owner_sql.h"
#include "store/record.h"

namespace cpc::store {
namespace {

struct OwnerRow {
  core::InstanceName instance_name;
  core::Iid iid;
  MasterKeyId master_key;
  Ownership state;
};

Result<std::optional<OwnerRow>> read_owner(Connection& connection) {
  std::optional<OwnerRow> owner;
  CPC_TRY(connection.query(sql::owner_identity, {}, [&](SqlRow& row) -> Result<> {
    owner.emplace();
    const bool fits = row.size() == 7 && decode("instance_name", row[0], owner->instance_name) &&
                      decode("iid", row[1], owner->iid) &&
                      decode("store_epoch", row[2], owner->state.store_epoch) &&
                      decode("boot_counter", row[3], owner->state.boot_counter) &&
                      decode("batch", row[4], owner->state.batch) &&
                      decode("last_n", row[5], owner->state.last_n) &&
                      decode("master_key", row[6], owner->master_key);
    if (fits) return success();
    return fail(ErrorCode::internal, "the store's owner row cannot be read; restore a backup");
  }));
  return owner;
}

Result<> check_identity(const OwnerRow& owner, const Claim& claim) {
  if (owner.instance_name != claim.instance_name || owner.iid != claim.iid) {
    return fail(ErrorCode::invalid,
                "this store belongs to " + owner.instance_name.text() + " (iid " +
                    to_text(owner.iid) + "); configuration says " + claim.instance_name.text() +
                    " (iid " + to_text(claim.iid) +
                    "). Point [storage] to the right store, or put back this instance's keys");
  }
  if (owner.master_key != claim.master_key) {
    return fail(ErrorCode::invalid,
                "the bodies in this store are sealed under another master key, and could not be "
                "read. Put back the master key that belongs to it");
  }
  return success();
}

Result<Ownership> claim_inside(Connection& connection, const Claim& claim,
                               const std::optional<HighWater>& mark) {
  CPC_TRY(const auto owner, read_owner(connection));
  Ownership ours;
  if (owner) {
    CPC_TRY(check_identity(*owner, claim));
    ours = owner->state;
  } else {
    ours.is_new = true;
  }
  const bool is_behind =
      !mark || ours.boot_counter < mark->boot_counter || ours.batch < mark->batch;
  ours.is_restored = !ours.is_new && is_behind;
  if (ours.is_new || ours.is_restored) ours.store_epoch = claim.new_epoch;
  ours.boot_counter = std::max(ours.boot_counter, mark ? mark->boot_counter : 0) + 1;
  ours.fence = claim.fence;
  const SqlRow values{claim.instance_name.text(),     Blob{claim.iid.bytes()},
                      Blob{ours.store_epoch.bytes()}, ours.boot_counter,
                      Blob{claim.fence.bytes()},      Blob{claim.master_key.bytes()}};
  CPC_TRY(const std::int64_t rows, connection.execute(sql::owner_claim, values));
  if (rows != 1) return fail(ErrorCode::internal, "the owner row could not be claimed");
  return ours;
}

}  // namespace

Result<bool> check_owner(Connection& connection, const Claim& claim) {
  CPC_TRY(const auto owner, read_owner(connection));
  if (owner) {
    CPC_TRY(check_identity(*owner, claim));
  }
  return owner.has_value();
}

Result<Ownership> claim_store(Connection& connection, const Claim& claim,
                              const std::optional<HighWater>& mark) {
  if (claim.new_epoch.is_zero() || claim.fence.is_zero() || claim.iid.is_zero() ||
      claim.master_key.is_zero() || claim.instance_name.text().empty()) {
    return fail(ErrorCode::invalid, "a claim without name, iid, epoch, master key or fence");
  }
  CPC_TRY(connection.begin(Access::write));
  auto ours = claim_inside(connection, claim, mark);
  if (ours) {
    if (const auto committed = connection.commit(); !committed) ours = committed.error();
  }
  if (!ours) (void)connection.rollback();  // The first error is the one to tell.
  return ours;
}

}  // namespace cpc::store
