#include "cli/password.h"

#include <sys/stat.h>

#include <fstream>
#include <istream>
#include <ostream>

#include "cli/output.h"
#include "crypto/password.h"

namespace cpc::cli {
namespace {

using admin_protocol::Problem;

Problem wrong_password(std::string why) {
  return {"invalid.password", "The password was not accepted", std::move(why),
          "Use a sentence or a generated password."};
}

/// `given`, or why no account may have it.
Answer<std::string> checked(std::string given) {
  const crypto::WipeAtEnd wipe{given};
  if (given.find_first_of(std::string_view{"\n\r\0", 3}) != std::string::npos) {
    return wrong_password("It is more than one line.");
  }
  if (given.size() < crypto::password_bytes_min) {
    return wrong_password("It is shorter than " + std::to_string(crypto::password_bytes_min) +
                          " letters.");
  }
  if (given.size() > crypto::password_bytes_max) {
    return wrong_password("It is longer than " + std::to_string(crypto::password_bytes_max) +
                          " octets.");
  }
  return std::string{given};
}

Answer<std::string> from_stream(std::istream& stream) {
  std::string text(crypto::password_bytes_max + 3, '\0');
  const crypto::WipeAtEnd wipe{text};
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  std::string_view line{text.data(), static_cast<std::size_t>(stream.gcount())};
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return checked(std::string{line});
}

Answer<std::string> from_file(Context& context, const std::string& file) {
  std::ifstream stream{file, std::ios::binary};
  if (!stream) {
    return Problem{"not_found.password_file", "The password could not be read",
                   file + " does not exist or may not be read by this user.",
                   "Name a readable file, or - for stdin."};
  }
  struct stat status {};
  if (::stat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
      (status.st_mode & 077) != 0) {
    context.err << "warning: others can read or change " << printable(file) << "; chmod 600 "
                << printable(file) << '\n';
  }
  return from_stream(stream);
}

Answer<std::string> from_terminal(Terminal& terminal) {
  const Problem nothing{"precond.password_missing", "Nothing was changed", "No password was typed.",
                        "Type one, or use --password-file FILE (- is stdin)."};
  auto first = terminal.ask_secret("Password: ");
  if (first.has_error()) return nothing;
  const crypto::WipeAtEnd wipe_first{first.value()};
  auto second = terminal.ask_secret("Once more: ");
  if (second.has_error()) return nothing;
  const crypto::WipeAtEnd wipe_second{second.value()};
  if (first.value() != second.value())
    return wrong_password("It was typed differently the second time.");
  return checked(first.value());
}

}  // namespace

void add_password_option(CLI::App& command, std::string& file) {
  command
      .add_option("--password-file", file,
                  "File whose only line is the password; - is stdin. Without it you are asked")
      ->type_name("FILE");
}

Answer<std::string> read_password(Context& context, const std::string& file) {
  if (file == "-") return from_stream(context.in);
  if (!file.empty()) return from_file(context, file);
  if (context.terminal.is_interactive()) return from_terminal(context.terminal);
  return Problem{"precond.password_missing", "Nothing was changed",
                 "There is no terminal to type a password on.",
                 "Use --password-file FILE (- is stdin)."};
}

}  // namespace cpc::cli
