#include "cli/cmd_key.h"

#include <ostream>

namespace cpc::cli {

int print_change(Context& context, const Answer<admin_protocol::KeyChanged>& changed,
                 const std::string& what) {
  if (changed.has_error()) return report(context, changed.error());
  const admin_protocol::KeyChanged& done = changed.value();
  if (context.json) {
    context.out << admin_protocol::encode(done) << '\n';
    return exit_done;
  }
  if (!done.waits_for_root.empty()) {
    context.out << "nothing is in force yet: the root key " << done.waits_for_root
                << " is not in the key folder and has to sign\n";
    context.err << "\nNext:\n"
                   "  - cpcctl key export --out request.json\n"
                   "  - where the root key lies: cpcd --sign-delegation request.json --root-key "
                   "root.key > delegation.json\n"
                   "  - cpcctl key import delegation.json\n";
    return exit_done;
  }
  context.out << what;
  if (!done.key.empty()) context.out << "; " << done.key << " is new";
  if (done.from) context.out << ", from " << full_text(*done.from, context.now, "now");
  context.out << " (delegation " << done.serial << ")\n";
  return exit_done;
}

}  // namespace cpc::cli
