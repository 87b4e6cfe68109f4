// Getting a password without its ever standing in the arguments, the environment or on the screen.
#pragma once

#include <string>

#include "cli/command.h"

namespace cpc::cli {

/// The option that both password commands share.
void add_password_option(CLI::App& command, std::string& file);

/// From `file` ("-" is stdin), its first and only line; without one, typed twice on the terminal.
/// The caller wipes it. Problems: precond.password_missing if nobody can be asked,
/// not_found.password_file, invalid.password if it is too short, too long, more than a line, or
/// typed differently.
[[nodiscard]] Answer<std::string> read_password(Context& context, const std::string& file);

}  // namespace cpc::cli
