#include "cli/cmd_peer.h"

#include <ostream>

#include "core/address.h"

namespace cpc::cli {

void add_peer_name(CLI::App& command, std::string& name) {
  const auto check = [](const std::string& text) -> std::string {
    const auto parsed = core::InstanceName::parse(text);
    return parsed.has_value() ? "" : parsed.error().detail;
  };
  command.add_option("NAME", name, "Its name, as in sud.cpc")
      ->required()
      ->check(CLI::Validator{check, ""})
      ->type_name("");
}

Answer<void> confirm_peer(Context& context, const std::string& name, const std::string& yes,
                          const std::string& command, const std::string& loss) {
  const auto not_confirmed = [&](std::string why) {
    return admin_protocol::Problem{"precond.confirmation", "Nothing was changed", std::move(why),
                                   command + " --yes=" + name};
  };
  if (yes == name) return success();
  if (!yes.empty()) return not_confirmed("--yes names another instance than the command.");
  if (!context.terminal.is_interactive()) {
    return not_confirmed("There is no terminal to confirm on, and no --yes=NAME.");
  }
  context.err << loss << '\n';
  const auto typed = context.terminal.ask("Type the name to go on: ");
  if (typed.has_value() && typed.value() == name) return success();
  return not_confirmed("The name was not typed.");
}

}  // namespace cpc::cli
