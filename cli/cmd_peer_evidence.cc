// cpcctl peer evidence NAME [--number N]
//
// What an instance signed to us: its latest answer about each lane, its latest hello, and what went
// wrong with it. One of them is written out for somebody else to verify.
#include <ostream>

#include "cli/cmd_peer.h"
#include "cli/command.h"
#include "core/address.h"

namespace cpc::cli {
namespace {

using admin_protocol::EvidenceRow;
using admin_protocol::PeerEvidence;

struct PeerEvidenceArgs {
  std::string name;
  std::optional<std::int64_t> number;
};

std::string story_of(const EvidenceRow& row) {
  if (row.number == 0) return "hello";
  return row.code.empty() ? "acknowledged" : row.code;
}

void print(const Context& context, const PeerEvidence& evidence) {
  Table table{{{"NUMBER", true}, {"TAKEN"}, {"WHAT"}, {"LANE"}}};
  for (const EvidenceRow& row : evidence.rows) {
    const Paint paint = row.code.empty() ? Paint::none : Paint::bad;
    const std::string first = row.lanes.empty() ? "" : row.lanes.front();
    table.add({{std::to_string(row.number)}, {time_text(row.at)}, {story_of(row), paint}, {first}});
    for (std::size_t i = 1; i < row.lanes.size(); ++i) {
      table.add({{" "}, {" "}, {" "}, {row.lanes[i]}});
    }
  }
  if (!evidence.rows.empty()) table.print(context.out, context.color);
  context.out << counted(static_cast<std::int64_t>(evidence.rows.size()), "signed answer") << " of "
              << evidence.name << " (" << evidence.iid << ")\n";
}

int run_peer_evidence(Context& context, const PeerEvidenceArgs& args) {
  const auto evidence = call(*context.connect(context.target),
                             admin_protocol::PeerEvidenceRequest{args.name, args.number});
  if (evidence.has_error()) return report(context, evidence.error());
  // One of them is a document whichever way it is asked for.
  if (context.json || args.number) {
    context.out << admin_protocol::encode(evidence.value()) << '\n';
  } else {
    print(context, evidence.value());
  }
  return exit_done;
}

}  // namespace

void add_peer_evidence(CLI::App& peer, Context& context) {
  auto args = std::make_shared<PeerEvidenceArgs>();
  CLI::App* command = peer.add_subcommand("evidence", "Show what an instance signed to us");
  const auto check = [](const std::string& text) -> std::string {
    const auto name = core::InstanceName::parse(text);
    return name.has_value() ? "" : name.error().detail;
  };
  command->add_option("NAME", args->name, "Its name, as in sud.cpc")
      ->required()
      ->check(CLI::Validator{check, ""})
      ->type_name("");
  command
      ->add_option_function<std::int64_t>(
          "--number", [args](const std::int64_t& number) { args->number = number; },
          "Write this one out as JSON, with all that verifies it")
      ->type_name("N");
  on_call(*command, context, args, run_peer_evidence);
}

}  // namespace cpc::cli
