// cpcctl init --name NAME.cpc [--config FILE] [--data-dir DIR] [--client-listen IP:PORT] ...
//
// Makes an instance before its daemon first runs: the keys that it will be known by, and the file
// that names it. Works offline. Either everything is made or nothing; what exists is never touched.
#include <unistd.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/command.h"
#include "cli/first_config.h"
#include "cli/new_files.h"
#include "cli/output.h"
#include "crypto/key_file.h"
#include "crypto/random_bytes.h"
#include "crypto/signing_key.h"

namespace cpc::cli {
namespace {

namespace fs = std::filesystem;
using admin_protocol::Problem;

struct InitArgs {
  FirstConfig config;
  std::string config_file = "/etc/cpcd/cpcd.toml";
  std::string data_dir = "/var/lib/cpcd";
};

/// Where everything goes.
struct Places {
  fs::path config_file;
  fs::path data_dir;
  fs::path keys;
  [[nodiscard]] fs::path root_key() const { return keys / "root.key"; }
  [[nodiscard]] fs::path next_root_key() const { return keys / "next-root.key"; }
  [[nodiscard]] fs::path signing_key() const { return keys / "signing.key"; }
  [[nodiscard]] fs::path master_key() const { return keys / "master.key"; }
};

struct Made {
  Places places;
  std::string iid;
  std::vector<std::string> next;
};

Places places_of(const InitArgs& args) {
  const auto absolute = [](const std::string& path) {
    return fs::absolute(path).lexically_normal();
  };
  const fs::path data_dir = absolute(args.data_dir + "/").parent_path();
  return {absolute(args.config_file), data_dir, data_dir / "keys"};
}

/// Told all at once, before anything is made.
Answer<void> check_nothing_is_there(const Places& places) {
  std::string found;
  for (const fs::path& path : {places.config_file, places.root_key(), places.next_root_key(),
                               places.signing_key(), places.master_key()}) {
    std::error_code failed;
    if (fs::exists(fs::symlink_status(path, failed))) {
      found += (found.empty() ? "" : ", ") + path.string();
    }
  }
  if (!found.empty()) {
    return Problem{"precond.exists", "Nothing was made: there is an instance already",
                   "These files exist: " + found,
                   "Keep it, or choose another place with --data-dir and --config. A key that is "
                   "lost is an identity that is lost, so nothing is overwritten."};
  }
  for (const fs::path& folder : {places.data_dir, places.keys}) {
    if (!is_open_to_others(folder)) continue;
    return Problem{"precond.mode", "Nothing was made: keys and messages would not be private",
                   folder.string() + " is open to others.", "chmod 700 " + folder.string()};
  }
  return success();
}

crypto::SigningKey new_signing_key() {
  auto seed = crypto::random_id<crypto::Seed>();
  crypto::SigningKey key = crypto::SigningKey::from_seed(seed);
  ::explicit_bzero(seed.octets.data(), seed.octets.size());
  return key;
}

/// The four keys; gives the iid.
Result<std::string> make_keys(const Places& places, NewFiles& files) {
  const crypto::SigningKey root = new_signing_key();
  CPC_TRY(crypto::write_signing_key(places.root_key(), root));
  files.adopt(places.root_key());
  CPC_TRY(crypto::write_signing_key(places.next_root_key(), new_signing_key()));
  files.adopt(places.next_root_key());
  CPC_TRY(crypto::write_signing_key(places.signing_key(), new_signing_key()));
  files.adopt(places.signing_key());

  Bytes octets = crypto::random_bytes(32);
  const crypto::WipeAtEnd wipe{octets};
  CPC_TRY(const auto master, crypto::MasterKey::from_bytes(octets));
  CPC_TRY(crypto::write_master_key(places.master_key(), master));
  files.adopt(places.master_key());
  return to_text(root.id());
}

Result<std::string> make_all(const Places& places, const FirstConfig& config) {
  // Before the folder is made: a package that made it has also chosen who runs the daemon.
  const auto owner = owner_of(places.data_dir);
  NewFiles files;
  CPC_TRY(files.make_folder(places.data_dir, 0700));
  CPC_TRY(files.make_folder(places.keys, 0700));
  CPC_TRY(files.make_folder(places.config_file.parent_path(), 0755));
  CPC_TRY(std::string iid, make_keys(places, files));
  CPC_TRY(files.make_file(places.config_file, 0640, toml_text(config)));
  if (owner && ::geteuid() == 0) {
    CPC_TRY(files.give_to(*owner));
  }
  files.keep();
  return iid;
}

std::vector<std::string> next_steps(const Places& places, const FirstConfig& config) {
  std::vector<std::string> steps{"Copy " + places.keys.string() +
                                 " to a safe place: without root.key and next-root.key the name "
                                 "is lost, without master.key no backup can be read."};
  const auto owner = owner_of(places.data_dir);
  if (owner && owner->user == 0) {
    steps.push_back("Give the files to the user who runs the daemon: chown -R cpcd:cpcd " +
                    places.data_dir.string() + " && chgrp cpcd " + places.config_file.string());
  }
  if (config.endpoints.empty() && config.federation_listen.empty()) {
    steps.push_back("Tell other instances where this one is: federation.endpoints in " +
                    places.config_file.string());
  }
  steps.push_back("Check: cpcd --check-config " + places.config_file.string());
  steps.push_back("Start, as the user who runs the daemon: cpcd --config " +
                  places.config_file.string());
  steps.emplace_back(
      "Once it runs, take root.key and next-root.key out of the key folder, each to a place of its "
      "own: cpcd needs them only to change keys");
  steps.emplace_back("Then the first person: cpcctl user create LOCAL");
  return steps;
}

void print(Context& context, const FirstConfig& config, const Made& made) {
  if (context.json) {
    context.out << nlohmann::ordered_json{{"schema", "cpcctl.init.v1"},
                                          {"instance", config.instance},
                                          {"iid", made.iid},
                                          {"config", made.places.config_file.string()},
                                          {"data_dir", made.places.data_dir.string()},
                                          {"keys", made.places.keys.string()},
                                          {"next", made.next}}
                       .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
                << '\n';
    return;
  }
  Sheet sheet;
  sheet.add("instance", config.instance + " (permanent: addresses and keys contain it)");
  sheet.add("iid", made.iid);
  sheet.add("config", made.places.config_file.string());
  sheet.add("keys", made.places.keys.string() + ": root.key next-root.key signing.key master.key");
  sheet.print(context.out, context.color);
  context.err << "\nNext:\n";
  for (const std::string& step : made.next) context.err << "  - " << printable(step) << '\n';
}

Problem not_made(const Error& error) {
  const bool is_in_the_way = error.code == ErrorCode::conflict;
  return {is_in_the_way ? "precond.exists" : "init.failed", "Nothing was made", error.detail,
          is_in_the_way ? "Choose another place with --data-dir and --config."
                        : "Run as root or as the daemon's user, or choose another place with "
                          "--data-dir and --config."};
}

int run_init(Context& context, const InitArgs& args) {
  const Places places = places_of(args);
  FirstConfig config = args.config;
  config.data_dir = places.data_dir;
  const auto fits = check(config);
  if (fits.has_error()) {
    return report(context,
                  {"usage.init", "Nothing was made", fits.error().detail, "cpcctl init --help"});
  }
  const auto free = check_nothing_is_there(places);
  if (free.has_error()) return report(context, free.error());
  auto iid = make_all(places, config);
  if (iid.has_error()) return report(context, not_made(iid.error()));
  print(context, config, {places, std::move(iid).value(), next_steps(places, config)});
  return exit_done;
}

}  // namespace

void add_init(CLI::App& program, Context& context) {
  auto args = std::make_shared<InitArgs>();
  CLI::App* command = program.add_subcommand("init", "Make an instance: its keys and cpcd.toml");
  FirstConfig& config = args->config;
  command->add_option("--name", config.instance, "Its permanent name")
      ->required()
      ->type_name("NAME.cpc");
  command->add_option("--config", args->config_file, "The file to write (CPC_CONFIG)")
      ->envname("CPC_CONFIG")
      ->type_name("FILE")
      ->capture_default_str();
  command->add_option("--data-dir", args->data_dir, "Where the daemon keeps its data and keys")
      ->type_name("DIR")
      ->capture_default_str();
  command->add_option("--client-listen", config.client_listen, "Where clients connect")
      ->type_name("IP:PORT");
  command->add_flag("--behind-proxy", config.behind_proxy,
                    "Only a proxy with TLS can reach --client-listen");
  command->add_option("--federation-listen", config.federation_listen, "Where peers connect")
      ->type_name("IP:PORT");
  command->add_option("--endpoint", config.endpoints, "What peers are told; may be repeated")
      ->allow_extra_args(false)
      ->type_name("HOST:PORT");
  command
      ->add_option("--allow-address", config.allow_addresses,
                   "Range outside the public Internet to connect to; may be repeated")
      ->allow_extra_args(false)
      ->type_name("CIDR");
  on_call(*command, context, args, run_init);
}

}  // namespace cpc::cli
