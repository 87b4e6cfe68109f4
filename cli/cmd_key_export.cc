// cpcctl key export [--out FILE]
//
// What a root key that lies elsewhere has to sign: a change that waits for it, or a renewal.
// Nothing of it is secret.
#include <fstream>
#include <ostream>

#include "cli/cmd_key.h"

namespace cpc::cli {
namespace {

struct KeyExportArgs {
  std::string out;
};

int run_key_export(Context& context, const KeyExportArgs& args) {
  const auto request = call(*context.connect(context.target), admin_protocol::KeyExportRequest{});
  if (request.has_error()) return report(context, request.error());
  if (context.json) {
    context.out << admin_protocol::encode(request.value()) << '\n';
    return exit_done;
  }
  if (args.out.empty()) {
    context.out << request.value().request << '\n';
    return exit_done;
  }
  std::ofstream file{args.out};
  file << request.value().request << '\n';
  file.close();
  if (file) return exit_done;
  return report(context, {"unavailable.file", "Nothing was exported",
                          args.out + " cannot be written", "Choose another place with --out."});
}

}  // namespace

void add_key_export(CLI::App& key, Context& context) {
  auto args = std::make_shared<KeyExportArgs>();
  CLI::App* command =
      key.add_subcommand("export", "Write what a root key that lies elsewhere has to sign");
  command->add_option("--out", args->out, "Where to; stdout unless told")->type_name("FILE");
  on_call(*command, context, args, run_key_export);
}

}  // namespace cpc::cli
