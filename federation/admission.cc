#include "federation/admission.h"

#include <algorithm>

namespace cpc::federation {

Admission::Ticket Admission::admit(const core::InstanceName& peer, std::size_t bytes) {
  const auto known = under_way_.find(peer);
  const std::size_t of_peer = known == under_way_.end() ? 0 : known->second;
  if (of_peer >= transactions_at_a_time_max || bytes_ + bytes > transactions_bytes_max) return {};
  ++under_way_[peer];
  bytes_ += bytes;
  return {*this, peer, bytes};
}

core::Credit Admission::credit(const core::DeliveryLimits& limits) const {
  const std::size_t half = transactions_bytes_max / 2;
  const std::size_t free = std::min(transactions_bytes_max - bytes_, half);
  return {limits.entries_max * free / half, limits.bytes_max * free / half};
}

void Admission::leave(const core::InstanceName& peer, std::size_t bytes) {
  bytes_ -= bytes;
  const auto known = under_way_.find(peer);
  if (--known->second == 0) under_way_.erase(known);
}

}  // namespace cpc::federation
