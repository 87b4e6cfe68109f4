// cpcctl key import FILE
//
// Puts a delegation in force that a root key signed elsewhere, and publishes it.
#include <fstream>
#include <istream>
#include <iterator>

#include "cli/cmd_key.h"

namespace cpc::cli {
namespace {

constexpr std::size_t delegation_bytes_max = 64 * 1024;

struct KeyImportArgs {
  std::string file;
};

std::string text_of(std::istream& in) {
  std::string text;
  for (char c = 0; text.size() <= delegation_bytes_max && in.get(c);) text.push_back(c);
  return text;
}

int run_key_import(Context& context, const KeyImportArgs& args) {
  std::ifstream file;
  if (args.file != "-") file.open(args.file);
  const std::string text = text_of(args.file == "-" ? context.in : file);
  if (text.empty() || text.size() > delegation_bytes_max) {
    return report(context, {"not_found.file", "The delegation was not imported",
                            args.file + " cannot be read, or is none", ""});
  }
  const admin_protocol::KeyImportRequest request{text};
  const auto done = call(*context.connect(context.target), request);
  return print_change(context, done, "the delegation is in force");
}

}  // namespace

void add_key_import(CLI::App& key, Context& context) {
  auto args = std::make_shared<KeyImportArgs>();
  CLI::App* command =
      key.add_subcommand("import", "Put a delegation in force that was signed elsewhere");
  command->add_option("FILE", args->file, "As cpcd --sign-delegation wrote it; - is stdin")
      ->required()
      ->type_name("");
  on_call(*command, context, args, run_key_import);
}

}  // namespace cpc::cli
