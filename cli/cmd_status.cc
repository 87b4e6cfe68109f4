// cpcctl status
//
// One screen: is it running, who is here, what is owed, where the data lies.
#include <ostream>

#include "cli/command.h"
#include "cli/output.h"

namespace cpc::cli {
namespace {

using admin_protocol::DaemonState;
using admin_protocol::Status;

struct StatusArgs {};

std::string people_of(const Status& status) {
  if (!status.accounts) return "unknown while the store cannot be read";
  std::string text = counted(*status.accounts, "account");
  if (status.conversations) text += ", " + counted(*status.conversations, "conversation");
  return text;
}

void print(const Context& context, const Status& status) {
  const Paint paint = status.state == DaemonState::running ? Paint::good : Paint::bad;
  const auto& store = status.store;
  Sheet sheet;
  sheet.add("instance", status.instance);
  sheet.add("iid", status.iid);
  sheet.add("state", admin_protocol::to_text(status.state), paint);
  for (const std::string& reason : status.reasons) sheet.add("", reason, paint);
  sheet.add("started", full_text(status.started_at, context.now, ""));
  sheet.add("version", "cpcd " + status.version);
  sheet.add("people", people_of(status));
  sheet.add("peers", std::to_string(status.peers.reachable) + " reachable of " +
                         std::to_string(status.peers.total));
  if (status.peers.conflicts > 0) {
    sheet.add("conflicts",
              counted(status.peers.conflicts, "name") + " that two instances claim; see peer list",
              Paint::bad);
  }
  if (status.owed) {
    sheet.add("owed", counted(*status.owed, "item") + " that peers have not acknowledged");
  }
  sheet.add("store", store.engine + " " + store.place + ", schema " + std::to_string(store.schema) +
                         ", " + store.durability);
  sheet.add("epoch", store.store_epoch + ", boot " + std::to_string(store.boot_counter));
  sheet.add("listening", status.listeners.client + " for clients, " + status.listeners.federation +
                             " for peers");
  sheet.print(context.out, context.color);
}

int run_status(Context& context, const StatusArgs&) {
  const auto status = call(*context.connect(context.target), admin_protocol::StatusRequest{});
  if (status.has_error()) return report(context, status.error());
  if (context.json) {
    context.out << admin_protocol::encode(status.value()) << '\n';
  } else {
    print(context, status.value());
  }
  return exit_done;
}

}  // namespace

void add_status(CLI::App& program, Context& context) {
  CLI::App* command = program.add_subcommand("status", "Show the daemon on one screen");
  on_call(*command, context, std::make_shared<StatusArgs>(), run_status);
}

}  // namespace cpc::cli
