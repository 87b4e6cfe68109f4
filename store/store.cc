#include "store/store.h"

#include "store/migrator.h"

namespace cpc::store {
Store::Store(Parts parts) : parts_(std::move(parts)) {}

Store::~Store() = default;

Result<std::unique_ptr<Reader>> Store::open_reader() {
  CPC_TRY(auto connection, parts_.database->connect(Access::read));
  return std::make_unique<Reader>(std::move(connection));
}

Result<std::unique_ptr<Store>> open_claimed(std::unique_ptr<Hold> hold,
                                            std::unique_ptr<Database> database,
                                            const std::filesystem::path& high_water,
                                            const Claim& claim, const CacheLimits& limits,
                                            const Decorate& decorate) {
  CPC_TRY(const auto mark, read_high_water(high_water));
  CPC_TRY(auto writer, database->connect(Access::write));
  CPC_TRY(const std::int64_t number, schema_number(*writer, known_migrations()));
  bool is_owned = false;
  if (number > 0) {
    CPC_TRY(is_owned, check_owner(*writer, claim));
  }
  if (mark && !is_owned) return lost_store(high_water);
  CPC_TRY(migrate(*writer, known_migrations(), claim.now));
  CPC_TRY(const Ownership ownership, claim_store(*writer, claim, mark));
  CPC_TRY(auto noted, HighWaterFile::make(high_water, {ownership.boot_counter, ownership.batch}));
  if (decorate) writer = decorate(std::move(writer));
  auto gate = std::make_unique<Gate>(std::move(writer), ownership, limits, std::move(noted));
  return std::make_unique<Store>(Store::Parts{.hold = std::move(hold),
                                              .database = std::move(database),
                                              .gate = std::move(gate),
                                              .ownership = ownership});
}

}  // namespace cpc::store
