// cpcctl peer refresh NAME
//
// Drops what is remembered of an instance (DNS, its document) and asks anew.
#include <ostream>

#include "cli/cmd_peer.h"

namespace cpc::cli {
namespace {

struct PeerRefreshArgs {
  std::string name;
};

int run_peer_refresh(Context& context, const PeerRefreshArgs& args) {
  const auto answer =
      call(*context.connect(context.target), admin_protocol::PeerRefreshRequest{args.name});
  if (answer.has_error()) return report(context, answer.error());
  if (context.json) {
    context.out << admin_protocol::encode(answer.value()) << '\n';
  } else {
    const auto& document = answer.value().document;
    context.out << "fetched the document of " << args.name << ": delegation "
                << document.delegation_serial << ", operational " << document.operational_serial
                << '\n';
  }
  return exit_done;
}

}  // namespace

void add_peer_refresh(CLI::App& peer, Context& context) {
  auto args = std::make_shared<PeerRefreshArgs>();
  CLI::App* command =
      peer.add_subcommand("refresh", "Drop what is remembered of an instance, and ask anew");
  add_peer_name(*command, args->name);
  on_call(*command, context, args, run_peer_refresh);
}

}  // namespace cpc::cli
