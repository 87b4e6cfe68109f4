// Who is woken after a commit. A closure marks what it touched; after the commit the gate's shell
// posts one Committed to the network thread, and dispatch() here calls every listener. A listener
// only sets a flag and wakes its loop, which reads the store again: register first, then read.
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "core/store.h"

namespace cpc::routing {

/// Network thread only.
class WakeUps {
 public:
  using Listener = std::function<void(const core::Committed&)>;

  /// Stops listening when destroyed. Must not outlive the WakeUps it came from.
  class Registration {
   public:
    Registration() = default;
    Registration(WakeUps& wake_ups, std::uint64_t id) : wake_ups_(&wake_ups), id_(id) {}
    Registration(Registration&& other) noexcept { swap(other); }
    Registration& operator=(Registration&& other) noexcept {
      swap(other);
      return *this;
    }
    ~Registration() {
      if (wake_ups_ != nullptr) wake_ups_->listeners_.erase(id_);
    }

   private:
    void swap(Registration& other) noexcept {
      std::swap(wake_ups_, other.wake_ups_);
      std::swap(id_, other.id_);
    }
    WakeUps* wake_ups_ = nullptr;
    std::uint64_t id_ = 0;
  };

  [[nodiscard]] Registration listen(Listener listener) {
    listeners_.emplace(++last_id_, std::move(listener));
    return Registration{*this, last_id_};
  }

  void dispatch(const core::Committed& committed) {
    // A listener may register or leave others; the map keeps the rest valid.
    for (auto at = listeners_.begin(); at != listeners_.end();) (at++)->second(committed);
  }

 private:
  std::map<std::uint64_t, Listener> listeners_;
  std::uint64_t last_id_ = 0;
};

}  // namespace cpc::routing
