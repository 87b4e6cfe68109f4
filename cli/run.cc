#include <algorithm>
#include <ostream>
#include <utility>

#include "cli/command.h"
#include "cli/output.h"

namespace cpc::cli {
namespace {

constexpr std::pair<std::string_view, int> statuses[] = {
    {"usage", exit_usage},           {"daemon", exit_no_daemon},  {"auth", exit_not_permitted},
    {"not_found", exit_not_found},   {"precond", exit_refused},   {"finding", exit_findings},
    {"peer", exit_peer_unreachable}, {"timeout", exit_timed_out},
};

void add_options(CLI::App& program, Context& context) {
  program.set_version_flag("--version", "cpcctl " CPC_VERSION);
  program
      .add_option("--socket", context.target.socket, "The daemon's unix socket (CPC_ADMIN_SOCKET)")
      ->envname("CPC_ADMIN_SOCKET")
      ->type_name("PATH")
      ->capture_default_str();
  program
      .add_option_function<int>(
          "--timeout",
          [&context](const int& seconds) {
            context.target.timeout = std::chrono::seconds{seconds};
          },
          "Longest wait for the daemon, 1 to 3600 [30]")
      ->check(CLI::Range(1, 3600))
      ->type_name("SECONDS");
  program.add_flag("--json", context.json, "One JSON document on stdout, also for errors");
}

CLI::App& add_noun(CLI::App& program, const char* name, const char* story) {
  CLI::App* noun = program.add_subcommand(name, story);
  noun->require_subcommand(1);
  return *noun;
}

void add_commands(CLI::App& program, Context& context) {
  program.require_subcommand(1);
  program.fallthrough();  // Inherited: global options may stand behind the command, too.
  add_init(program, context);
  add_status(program, context);
  CLI::App& user = add_noun(program, "user", "The people of this instance");
  add_user_create(user, context);
  add_user_passwd(user, context);
  add_user_disable(user, context);
  CLI::App& peer = add_noun(program, "peer", "Other instances");
  add_peer_list(peer, context);
  add_peer_show(peer, context);
  CLI::App& key = add_noun(program, "key", "The keys that speak for this instance");
  add_key_list(key, context);
  add_key_rotate(key, context);
  add_key_revoke(key, context);
  add_key_export(key, context);
  add_key_import(key, context);
  add_peer_add(peer, context);
  add_peer_pin(peer, context);
  add_peer_refresh(peer, context);
  add_peer_rebind(peer, context);
  add_peer_forget(peer, context);
  add_peer_block(peer, context);
  add_peer_evidence(peer, context);
  CLI::App& directory = add_noun(program, "directory", "Signed lists of who is who");
  add_directory_list(directory, context);
  add_directory_show(directory, context);
  add_directory_follow(directory, context);
  add_directory_import(directory, context);
  add_directory_export(directory, context);
  add_directory_refresh(directory, context);
  add_directory_drop(directory, context);
  add_route(program, context);
}

/// Help and version are results; anything else that parsing throws is a usage error.
int end_of_parsing(const CLI::App& program, const CLI::ParseError& end, Context& context) {
  if (end.get_exit_code() == 0) {
    program.exit(end, context.out, context.err);
    return exit_done;
  }
  // CLI11 misses the right word before it complains of a wrong one.
  const std::vector<std::string> strangers = program.remaining(/*recurse=*/true);
  const std::string why =
      strangers.empty() ? end.what() : "There is no command or option " + strangers.front();
  return report(context, {"usage.arguments", "The command line was not understood", why,
                          "cpcctl --help, or cpcctl COMMAND --help"});
}

}  // namespace

int run(std::vector<std::string> arguments, Context& context) {
  // Known before parsing, because a wrong command line is told in JSON, too.
  context.json = std::ranges::find(arguments, "--json") != arguments.end();
  if (context.target.socket.empty()) context.target.socket = "/var/lib/cpcd/admin.sock";
  CLI::App program{"Operate an instance of the Cooperative Peer Cloud", "cpcctl"};
  add_options(program, context);
  add_commands(program, context);
  try {
    std::ranges::reverse(arguments);  // As CLI11 wants it.
    program.parse(std::move(arguments));
  } catch (const CLI::ParseError& end) {
    return end_of_parsing(program, end, context);
  }
  return context.exit_status;
}

int exit_status_of(std::string_view problem_code) {
  const std::string_view kind = problem_code.substr(0, problem_code.find('.'));
  const auto found = std::ranges::find(statuses, kind, &std::pair<std::string_view, int>::first);
  return found == std::end(statuses) ? exit_failed : found->second;
}

int report(Context& context, const admin_protocol::Problem& problem) {
  if (context.json) {
    context.out << admin_protocol::encode(problem) << '\n';
  } else {
    context.err << "error: " << printable(problem.what) << '\n';
    if (!problem.why.empty()) context.err << "why:   " << printable(problem.why) << '\n';
    if (!problem.todo.empty()) context.err << "try:   " << printable(problem.todo) << '\n';
    context.err << "code:  " << printable(problem.code) << '\n';
  }
  return exit_status_of(problem.code);
}

}  // namespace cpc::cli
