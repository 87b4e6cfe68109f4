// What the commands about keys share.
#pragma once

#include "cli/command.h"
#include "cli/output.h"
#include "daemon/admin_protocol/messages.h"

namespace cpc::cli {

/// Tells what has changed, and what to do where the root key has to sign first.
int print_change(Context& context, const Answer<admin_protocol::KeyChanged>& changed,
                 const std::string& what);

}  // namespace cpc::cli
