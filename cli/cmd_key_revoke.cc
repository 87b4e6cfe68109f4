// cpcctl key revoke KEY
//
// What this signing key signs from now on counts for nothing, here and at all peers. Everybody who
// signed in under it has to sign in again.
#include "cli/cmd_key.h"

namespace cpc::cli {
namespace {

struct KeyRevokeArgs {
  std::string id;
};

int run_key_revoke(Context& context, const KeyRevokeArgs& args) {
  const admin_protocol::KeyRevokeRequest request{args.id};
  const auto done = call(*context.connect(context.target), request);
  return print_change(context, done, "revoked " + args.id);
}

}  // namespace

void add_key_revoke(CLI::App& key, Context& context) {
  auto args = std::make_shared<KeyRevokeArgs>();
  CLI::App* command = key.add_subcommand("revoke", "Take a signing key out of force at once");
  command->add_option("KEY", args->id, "Its id, as `cpcctl key list` shows it")
      ->required()
      ->type_name("");
  on_call(*command, context, args, run_key_revoke);
}

}  // namespace cpc::cli
