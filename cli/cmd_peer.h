// What the commands about peers share.
#pragma once

#include "cli/output.h"
#include "daemon/admin_protocol/messages.h"

namespace cpc::cli {

[[nodiscard]] inline Paint paint_of(admin_protocol::PeerState state) {
  using admin_protocol::PeerState;
  if (state == PeerState::reachable) return Paint::good;
  return state == PeerState::unreachable ? Paint::bad : Paint::dim;
}

}  // namespace cpc::cli
