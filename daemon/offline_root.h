// The root key at work where it lies, far from any instance: no configuration, no store, no
// network. What it signs travels by `cpcctl key export` and `cpcctl key import`.
#pragma once

#include <iosfwd>
#include <string>

#include "core/base/time.h"

namespace cpc::daemon {

struct OfflineRoot {
  std::string request;        ///< The file that `cpcctl key export` wrote.
  std::string root_key;       ///< Of the root that signs now, or of the one that it promised.
  std::string next_root_key;  ///< May be empty; a key is made if there is no such file.
};

/// Writes the delegation to `out` and what it says to `err`. Gives the exit status: 0, or 1 with
/// what went wrong.
[[nodiscard]] int sign_offline(const OfflineRoot& order, TimePoint now, std::ostream& out,
                               std::ostream& err);

}  // namespace cpc::daemon
