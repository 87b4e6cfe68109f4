// The real clock and the real dice behind routing's ports.
#pragma once

#include "crypto/random_bytes.h"
#include "routing/ports.h"

namespace cpc::daemon {

/// Network thread only. Sleeps by the steady clock, so that a step of the wall clock neither wakes
/// nor delays anybody.
class SystemTimers final : public routing::Timers {
 public:
  [[nodiscard]] TimePoint now() const override;
  [[nodiscard]] boost::asio::awaitable<void> sleep_until(TimePoint due_at) override;
};

class SystemRandom final : public routing::Random {
 public:
  [[nodiscard]] Bytes bytes(std::size_t count) override { return crypto::random_bytes(count); }
};

}  // namespace cpc::daemon
