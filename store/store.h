// One open store, whatever its engine: who owns it, the gate that writes, the readers.
//
// sqlite_store.h opens one in a file, postgres_store.h one on a PostgreSQL server.
#pragma once

#include <filesystem>
#include <memory>

#include "store/gate.h"
#include "store/ownership.h"
#include "store/snapshot.h"

namespace cpc::store {

/// Something held for as long as the store is open, such as a lock.
class Hold {
 public:
  virtual ~Hold() = default;
};

class Store {
 public:
  struct Parts {
    std::unique_ptr<Hold> hold;  ///< Released last.
    std::unique_ptr<Database> database;
    std::unique_ptr<Gate> gate;
    Ownership ownership;
  };
  explicit Store(Parts parts);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  [[nodiscard]] const Ownership& ownership() const { return parts_.ownership; }
  [[nodiscard]] Facts facts() const { return parts_.database->facts(); }
  [[nodiscard]] Gate& gate() { return *parts_.gate; }
  /// A reader with a connection of its own; it must not outlive the store. Fails with unavailable.
  [[nodiscard]] Result<std::unique_ptr<Reader>> open_reader();

 private:
  Parts parts_;
};

/// Brings the database up to our schema, claims it, and makes the gate. What every engine does once
/// it has a connection and the lock. Errors as open_sqlite_store.
[[nodiscard]] Result<std::unique_ptr<Store>> open_claimed(std::unique_ptr<Hold> hold,
                                                          std::unique_ptr<Database> database,
                                                          const std::filesystem::path& high_water,
                                                          const Claim& claim,
                                                          const CacheLimits& limits,
                                                          const Decorate& decorate);

}  // namespace cpc::store
