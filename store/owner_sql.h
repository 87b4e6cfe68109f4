// Every statement that touches the owner row and the list of migrations. Both tables have a handful
// of rows and are found by primary key.
#pragma once

namespace cpc::store::sql {

/// $1 batch, $2 last n, $3 our fence. Changes one row, or none when somebody else owns the store.
/// First in every flush: it locks the row, so that of two owners only one can commit.
inline constexpr char owner_count_batch[] = R"sql(
  UPDATE owner SET batch = $1, last_n = $2 WHERE id = 1 AND fence = $3
)sql";

/// Waits until nobody else changes the row, and changes nothing.
inline constexpr char owner_lock[] = "UPDATE owner SET batch = batch WHERE id = 1";

inline constexpr char owner_tally[] = "SELECT fence, batch, last_n FROM owner WHERE id = 1";

inline constexpr char owner_identity[] = R"sql(
  SELECT instance_name, iid, store_epoch, boot_counter, batch, last_n, master_key
  FROM owner WHERE id = 1
)sql";

/// $1 instance name, $2 iid, $3 store epoch, $4 boot counter, $5 fence, $6 master key id.
inline constexpr char owner_claim[] = R"sql(
  INSERT INTO owner (id, instance_name, iid, store_epoch, boot_counter, fence, batch, last_n,
                     master_key)
  VALUES (1, $1, $2, $3, $4, $5, 0, 0, $6)
  ON CONFLICT (id) DO UPDATE SET
    store_epoch = excluded.store_epoch, boot_counter = excluded.boot_counter,
    fence = excluded.fence
)sql";

/// Made by the migrator itself, because it is asked before the first migration has run.
inline constexpr char schema_create[] = R"sql(
  CREATE TABLE schema_migrations (
    number     INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    applied_at INTEGER NOT NULL
  ) STRICT
)sql";

inline constexpr char schema_number[] = "SELECT coalesce(max(number), 0) FROM schema_migrations";

/// $1 number, $2 name, $3 applied at.
inline constexpr char schema_applied[] = R"sql(
  INSERT INTO schema_migrations (number, name, applied_at) VALUES ($1, $2, $3)
)sql";

}  // namespace cpc::store::sql
