// cpcctl peer rebind NAME IID [--yes=NAME]
//
// The name is another instance from now on. The only way out of a conflict of identities.
#include <ostream>

#include "cli/cmd_peer.h"

namespace cpc::cli {
namespace {

struct PeerRebindArgs {
  std::string name;
  std::string iid;
  std::string yes;
};

int run_peer_rebind(Context& context, const PeerRebindArgs& args) {
  const auto confirmed = confirm_peer(
      context, args.name, args.yes, "cpcctl peer rebind " + args.name + " " + args.iid,
      "If " + args.name + " is bound to another iid, conversations with its people end for good.");
  if (confirmed.has_error()) return report(context, confirmed.error());
  const auto answer = call(*context.connect(context.target),
                           admin_protocol::PeerRebindRequest{args.name, args.iid});
  if (answer.has_error()) return report(context, answer.error());
  if (context.json) {
    context.out << admin_protocol::encode(answer.value()) << '\n';
  } else {
    context.out << args.name << " is " << args.iid << " from now on; "
                << counted(answer.value().conversations, "conversation") << " ended, "
                << counted(answer.value().frames, "waiting request") << " or answer dropped\n";
  }
  return exit_done;
}

}  // namespace

void add_peer_rebind(CLI::App& peer, Context& context) {
  auto args = std::make_shared<PeerRebindArgs>();
  CLI::App* command = peer.add_subcommand("rebind", "Say which instance a name is from now on");
  add_peer_name(*command, args->name);
  command->add_option("IID", args->iid, "What its operator reads in cpcctl status")
      ->required()
      ->type_name("");
  command->add_option("--yes", args->yes, "The same name again, instead of typing it")
      ->type_name("NAME");
  on_call(*command, context, args, run_peer_rebind);
}

}  // namespace cpc::cli
