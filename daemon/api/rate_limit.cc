#include "daemon/api/rate_limit.h"

#include <algorithm>

namespace cpc::api {
namespace {

constexpr Milliseconds credit_max = std::chrono::minutes{1};

Milliseconds credit_at(Milliseconds credit, TimePoint filled_at, TimePoint now) {
  return std::min(credit_max, credit + std::max(Milliseconds{0}, now - filled_at));
}

}  // namespace

std::chrono::seconds RateLimit::take(const std::string& name, TimePoint now) {
  if (buckets_.size() >= names_max_ && !buckets_.contains(name)) forget_full(now);
  Bucket& bucket = buckets_.try_emplace(name, Bucket{credit_max, now}).first->second;
  bucket = {credit_at(bucket.credit, bucket.filled_at, now), now};
  if (bucket.credit < cost_) {
    return std::chrono::ceil<std::chrono::seconds>(cost_ - bucket.credit);
  }
  bucket.credit -= cost_;
  return std::chrono::seconds{0};
}

void RateLimit::forget_full(TimePoint now) {
  const auto credit = [&](const auto& entry) {
    return credit_at(entry.second.credit, entry.second.filled_at, now);
  };
  std::erase_if(buckets_, [&](const auto& entry) { return credit(entry) >= credit_max; });
  // Everybody is being held back: forget the one who is held back least.
  if (buckets_.size() < names_max_) return;
  buckets_.erase(std::ranges::max_element(buckets_, {}, credit));
}

}  // namespace cpc::api
