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
  /// What changed for an account, and the change number up to which this is told.
  using AccountListener = std::function<void(const core::TouchedAccount&, std::int64_t n)>;

  /// Stops listening when destroyed. Must not outlive the WakeUps it came from.
  class Registration {
   public:
    Registration() = default;
    Registration(WakeUps& wake_ups, std::uint64_t id) : wake_ups_(&wake_ups), id_(id) {}
    Registration(WakeUps& wake_ups, std::uint64_t id, std::string local)
        : wake_ups_(&wake_ups), id_(id), local_(std::move(local)) {}
    Registration(Registration&& other) noexcept { swap(other); }
    Registration& operator=(Registration&& other) noexcept {
      swap(other);
      return *this;
    }
    ~Registration() {
      if (wake_ups_ == nullptr) return;
      wake_ups_->listeners_.erase(id_);
      wake_ups_->account_listeners_.erase({local_, id_});
    }

   private:
    void swap(Registration& other) noexcept {
      std::swap(wake_ups_, other.wake_ups_);
      std::swap(id_, other.id_);
      std::swap(local_, other.local_);
    }
    WakeUps* wake_ups_ = nullptr;
    std::uint64_t id_ = 0;
    std::string local_;
  };

  [[nodiscard]] Registration listen(Listener listener) {
    listeners_.emplace(++last_id_, std::move(listener));
    return Registration{*this, last_id_};
  }

  /// Hears of commits that touched this account alone, and costs nothing at others.
  [[nodiscard]] Registration listen_account(const std::string& local, AccountListener listener) {
    account_listeners_.emplace(std::pair{local, ++last_id_}, std::move(listener));
    return Registration{*this, last_id_, local};
  }

  void dispatch(const core::Committed& committed) {
    // A listener may leave itself and register others. It must not leave others: the next one is
    // held here already.
    for (auto at = listeners_.begin(); at != listeners_.end();) (at++)->second(committed);
    if (committed.has_gap) {
      core::TouchedAccount unknown;
      unknown.everything = true;
      for (auto at = account_listeners_.begin(); at != account_listeners_.end();) {
        (at++)->second(unknown, committed.n);
      }
      return;
    }
    for (const auto& [local, touched] : committed.touched.accounts) {
      auto at = account_listeners_.lower_bound({local, 0});
      while (at != account_listeners_.end() && at->first.first == local) {
        (at++)->second(touched, committed.n);
      }
    }
  }

 private:
  std::map<std::pair<std::string, std::uint64_t>, AccountListener> account_listeners_;
  std::map<std::uint64_t, Listener> listeners_;
  std::uint64_t last_id_ = 0;
};

}  // namespace cpc::routing
