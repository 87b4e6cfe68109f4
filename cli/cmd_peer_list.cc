// cpcctl peer list [--unreachable]
//
// Shows the instances we exchange messages with, one per line.
#include <algorithm>
#include <ostream>

#include "cli/cmd_peer.h"
#include "cli/command.h"

namespace cpc::cli {
namespace {

using admin_protocol::PeerList;
using admin_protocol::PeerRow;
using admin_protocol::PeerState;

struct PeerListArgs {
  bool unreachable = false;
};

void print(const Context& context, const PeerList& list) {
  Table table{{{"PEER"},
               {"STATE"},
               {"OWED", true},
               {"LAST SUCCESS"},
               {"NEXT TRY"},
               {"TRUST"},
               {"LAST ERROR"}}};
  for (const PeerRow& peer : list.peers) {
    table.add({{peer.name},
               {std::string{admin_protocol::to_text(peer.state)}, paint_of(peer.state)},
               {std::to_string(peer.owed)},
               {relative_text(peer.last_success_at, context.now, "never")},
               {relative_text(peer.next_try_at, context.now, "")},
               {peer.trust},
               {peer.last_error}});
  }
  if (!list.peers.empty()) table.print(context.out, context.color);
  const auto unreachable = std::ranges::count(list.peers, PeerState::unreachable, &PeerRow::state);
  context.out << counted(static_cast<std::int64_t>(list.peers.size()), "peer") << ", "
              << unreachable << " unreachable\n";
}

int run_peer_list(Context& context, const PeerListArgs& args) {
  const auto list =
      call(*context.connect(context.target), admin_protocol::PeerListRequest{args.unreachable});
  if (list.has_error()) return report(context, list.error());
  if (context.json) {
    context.out << admin_protocol::encode(list.value()) << '\n';
  } else {
    print(context, list.value());
  }
  return exit_done;
}

}  // namespace

void add_peer_list(CLI::App& peer, Context& context) {
  auto args = std::make_shared<PeerListArgs>();
  CLI::App* command = peer.add_subcommand("list", "Show the instances we exchange messages with");
  command->add_flag("--unreachable", args->unreachable, "Only those we cannot reach now");
  on_call(*command, context, args, run_peer_list);
}

}  // namespace cpc::cli
