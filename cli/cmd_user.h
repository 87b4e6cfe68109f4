// What the commands about one person share.
#pragma once

#include "cli/command.h"

namespace cpc::cli {

/// The argument LOCAL, the part before @; anything else is a usage error.
void add_username(CLI::App& command, std::string& username);

}  // namespace cpc::cli
