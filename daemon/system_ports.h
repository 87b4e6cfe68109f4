// The real clock and the real dice behind routing's ports.
#pragma once

#include "crypto/random_bytes.h"
#include "routing/ports.h"

namespace cpc::daemon {

/// Network thread only. The steady clock is the time since the machine's boot, suspension included,
/// so that who sleeps over a suspension wakes soon after it.
class SystemTimers final : public routing::Timers {
 public:
  [[nodiscard]] TimePoint now() const override;
  [[nodiscard]] routing::SteadyPoint steady_now() const override;
  [[nodiscard]] boost::asio::awaitable<void> sleep_until(routing::SteadyPoint due_at) override;
};

class SystemRandom final : public routing::Random {
 public:
  [[nodiscard]] Bytes bytes(std::size_t count) override { return crypto::random_bytes(count); }
};

}  // namespace cpc::daemon
