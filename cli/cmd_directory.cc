#include "cli/cmd_directory.h"

#include <ostream>

namespace cpc::cli {

void add_directory_name(CLI::App& command, std::string& directory) {
  command.add_option("DIRECTORY", directory, "Its id, or its name")->required()->type_name("");
}

int print_directory_change(Context& context, const admin_protocol::DirectoryChanged& changed) {
  if (context.json) {
    context.out << admin_protocol::encode(changed) << '\n';
    return changed.trouble.empty() ? exit_done : exit_findings;
  }
  const std::string name = changed.name.empty() ? changed.id : changed.name;
  context.out << printable(name) << ": ";
  if (changed.version == 0) {
    context.out << "followed, nothing of it is here yet\n";
  } else if (changed.version == changed.before) {
    context.out << "nothing new, version " << changed.version << '\n';
  } else {
    context.out << "version " << changed.version << ", before it " << changed.before << '\n';
  }
  if (changed.trouble.empty()) return exit_done;
  context.err << "no news: " << printable(changed.trouble) << "; it is asked again each hour\n";
  return exit_findings;
}

}  // namespace cpc::cli
