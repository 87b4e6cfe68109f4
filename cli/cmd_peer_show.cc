// cpcctl peer show NAME
//
// Everything we know of one instance: identity, how it answers, what we owe it and why it waits.
#include <ostream>

#include "cli/cmd_peer.h"
#include "cli/command.h"

namespace cpc::cli {
namespace {

using admin_protocol::LanePosition;
using admin_protocol::PeerDetail;
using admin_protocol::PeerKey;
using admin_protocol::PeerLane;

struct PeerShowArgs {
  std::string name;
};

/// The hub epoch matters only once it has risen.
std::string text_of(const LanePosition& position) {
  const std::string seq = std::to_string(position.seq);
  return position.hub_epoch == 0 ? seq : std::to_string(position.hub_epoch) + "/" + seq;
}

void print_identity(const Context& context, const PeerDetail& detail) {
  const auto& peer = detail.peer;
  const auto& document = detail.document;
  Sheet sheet;
  sheet.add("peer", peer.name);
  sheet.add("state", admin_protocol::to_text(peer.state), paint_of(peer.state));
  sheet.add("iid", peer.iid.empty() ? "not known yet" : peer.iid);
  const std::string source = peer.source.empty() ? "" : ", by " + peer.source;
  sheet.add("trust", (peer.trust.empty() ? "none" : peer.trust) + source);
  if (peer.other_iid) {
    sheet.add("conflict", "iid " + *peer.other_iid + " claims the name, by " + peer.other_source,
              Paint::bad);
    sheet.add("do", "ask its operator, then: cpcctl peer rebind " + peer.name + " IID");
  }
  sheet.add("endpoints", joined(peer.endpoints, "none known"));
  sheet.add("owed", counted(peer.owed, "item"));
  sheet.add("last success", full_text(peer.last_success_at, context.now, "never"));
  sheet.add("last error", peer.last_error.empty() ? "none" : peer.last_error);
  sheet.add("next try", full_text(peer.next_try_at, context.now, "not planned"));
  sheet.add("document", "delegation " + std::to_string(document.delegation_serial) +
                            ", operational " + std::to_string(document.operational_serial) +
                            ", fetched " + full_text(document.fetched_at, context.now, "never"));
  sheet.print(context.out, context.color);
}

void print_keys(const Context& context, const std::vector<PeerKey>& keys) {
  if (keys.empty()) return;
  Table table{{{"KEY"}, {"USE"}, {"VALID FROM"}, {"VALID UNTIL"}}};
  for (const PeerKey& key : keys) {
    table.add({{key.id},
               {key.use},
               {key.valid_from ? time_text(*key.valid_from) : ""},
               {key.valid_until ? time_text(*key.valid_until) : ""}});
  }
  context.out << '\n';
  table.print(context.out, context.color);
}

void print_lanes(const Context& context, const std::vector<PeerLane>& lanes) {
  if (lanes.empty()) return;
  Table table{{{"LANE"}, {"HEAD", true}, {"ACKED", true}, {"CONVERSATION"}, {"BLOCKED"}}};
  for (const PeerLane& lane : lanes) {
    table.add({{lane.kind},
               {text_of(lane.head)},
               {text_of(lane.acked)},
               {lane.conversation.value_or("")},
               {lane.blocked, lane.blocked.empty() ? Paint::none : Paint::bad}});
  }
  context.out << '\n';
  table.print(context.out, context.color);
}

int run_peer_show(Context& context, const PeerShowArgs& args) {
  const auto detail =
      call(*context.connect(context.target), admin_protocol::PeerShowRequest{args.name});
  if (detail.has_error()) return report(context, detail.error());
  if (context.json) {
    context.out << admin_protocol::encode(detail.value()) << '\n';
    return exit_done;
  }
  print_identity(context, detail.value());
  print_keys(context, detail.value().keys);
  print_lanes(context, detail.value().lanes);
  return exit_done;
}

}  // namespace

void add_peer_show(CLI::App& peer, Context& context) {
  auto args = std::make_shared<PeerShowArgs>();
  CLI::App* command = peer.add_subcommand("show", "Show all we know of one instance");
  add_peer_name(*command, args->name);
  on_call(*command, context, args, run_peer_show);
}

}  // namespace cpc::cli
