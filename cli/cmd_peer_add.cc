// cpcctl peer add NAME [--iid IID] [--endpoint HOST:PORT]...
//
// Vouches for an instance: the name is this iid. Without --iid it tells who answers at the
// endpoints, for the operator to compare.
#include <ostream>

#include "cli/cmd_peer.h"

namespace cpc::cli {
namespace {

struct PeerAddArgs {
  std::string name;
  std::string iid;
  std::vector<std::string> endpoints;
};

admin_protocol::PeerAddRequest request_of(const PeerAddArgs& args) {
  admin_protocol::PeerAddRequest request{args.name, std::nullopt, args.endpoints};
  if (!args.iid.empty()) request.iid = args.iid;
  return request;
}

int run_peer_add(Context& context, const PeerAddArgs& args) {
  const auto answer = call(*context.connect(context.target), request_of(args));
  if (answer.has_error()) return report(context, answer.error());
  if (context.json) {
    context.out << admin_protocol::encode(answer.value()) << '\n';
  } else {
    context.out << args.name << " is pinned to " << answer.value().peer.iid << '\n';
  }
  return exit_done;
}

}  // namespace

void add_peer_add(CLI::App& peer, Context& context) {
  auto args = std::make_shared<PeerAddArgs>();
  CLI::App* command = peer.add_subcommand("add", "Vouch for an instance");
  add_peer_name(*command, args->name);
  command->add_option("--iid", args->iid, "What its operator reads in cpcctl status")
      ->type_name("IID");
  command->add_option("--endpoint", args->endpoints, "Where it is; more than one may be given")
      ->type_name("HOST:PORT");
  on_call(*command, context, args, run_peer_add);
}

}  // namespace cpc::cli
