// cpcctl directory list
//
// The signed directories that this instance follows.
#include <ostream>

#include "cli/cmd_directory.h"

namespace cpc::cli {
namespace {

struct DirectoryListArgs {};

std::string state_of(const admin_protocol::DirectoryRow& row, TimePoint now) {
  if (row.split) return "two stories";
  if (row.version == 0) return "empty";
  if (row.expires_at && *row.expires_at <= now) return "past its date";
  return row.trouble.empty() ? "good" : "no news";
}

int run_directory_list(Context& context, const DirectoryListArgs&) {
  const auto list = call(*context.connect(context.target), admin_protocol::DirectoryListRequest{});
  if (list.has_error()) return report(context, list.error());
  if (context.json) {
    context.out << admin_protocol::encode(list.value()) << '\n';
    return exit_done;
  }
  Table table{{{"NAME"}, {"VERSION", true}, {"NAMES", true}, {"STATE"}, {"FROM"}, {"ID"}}};
  for (const auto& row : list.value().directories) {
    const std::string state = state_of(row, context.now);
    const std::string from = row.source.empty() ? "files" : row.source;
    table.add({{row.name},
               {std::to_string(row.version)},
               {std::to_string(row.names)},
               {state, state == "good" ? Paint::good : Paint::bad},
               {from + (row.served ? ", served" : "")},
               {row.id}});
  }
  const auto count = static_cast<std::int64_t>(list.value().directories.size());
  if (count > 0) table.print(context.out, context.color);
  context.out << (count == 1 ? "1 directory" : std::to_string(count) + " directories") << '\n';
  return exit_done;
}

}  // namespace

void add_directory_list(CLI::App& directory, Context& context) {
  auto args = std::make_shared<DirectoryListArgs>();
  CLI::App* command = directory.add_subcommand("list", "Show which directories are followed");
  on_call(*command, context, args, run_directory_list);
}

}  // namespace cpc::cli
