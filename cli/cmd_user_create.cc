// cpcctl user create LOCAL [--password-file FILE]
//
// Makes an account. The password comes from a file, from stdin, or is typed; never from an
// argument, which every user of the machine could read in the list of processes.
#include <ostream>

#include "cli/cmd_user.h"
#include "cli/password.h"

namespace cpc::cli {
namespace {

struct UserCreateArgs {
  std::string username;
  std::string password_file;
};

int run_user_create(Context& context, const UserCreateArgs& args) {
  auto password = read_password(context, args.password_file);
  if (password.has_error()) return report(context, password.error());
  admin_protocol::UserCreateRequest request{args.username, std::move(password).value()};
  const crypto::WipeAtEnd wipe{request.password};

  const auto created = call(*context.connect(context.target), request);
  if (created.has_error()) return report(context, created.error());
  if (context.json) {
    context.out << admin_protocol::encode(created.value()) << '\n';
  } else {
    context.out << "created " << created.value().address << '\n';
  }
  return exit_done;
}

}  // namespace

void add_user_create(CLI::App& user, Context& context) {
  auto args = std::make_shared<UserCreateArgs>();
  CLI::App* command = user.add_subcommand("create", "Make an account");
  add_username(*command, args->username);
  add_password_option(*command, args->password_file);
  on_call(*command, context, args, run_user_create);
}

}  // namespace cpc::cli
