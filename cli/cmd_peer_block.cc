// cpcctl peer block NAME, cpcctl peer allow NAME
//
// Nothing goes to an instance or comes from it, or may go again.
#include <ostream>

#include "cli/cmd_peer.h"

namespace cpc::cli {
namespace {

struct PeerBlockArgs {
  std::string name;
  bool blocked = false;
};

int run_peer_block(Context& context, const PeerBlockArgs& args) {
  const auto answer = call(*context.connect(context.target),
                           admin_protocol::PeerBlockRequest{args.name, args.blocked});
  if (answer.has_error()) return report(context, answer.error());
  if (context.json) {
    context.out << admin_protocol::encode(answer.value()) << '\n';
  } else {
    context.out << (args.blocked ? "blocked " : "allowed ") << args.name << '\n';
  }
  return exit_done;
}

}  // namespace

void add_peer_block(CLI::App& peer, Context& context) {
  auto args = std::make_shared<PeerBlockArgs>();
  auto lift = std::make_shared<PeerBlockArgs>();
  args->blocked = true;
  CLI::App* block = peer.add_subcommand("block", "Send an instance nothing and take nothing");
  add_peer_name(*block, args->name);
  on_call(*block, context, args, run_peer_block);
  CLI::App* allow = peer.add_subcommand("allow", "End a block");
  add_peer_name(*allow, lift->name);
  on_call(*allow, context, lift, run_peer_block);
}

}  // namespace cpc::cli
