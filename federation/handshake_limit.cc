#include "federation/handshake_limit.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

namespace cpc::federation {
namespace {

/// The address, or the first 64 bits of one of IPv6.
std::string counted_as(const std::string& address) {
  boost::system::error_code failure;
  const auto parsed = boost::asio::ip::make_address(address, failure);
  if (failure || !parsed.is_v6()) return address;
  const auto octets = parsed.to_v6().to_bytes();
  return {octets.begin(), octets.begin() + 8};
}

}  // namespace

bool HandshakeLimit::take(const std::string& address, Point now) {
  if (rate_.at_once_max == 0) return true;
  forget_full(now);
  const std::string name = counted_as(address);
  const auto known = full_at_.find(name);
  if (known == full_at_.end() && full_at_.size() >= addresses_max_) return false;
  const Point before = known == full_at_.end() ? now : std::max(known->second, now);
  const Point after = before + rate_.interval;
  if (after - now > rate_.interval * rate_.at_once_max) return false;
  full_at_[name] = after;
  return true;
}

// Each address is looked at a few times at most before it goes, so the many cost no more than the
// few.
void HandshakeLimit::forget_full(Point now) {
  if (now - forgotten_at_ < rate_.interval * rate_.at_once_max) return;
  forgotten_at_ = now;
  std::erase_if(full_at_, [now](const auto& entry) { return entry.second <= now; });
}

}  // namespace cpc::federation
