// cpcctl key list
//
// Shows the keys that speak for this instance, those that will and those that did.
#include <ostream>

#include "cli/cmd_key.h"

namespace cpc::cli {
namespace {

using admin_protocol::KeyList;
using admin_protocol::KeyRow;

struct KeyListArgs {};

Paint paint_of_key(const std::string& state) {
  if (state == "current") return Paint::good;
  return state == "revoked" ? Paint::bad : Paint::dim;
}

void print(const Context& context, const KeyList& list) {
  Table table{{{"USE"}, {"STATE"}, {"KEY"}, {"FROM"}, {"UNTIL"}, {"PRIVATE HALF"}}};
  for (const KeyRow& key : list.keys) {
    table.add({{key.use},
               {key.state, paint_of_key(key.state)},
               {key.id},
               {relative_text(key.valid_from, context.now, "")},
               {relative_text(key.valid_until, context.now, "")},
               {key.here ? "here" : "elsewhere"}});
  }
  table.print(context.out, context.color);
  context.out << "iid " << list.iid << ", delegation " << list.serial << " until "
              << full_text(list.expires_at, context.now, "") << '\n';
  for (const std::string& worry : list.worries) context.out << "! " << printable(worry) << '\n';
}

int run_key_list(Context& context, const KeyListArgs&) {
  const auto list = call(*context.connect(context.target), admin_protocol::KeyListRequest{});
  if (list.has_error()) return report(context, list.error());
  if (context.json) {
    context.out << admin_protocol::encode(list.value()) << '\n';
  } else {
    print(context, list.value());
  }
  return list.value().worries.empty() ? exit_done : exit_findings;
}

}  // namespace

void add_key_list(CLI::App& key, Context& context) {
  CLI::App* command = key.add_subcommand("list", "Show the keys that speak for this instance");
  on_call(*command, context, std::make_shared<KeyListArgs>(), run_key_list);
}

}  // namespace cpc::cli
