// cpcctl peer forget NAME [--yes=NAME]
//
// Frees a name: nothing is remembered of who it was. Refused while conversations hang on it, unless
// the name is given again.
#include <ostream>

#include "cli/cmd_peer.h"

namespace cpc::cli {
namespace {

struct PeerForgetArgs {
  std::string name;
  std::string yes;
};

bool is_confirmed(const PeerForgetArgs& args) {
  return !args.yes.empty() && args.yes == args.name;
}

int run_peer_forget(Context& context, const PeerForgetArgs& args) {
  const auto answer = call(*context.connect(context.target),
                           admin_protocol::PeerForgetRequest{args.name, is_confirmed(args)});
  if (answer.has_error()) return report(context, answer.error());
  if (context.json) {
    context.out << admin_protocol::encode(answer.value()) << '\n';
  } else {
    context.out << "forgot " << args.name << '\n';
  }
  return exit_done;
}

}  // namespace

void add_peer_forget(CLI::App& peer, Context& context) {
  auto args = std::make_shared<PeerForgetArgs>();
  CLI::App* command = peer.add_subcommand("forget", "Free a name: forget who it was");
  add_peer_name(*command, args->name);
  command->add_option("--yes", args->yes, "The same name again: also if there are conversations")
      ->type_name("NAME");
  on_call(*command, context, args, run_peer_forget);
}

}  // namespace cpc::cli
