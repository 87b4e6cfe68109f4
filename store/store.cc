#include "store/store.h"

#include "store/migrator.h"

namespace cpc::store {

Store::Store(Parts parts) : parts_(std::move(parts)) {}

Store::~Store() {
  const bool is_ours = !parts_.gate->is_closed();
  const HighWater mark{parts_.ownership.boot_counter, parts_.gate->batch()};
  parts_.gate.reset();
  if (!is_ours) return;
  // The mark of the start is still there: a restored backup is then told by the boot counter alone.
  (void)write_high_water(parts_.high_water, mark);
}

Result<std::unique_ptr<Reader>> Store::open_reader() {
  CPC_TRY(auto connection, parts_.database->connect(Access::read));
  return std::make_unique<Reader>(std::move(connection));
}

Result<std::unique_ptr<Store>> open_claimed(std::unique_ptr<Hold> hold,
                                            std::unique_ptr<Database> database,
                                            const std::filesystem::path& high_water,
                                            const Claim& claim, const CacheLimits& limits,
                                            const Decorate& decorate) {
  CPC_TRY(const HighWater mark, read_high_water(high_water));
  CPC_TRY(auto writer, database->connect(Access::write));
  CPC_TRY(const std::int64_t number, schema_number(*writer, known_migrations()));
  if (number > 0) {
    CPC_TRY(check_owner(*writer, claim));
  }
  CPC_TRY(migrate(*writer, known_migrations(), claim.now));
  CPC_TRY(const Ownership ownership, claim_store(*writer, claim, mark));
  CPC_TRY(write_high_water(high_water, {ownership.boot_counter, ownership.batch}));
  if (decorate) writer = decorate(std::move(writer));
  return std::make_unique<Store>(
      Store::Parts{.hold = std::move(hold),
                   .database = std::move(database),
                   .gate = std::make_unique<Gate>(std::move(writer), ownership, limits),
                   .ownership = ownership,
                   .high_water = high_water});
}

}  // namespace cpc::store
