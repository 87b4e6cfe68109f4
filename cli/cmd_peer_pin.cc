// cpcctl peer pin NAME IID
//
// Confirms who an instance is that was met already: from now on the operator vouches for it.
#include <ostream>

#include "cli/cmd_peer.h"

namespace cpc::cli {
namespace {

struct PeerPinArgs {
  std::string name;
  std::string iid;
};

int run_peer_pin(Context& context, const PeerPinArgs& args) {
  const auto answer =
      call(*context.connect(context.target), admin_protocol::PeerPinRequest{args.name, args.iid});
  if (answer.has_error()) return report(context, answer.error());
  if (context.json) {
    context.out << admin_protocol::encode(answer.value()) << '\n';
  } else {
    context.out << args.name << " is pinned to " << answer.value().peer.iid << '\n';
  }
  return exit_done;
}

}  // namespace

void add_peer_pin(CLI::App& peer, Context& context) {
  auto args = std::make_shared<PeerPinArgs>();
  CLI::App* command = peer.add_subcommand("pin", "Confirm who an instance is that was met");
  add_peer_name(*command, args->name);
  command->add_option("IID", args->iid, "What its operator reads in cpcctl status")
      ->required()
      ->type_name("");
  on_call(*command, context, args, run_peer_pin);
}

}  // namespace cpc::cli
