// What every command gets, and how it ends. One command a file: cmd_<noun>_<verb>.cc holds its
// arguments, its work and its two outputs (text for people, JSON with a schema for programs).
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "cli/admin_client.h"
#include "cli/terminal.h"
#include "core/base/time.h"

namespace cpc::cli {

/// Stable: scripts depend on them. docs/operating.md says the same.
enum ExitStatus : int {
  exit_done = 0,
  exit_failed = 1,            ///< The daemon answered with an error.
  exit_usage = 2,             ///< The command line is wrong.
  exit_no_daemon = 3,         ///< Not running, or the socket is elsewhere.
  exit_not_permitted = 4,     ///< Not for this user.
  exit_not_found = 5,         ///< No such object.
  exit_refused = 6,           ///< A confirmation or precondition is missing; nothing was changed.
  exit_findings = 7,          ///< The command ran and found something wrong.
  exit_peer_unreachable = 9,  ///< Another instance cannot be reached.
  exit_timed_out = 11,
};

struct Context {
  std::function<std::unique_ptr<AdminClient>(const AdminTarget&)> connect;
  Terminal& terminal;
  std::istream& in;
  std::ostream& out;  ///< The result, and nothing else.
  std::ostream& err;
  TimePoint now{};
  bool color = false;

  // From the command line:
  AdminTarget target{};
  bool json = false;
  int exit_status = exit_done;
};

/// Parses `arguments` (without the program's name) and runs the command. Returns the exit status.
[[nodiscard]] int run(std::vector<std::string> arguments, Context& context);

/// Tells a problem: as text on stderr, or with --json as the one document on stdout. Returns the
/// exit status of its code.
int report(Context& context, const admin_protocol::Problem& problem);
[[nodiscard]] int exit_status_of(std::string_view problem_code);

/// Makes `run` the work of `command`.
template <class Args>
void on_call(CLI::App& command, Context& context, std::shared_ptr<Args> args,
             int (*work)(Context&, const Args&)) {
  command.callback([&context, args, work] { context.exit_status = work(context, *args); });
}

// The commands. Each adds itself to the program or to its noun.
void add_init(CLI::App& program, Context& context);
void add_status(CLI::App& program, Context& context);
void add_user_create(CLI::App& user, Context& context);
void add_user_passwd(CLI::App& user, Context& context);
void add_user_disable(CLI::App& user, Context& context);
void add_peer_list(CLI::App& peer, Context& context);
void add_peer_show(CLI::App& peer, Context& context);
void add_key_list(CLI::App& key, Context& context);
void add_key_rotate(CLI::App& key, Context& context);
void add_key_revoke(CLI::App& key, Context& context);
void add_key_export(CLI::App& key, Context& context);
void add_key_import(CLI::App& key, Context& context);
void add_peer_add(CLI::App& peer, Context& context);
void add_peer_pin(CLI::App& peer, Context& context);
void add_peer_refresh(CLI::App& peer, Context& context);
void add_peer_rebind(CLI::App& peer, Context& context);
void add_peer_forget(CLI::App& peer, Context& context);
void add_peer_block(CLI::App& peer, Context& context);
void add_peer_evidence(CLI::App& peer, Context& context);
void add_directory_list(CLI::App& directory, Context& context);
void add_directory_show(CLI::App& directory, Context& context);
void add_directory_follow(CLI::App& directory, Context& context);
void add_directory_import(CLI::App& directory, Context& context);
void add_directory_export(CLI::App& directory, Context& context);
void add_directory_refresh(CLI::App& directory, Context& context);
void add_directory_drop(CLI::App& directory, Context& context);
void add_route(CLI::App& program, Context& context);

}  // namespace cpc::cli
