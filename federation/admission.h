// How much of its peers' transactions an instance works on at a time, and how much it says to have
// room for. Whoever goes beyond is answered BUSY before anything is decoded; whoever keeps to the
// credit of its last answer is not. Network thread only.
#pragma once

#include <map>

#include "core/delivery.h"

namespace cpc::federation {

/// Transactions, comparisons and pulls of one peer under way at a time (docs/protocol.md section
/// "Transactions").
inline constexpr std::size_t transactions_at_a_time_max = 8;
/// Octets of transactions under way, of all peers together.
inline constexpr std::size_t transactions_bytes_max = 64 * 1024 * 1024;

class Admission {
 public:
  /// Held while a transaction is worked on. Must not outlive its Admission.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(Admission& from, core::InstanceName peer, std::size_t bytes)
        : from_(&from), peer_(std::move(peer)), bytes_(bytes) {}
    Ticket(Ticket&& other) noexcept
        : from_(std::exchange(other.from_, nullptr)),
          peer_(std::move(other.peer_)),
          bytes_(other.bytes_) {}
    Ticket& operator=(Ticket&&) = delete;
    ~Ticket() {
      if (from_ != nullptr) from_->leave(peer_, bytes_);
    }
    [[nodiscard]] explicit operator bool() const { return from_ != nullptr; }

   private:
    Admission* from_ = nullptr;
    core::InstanceName peer_;
    std::size_t bytes_ = 0;
  };

  /// Empty if the peer has too many under way, or all peers too much.
  [[nodiscard]] Ticket admit(const core::InstanceName& peer, std::size_t bytes);

  /// What a peer may send next: all that `limits` allow while half of the room is free, from there
  /// on less, down to nothing.
  [[nodiscard]] core::Credit credit(const core::DeliveryLimits& limits) const;

 private:
  void leave(const core::InstanceName& peer, std::size_t bytes);

  std::map<core::InstanceName, std::size_t> under_way_;
  std::size_t bytes_ = 0;
};

}  // namespace cpc::federation
