// How often something may be tried: a token bucket for each name. Bounded: when too many names are
// known the fullest buckets are forgotten first, since they restrict nobody.
#pragma once

#include <map>
#include <string>

#include "core/base/time.h"

namespace cpc::api {

/// One thread only.
class RateLimit {
 public:
  /// `per_minute` (1 to 60,000) tries a minute, and as many at once.
  explicit RateLimit(std::size_t per_minute, std::size_t names_max = 100'000)
      : cost_(Milliseconds{std::chrono::minutes{1}} / static_cast<Milliseconds::rep>(per_minute)),
        names_max_(names_max) {}

  /// Zero when the try is allowed (and counted); else how long to wait.
  [[nodiscard]] std::chrono::seconds take(const std::string& name, TimePoint now);

 private:
  /// Time saved up, a minute at most; a try costs its part of the minute.
  struct Bucket {
    Milliseconds credit;
    TimePoint filled_at;
  };
  void forget_full(TimePoint now);

  Milliseconds cost_;
  std::size_t names_max_;
  std::map<std::string, Bucket> buckets_;
};

}  // namespace cpc::api
