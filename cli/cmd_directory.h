// What the commands about signed directories share.
#pragma once

#include "cli/command.h"
#include "cli/output.h"
#include "daemon/admin_protocol/messages.h"

namespace cpc::cli {

/// The argument DIRECTORY, an id or a name.
void add_directory_name(CLI::App& command, std::string& directory);

/// What became of the versions that we hold. Returns the exit status.
int print_directory_change(Context& context, const admin_protocol::DirectoryChanged& changed);

}  // namespace cpc::cli
