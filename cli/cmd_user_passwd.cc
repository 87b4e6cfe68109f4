// cpcctl user passwd LOCAL [--password-file FILE]
//
// Sets another password and ends all sessions of the account: whoever had the old one is out.
#include <ostream>

#include "cli/cmd_user.h"
#include "cli/output.h"
#include "cli/password.h"

namespace cpc::cli {
namespace {

struct UserPasswdArgs {
  std::string username;
  std::string password_file;
};

int run_user_passwd(Context& context, const UserPasswdArgs& args) {
  auto password = read_password(context, args.password_file);
  if (password.has_error()) return report(context, password.error());
  admin_protocol::UserPasswdRequest request{args.username, std::move(password).value()};
  const crypto::WipeAtEnd wipe{request.password};

  const auto set = call(*context.connect(context.target), request);
  if (set.has_error()) return report(context, set.error());
  if (context.json) {
    context.out << admin_protocol::encode(set.value()) << '\n';
  } else {
    context.out << "set the password of " << set.value().address << " and ended all sessions\n";
  }
  return exit_done;
}

}  // namespace

void add_user_passwd(CLI::App& user, Context& context) {
  auto args = std::make_shared<UserPasswdArgs>();
  CLI::App* command = user.add_subcommand("passwd", "Set a password and end all sessions");
  add_username(*command, args->username);
  add_password_option(*command, args->password_file);
  on_call(*command, context, args, run_user_passwd);
}

}  // namespace cpc::cli
