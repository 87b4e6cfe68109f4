#include "daemon/api/rate_limit.h"

#include <algorithm>
#include <cmath>

namespace cpc::api {

double RateLimit::tries_at(const Bucket& bucket, TimePoint now) const {
  const double capacity = static_cast<double>(per_minute_);
  const double minutes = static_cast<double>((now - bucket.filled_at).count()) / 60'000.0;
  return std::min(capacity, bucket.tries_left + std::max(0.0, minutes) * capacity);
}

std::chrono::seconds RateLimit::take(const std::string& name, TimePoint now) {
  if (buckets_.size() >= names_max_ && !buckets_.contains(name)) forget_full(now);
  auto& bucket =
      buckets_.try_emplace(name, Bucket{static_cast<double>(per_minute_), now}).first->second;
  bucket = {tries_at(bucket, now), now};
  if (bucket.tries_left >= 1.0) {
    bucket.tries_left -= 1.0;
    return std::chrono::seconds{0};
  }
  const double minutes = (1.0 - bucket.tries_left) / static_cast<double>(per_minute_);
  return std::chrono::seconds{static_cast<std::int64_t>(std::ceil(minutes * 60.0))};
}

void RateLimit::forget_full(TimePoint now) {
  std::erase_if(buckets_, [&](const auto& entry) {
    return tries_at(entry.second, now) >= static_cast<double>(per_minute_);
  });
  // Everybody is being held back: forget the one who is held back least.
  if (buckets_.size() < names_max_) return;
  buckets_.erase(std::ranges::max_element(
      buckets_, {}, [&](const auto& entry) { return tries_at(entry.second, now); }));
}

}  // namespace cpc::api
