#include "cli/cmd_user.h"

#include "core/address.h"

namespace cpc::cli {

void add_username(CLI::App& command, std::string& username) {
  const auto check = [](const std::string& text) -> std::string {
    if (core::is_local_part(text)) return "";
    return "the part before @ is 1 to 64 of a-z 0-9 . _ - with a letter or digit at both ends";
  };
  command.add_option("LOCAL", username, "The part of the address before @")
      ->required()
      ->check(CLI::Validator{check, ""})
      ->type_name("");
}

}  // namespace cpc::cli
