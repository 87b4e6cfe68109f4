// cpcctl: operates one instance. Everything it does is in run(); here stands what a test replaces.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>

#include "cli/command.h"
#include "cli/unix_admin_client.h"

namespace {

bool wants_color() {
  const char* const terminal = std::getenv("TERM");
  const char* const no_color = std::getenv("NO_COLOR");
  const bool is_plain = terminal == nullptr || std::string_view{terminal} == "dumb";
  return ::isatty(STDOUT_FILENO) == 1 && !is_plain && (no_color == nullptr || *no_color == '\0');
}

}  // namespace

int main(int argc, char** argv) try {
  namespace cli = cpc::cli;
  cli::ControllingTerminal terminal;
  cli::Context context{
      .connect = [](const cli::AdminTarget& target) -> std::unique_ptr<cli::AdminClient> {
        return std::make_unique<cli::UnixAdminClient>(target);
      },
      .terminal = terminal,
      .in = std::cin,
      .out = std::cout,
      .err = std::cerr,
      .now = std::chrono::floor<cpc::Milliseconds>(std::chrono::system_clock::now()),
      .color = wants_color()};
  const int status = cli::run({argv + std::min(argc, 1), argv + argc}, context);
  std::cout.flush();
  if (std::cout) return status;
  std::cerr << "error: the result could not be written\n";  // A full disk, a closed pipe.
  return cli::exit_failed;
} catch (const std::exception& error) {
  std::cerr << "error: " << error.what() << "\ncode:  internal.error\n";
  return cpc::cli::exit_failed;
}
