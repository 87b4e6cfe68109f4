// Keeps what strangers cause from filling the log: of each kind of line one a minute is written,
// and it says how many were left out since the one before.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "routing/steady_time.h"

namespace cpc::federation {

/// Not thread-safe. The caller has few kinds: each is remembered for good.
class LineLimit {
 public:
  static constexpr Milliseconds interval = std::chrono::minutes{1};

  /// Whether a line of this `kind` may be written `now`: then how many were left out since the
  /// last. Nothing: leave it out.
  [[nodiscard]] std::optional<std::int64_t> admit(std::string_view kind, routing::SteadyPoint now) {
    const auto known = kinds_.find(kind);
    if (known == kinds_.end()) {
      kinds_.emplace(kind, Written{now, 0});
      return 0;
    }
    Written& last = known->second;
    if (now < last.at + interval) {
      ++last.left_out;
      return std::nullopt;
    }
    const std::int64_t left_out = last.left_out;
    last = {now, 0};
    return left_out;
  }

 private:
  struct Written {
    routing::SteadyPoint at;
    std::int64_t left_out;
  };
  std::map<std::string, Written, std::less<>> kinds_;
};

}  // namespace cpc::federation
