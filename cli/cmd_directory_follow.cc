// cpcctl directory follow ID [--from NAME [--endpoint HOST:PORT]...] [--serve]
// cpcctl directory refresh DIRECTORY
// cpcctl directory drop DIRECTORY
//
// Which directories this instance believes, and where their news comes from. The id is the whole
// of the trust: it is the hash of who signs.
#include <ostream>

#include "cli/cmd_directory.h"

namespace cpc::cli {
namespace {

struct DirectoryFollowArgs {
  admin_protocol::DirectoryFollowRequest request;
};
struct DirectoryNameArgs {
  std::string directory;
};

int run_directory_follow(Context& context, const DirectoryFollowArgs& args) {
  const auto changed = call(*context.connect(context.target), args.request);
  if (changed.has_error()) return report(context, changed.error());
  return print_directory_change(context, changed.value());
}

int run_directory_refresh(Context& context, const DirectoryNameArgs& args) {
  const auto changed = call(*context.connect(context.target),
                            admin_protocol::DirectoryRefreshRequest{args.directory});
  if (changed.has_error()) return report(context, changed.error());
  return print_directory_change(context, changed.value());
}

int run_directory_drop(Context& context, const DirectoryNameArgs& args) {
  const auto dropped =
      call(*context.connect(context.target), admin_protocol::DirectoryDropRequest{args.directory});
  if (dropped.has_error()) return report(context, dropped.error());
  if (context.json) {
    context.out << admin_protocol::encode(dropped.value()) << '\n';
  } else {
    context.out << printable(args.directory)
                << " is not followed any more; who was met by it stays met\n";
  }
  return exit_done;
}

}  // namespace

void add_directory_follow(CLI::App& directory, Context& context) {
  auto args = std::make_shared<DirectoryFollowArgs>();
  CLI::App* command = directory.add_subcommand(
      "follow", "Believe a directory, or change where its news comes from");
  command->add_option("ID", args->request.id, "As its operators tell it")
      ->required()
      ->type_name("");
  command->add_option("--from", args->request.source, "The instance that serves it; none: files")
      ->type_name("NAME");
  command->add_option("--endpoint", args->request.endpoints, "Where that is; repeat it")
      ->type_name("HOST:PORT")
      ->allow_extra_args(false);
  command->add_flag("--serve", args->request.served, "Pass it on to whoever asks us");
  on_call(*command, context, args, run_directory_follow);
}

void add_directory_refresh(CLI::App& directory, Context& context) {
  auto args = std::make_shared<DirectoryNameArgs>();
  CLI::App* command = directory.add_subcommand("refresh", "Ask for news of a directory now");
  add_directory_name(*command, args->directory);
  on_call(*command, context, args, run_directory_refresh);
}

void add_directory_drop(CLI::App& directory, Context& context) {
  auto args = std::make_shared<DirectoryNameArgs>();
  CLI::App* command =
      directory.add_subcommand("drop", "Follow a directory no more, and forget what it says");
  add_directory_name(*command, args->directory);
  on_call(*command, context, args, run_directory_drop);
}

}  // namespace cpc::cli
