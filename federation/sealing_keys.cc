#include "federation/sealing_keys.h"

#include <algorithm>

namespace cpc::federation {

namespace {
constexpr auto clock_slack = std::chrono::hours{1};
}  // namespace

void SealingKeys::add(crypto::SealingKey key, TimePoint made_at) {
  made_.push_back({made_at, std::make_shared<const crypto::SealingKey>(std::move(key))});
  std::ranges::stable_sort(made_, {}, &Made::at);
}

SealingKeys::Key SealingKeys::newest() const {
  return made_.empty() ? nullptr : made_.back().key;
}

SealingKeys::Key SealingKeys::find(const crypto::KeyId& id) const {
  const auto found = std::ranges::find(made_, id, [](const Made& made) { return made.key->id(); });
  return found == made_.end() ? nullptr : found->key;
}

bool SealingKeys::is_due(TimePoint now) const {
  return made_.empty() || now >= made_.back().at + renew_after;
}

std::vector<std::pair<TimePoint, TimePoint>> SealingKeys::set_right(TimePoint now) {
  std::vector<std::pair<TimePoint, TimePoint>> moved;
  TimePoint next = now;
  for (Made& made : made_) {
    if (made.at <= now + clock_slack) continue;
    moved.emplace_back(made.at, next);
    made.at = next;
    next += Milliseconds{1};
  }
  std::ranges::stable_sort(made_, {}, &Made::at);
  return moved;
}

std::vector<TimePoint> SealingKeys::drop_old(TimePoint now) {
  std::vector<TimePoint> dropped;
  while (made_.size() > 1 && now >= made_[1].at + keep_for) {
    dropped.push_back(made_.front().at);
    made_.erase(made_.begin());
  }
  return dropped;
}

}  // namespace cpc::federation
