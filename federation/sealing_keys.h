// Our sealing keys: the newest stands in our document, older ones still open what was sealed to
// them. A key is followed by a new one after a month, and destroyed when no document that names it
// can serve any more: who takes our keys later opens no transaction that was recorded before.
// Network thread only; the keys themselves may be used on any.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "core/base/time.h"
#include "crypto/sealing_key.h"

namespace cpc::federation {

class SealingKeys {
 public:
  using Key = std::shared_ptr<const crypto::SealingKey>;
  static constexpr auto renew_after = std::chrono::hours{24 * 30};
  /// After the next one was made. A document lives seven days, and serves a day longer where a new
  /// one cannot be fetched.
  static constexpr auto keep_for = std::chrono::hours{24 * 9};

  void add(crypto::SealingKey key, TimePoint made_at);
  /// The one to publish; null if there is none.
  [[nodiscard]] Key newest() const;
  [[nodiscard]] Key find(const crypto::KeyId& id) const;
  /// There is none, or the newest has to be followed by a new one.
  [[nodiscard]] bool is_due(TimePoint now) const;
  /// A key of the future was made when our clock was wrong: it counts as made now. Gives when it
  /// was said to be made, and when it is now, for each such key.
  [[nodiscard]] std::vector<std::pair<TimePoint, TimePoint>> set_right(TimePoint now);
  /// Forgets those that are of no use any more, and gives when each had been made.
  [[nodiscard]] std::vector<TimePoint> drop_old(TimePoint now);

 private:
  struct Made {
    TimePoint at;
    Key key;
  };
  std::vector<Made> made_;  // Oldest first.
};

}  // namespace cpc::federation
