// cpcctl user disable LOCAL [--yes=LOCAL]
//
// Locks a person out: no sign-in, all sessions ended. The name must be typed or given with --yes,
// so that a line from the shell's history does not lock out the wrong person.
#include <ostream>

#include "cli/cmd_user.h"
#include "cli/output.h"

namespace cpc::cli {
namespace {

struct UserDisableArgs {
  std::string username;
  std::string yes;
};

admin_protocol::Problem not_confirmed(const std::string& username, std::string why) {
  return {"precond.confirmation", "Nothing was changed", std::move(why),
          "cpcctl user disable " + username + " --yes=" + username};
}

Answer<void> confirm(Context& context, const UserDisableArgs& args) {
  if (args.yes == args.username) return success();
  if (!args.yes.empty()) {
    return not_confirmed(args.username, "--yes names another account than the command.");
  }
  if (!context.terminal.is_interactive()) {
    return not_confirmed(args.username, "There is no terminal to confirm on, and no --yes=NAME.");
  }
  context.err << args.username << " will not be able to sign in, and all sessions end.\n";
  const auto typed = context.terminal.ask("Type the name to disable the account: ");
  if (typed.has_value() && typed.value() == args.username) return success();
  return not_confirmed(args.username, "The name was not typed.");
}

int run_user_disable(Context& context, const UserDisableArgs& args) {
  const auto confirmed = confirm(context, args);
  if (confirmed.has_error()) return report(context, confirmed.error());

  const auto disabled =
      call(*context.connect(context.target), admin_protocol::UserDisableRequest{args.username});
  if (disabled.has_error()) return report(context, disabled.error());
  if (context.json) {
    context.out << admin_protocol::encode(disabled.value()) << '\n';
  } else {
    context.out << "disabled " << disabled.value().address << " and ended all sessions\n";
  }
  return exit_done;
}

}  // namespace

void add_user_disable(CLI::App& user, Context& context) {
  auto args = std::make_shared<UserDisableArgs>();
  CLI::App* command = user.add_subcommand("disable", "Lock a person out and end all sessions");
  add_username(*command, args->username);
  command->add_option("--yes", args->yes, "The same name again, instead of typing it")
      ->type_name("LOCAL");
  on_call(*command, context, args, run_user_disable);
}

}  // namespace cpc::cli
