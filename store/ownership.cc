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
  Ownership state;
};

Result<std::optional<OwnerRow>> read_owner(Connection& connection) {
  std::optional<OwnerRow> owner;
  CPC_TRY(connection.query(sql::owner_identity, {}, [&](SqlRow& row) -> Result<> {
    owner.emplace();
    const bool fits = row.size() == 6 && decode("instance_name", row[0], owner->instance_name) &&
                      decode("iid", row[1], owner->iid) &&
                      decode("store_epoch", row[2], owner->state.store_epoch) &&
                      decode("boot_counter", row[3], owner->state.boot_counter) &&
                      decode("batch", row[4], owner->state.batch) &&
                      decode("last_n", row[5], owner->state.last_n);
    if (fits) return success();
    return fail(ErrorCode::internal, "the store's owner row cannot be read; restore a backup");
  }));
  return owner;
}

Result<> check_identity(const OwnerRow& owner, const Claim& claim) {
  if (owner.instance_name == claim.instance_name && owner.iid == claim.iid) return success();
  return fail(ErrorCode::invalid,
              "this store belongs to " + owner.instance_name.text() + " (iid " +
                  to_text(owner.iid) + "); configuration says " + claim.instance_name.text() +
                  " (iid " + to_text(claim.iid) +
                  "). Point storage.path to the right store, or put back this instance's keys");
}

Result<Ownership> claim_inside(Connection& connection, const Claim& claim, const HighWater& mark) {
  CPC_TRY(const auto owner, read_owner(connection));
  Ownership ours;
  if (owner) {
    CPC_TRY(check_identity(*owner, claim));
    ours = owner->state;
  } else {
    ours.is_new = true;
  }
  ours.is_restored = ours.boot_counter < mark.boot_counter || ours.batch < mark.batch;
  if (ours.is_new || ours.is_restored) ours.store_epoch = claim.new_epoch;
  ours.boot_counter = std::max(ours.boot_counter, mark.boot_counter) + 1;
  ours.fence = claim.fence;
  const SqlRow values{claim.instance_name.text(), Blob{claim.iid.bytes()},
                      Blob{ours.store_epoch.bytes()}, ours.boot_counter, Blob{claim.fence.bytes()}};
  CPC_TRY(const std::int64_t rows, connection.execute(sql::owner_claim, values));
  if (rows != 1) return fail(ErrorCode::internal, "the owner row could not be claimed");
  return ours;
}

}  // namespace

Result<> check_owner(Connection& connection, const Claim& claim) {
  CPC_TRY(const auto owner, read_owner(connection));
  if (owner) {
    CPC_TRY(check_identity(*owner, claim));
  }
  return success();
}

Result<Ownership> claim_store(Connection& connection, const Claim& claim, const HighWater& mark) {
  if (claim.new_epoch.is_zero() || claim.fence.is_zero() || claim.iid.is_zero() ||
      claim.instance_name.text().empty()) {
    return fail(ErrorCode::invalid, "a claim without name, iid, epoch or fence");
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
