// cpcctl directory show DIRECTORY [--after NAME]
//
// What a signed directory says, who signs it, and where its news comes from.
#include <ostream>

#include "cli/cmd_directory.h"

namespace cpc::cli {
namespace {

using admin_protocol::DirectoryDetail;
using admin_protocol::DirectoryName;

struct DirectoryShowArgs {
  std::string directory;
  std::string after;
};

void print(const Context& context, const DirectoryDetail& detail) {
  const auto& row = detail.directory;
  Sheet sheet;
  sheet.add("name", row.name.empty() ? "not known yet" : row.name);
  sheet.add("id", row.id);
  sheet.add("version", std::to_string(row.version) + ", " + std::to_string(row.names) + " names");
  sheet.add("holds until", full_text(row.expires_at, context.now, "-"));
  sheet.add("signed by", std::to_string(detail.threshold) + " of " + joined(detail.keys));
  const std::string at = row.endpoints.empty() ? "" : " at " + joined(row.endpoints);
  sheet.add("news from", row.source.empty() ? "files alone" : row.source + at);
  if (!row.source.empty()) {
    sheet.add("last answer", full_text(row.asked_at, context.now, "never"));
  }
  if (!row.trouble.empty()) sheet.add("no news", row.trouble, Paint::bad);
  if (row.split) {
    sheet.add("two stories",
              "a signed version contradicts ours; no news is taken until you drop the directory",
              Paint::bad);
  }
  sheet.add("served", row.served ? "to whoever asks" : "no");
  sheet.print(context.out, context.color);
  if (detail.names.empty()) return;
  Table table{{{"NAME"}, {"STATUS"}, {"IID"}, {"ENDPOINTS"}}};
  for (const DirectoryName& one : detail.names) {
    const bool is_good = one.status == "active" && !one.other_iid;
    table.add({{one.name},
               {one.other_iid ? "contested" : one.status, is_good ? Paint::none : Paint::bad},
               {one.iid},
               {joined(one.endpoints)}});
    if (one.other_iid) table.add({{" "}, {"and"}, {*one.other_iid}, {" "}});
  }
  table.print(context.out, context.color);
  if (detail.more) context.out << "more: --after " << printable(detail.names.back().name) << '\n';
}

int run_directory_show(Context& context, const DirectoryShowArgs& args) {
  const auto detail = call(*context.connect(context.target),
                           admin_protocol::DirectoryShowRequest{args.directory, args.after});
  if (detail.has_error()) return report(context, detail.error());
  if (context.json) {
    context.out << admin_protocol::encode(detail.value()) << '\n';
  } else {
    print(context, detail.value());
  }
  return exit_done;
}

}  // namespace

void add_directory_show(CLI::App& directory, Context& context) {
  auto args = std::make_shared<DirectoryShowArgs>();
  CLI::App* command = directory.add_subcommand("show", "Show what a directory says");
  add_directory_name(*command, args->directory);
  command->add_option("--after", args->after, "Names after this one")->type_name("NAME");
  on_call(*command, context, args, run_directory_show);
}

}  // namespace cpc::cli
