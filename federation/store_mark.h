// Which store of an instance speaks, in which of its lives: every hello and every body that moves a
// position carries it, so that a restored store is noticed. docs/protocol.md sections "Hello" and
// "Transactions". Pure; any thread.
#pragma once

#include "core/ids.h"
#include "federation/strict_json.h"

namespace cpc::federation {

struct StoreMark {
  core::StoreEpoch epoch;         ///< Changes when a store is created or restored.
  std::int64_t boot_counter = 0;  ///< Rises at each start.
};

/// {"v":1,"store_epoch","boot"}: what such a body begins with.
[[nodiscard]] nlohmann::json to_json(const StoreMark& mark);
/// Fails with invalid, also of another version.
[[nodiscard]] Result<StoreMark> store_mark_of(const JsonObject& object);

}  // namespace cpc::federation
