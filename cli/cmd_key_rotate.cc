// cpcctl key rotate [--sealing | --root] [--ahead-hours N]
//
// A new key follows the one in use. A signing key is announced first and takes over later, so that
// nobody meets a key that they do not know; the old one counts for three days more.
#include "cli/cmd_key.h"

namespace cpc::cli {
namespace {

struct KeyRotateArgs {
  bool sealing = false;
  bool root = false;
  std::int64_t ahead_hours = 24;
};

int run_key_rotate(Context& context, const KeyRotateArgs& args) {
  admin_protocol::KeyRotateRequest request;
  request.use = args.sealing ? "sealing" : args.root ? "root" : "signing";
  request.ahead_ms = args.ahead_hours * 3600 * 1000;
  const auto done = call(*context.connect(context.target), request);
  return print_change(context, done, "the " + request.use + " key is followed by another one");
}

}  // namespace

void add_key_rotate(CLI::App& key, Context& context) {
  auto args = std::make_shared<KeyRotateArgs>();
  CLI::App* command = key.add_subcommand("rotate", "Have a key followed by a new one");
  CLI::Option* sealing = command->add_flag("--sealing", args->sealing, "The key peers seal to");
  CLI::Option* root =
      command->add_flag("--root", args->root, "The root key that was promised takes over, at once");
  command
      ->add_option("--ahead-hours", args->ahead_hours,
                   "A signing key is announced so long before it takes over")
      ->check(CLI::Range(0, 720))
      ->type_name("N")
      ->capture_default_str();
  sealing->excludes(root);
  on_call(*command, context, args, run_key_rotate);
}

}  // namespace cpc::cli
