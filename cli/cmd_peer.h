// What the commands about peers share.
#pragma once

#include "cli/command.h"
#include "cli/output.h"
#include "daemon/admin_protocol/messages.h"

namespace cpc::cli {

[[nodiscard]] inline Paint paint_of(admin_protocol::PeerState state) {
  using admin_protocol::PeerState;
  if (state == PeerState::reachable) return Paint::good;
  const bool is_bad = state == PeerState::unreachable || state == PeerState::conflict;
  return is_bad ? Paint::bad : Paint::dim;
}

/// The argument NAME, an instance's name; anything else is a usage error.
void add_peer_name(CLI::App& command, std::string& name);

/// The name must be typed, or given with --yes, so that a line from the shell's history does not
/// cut off the wrong instance. `command` is how to say it without a terminal; `loss` what is lost.
[[nodiscard]] Answer<void> confirm_peer(Context& context, const std::string& name,
                                        const std::string& yes, const std::string& command,
                                        const std::string& loss);

}  // namespace cpc::cli
