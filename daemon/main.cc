// cpcd: the instance daemon.
//
//   cpcd [--config FILE]       runs until SIGTERM or SIGINT; SIGHUP reads clients' certificate anew
//   cpcd --check-config [FILE] says whether FILE is right and its keys can be used
//   cpcd --sign-delegation REQUEST --root-key FILE [--next-root-key FILE]
//                              signs what `cpcctl key export` wrote, on any machine

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <iostream>

#include "daemon/client_tls.h"
#include "daemon/offline_directory.h"
#include "daemon/offline_root.h"
#include "daemon/opened_store.h"
#include "daemon/parts.h"
#include "daemon/version.h"

/// For jemalloc (its manual, "Tuning"): few arenas for our few threads, and what is free goes back
/// to the system after a second. MALLOC_CONF overrides it. Without jemalloc nobody reads it.
extern "C" const char* malloc_conf;
const char* malloc_conf = "narenas:2,dirty_decay_ms:1000,muzzy_decay_ms:0";

namespace cpc::daemon {
namespace {

constexpr auto stop_grace = std::chrono::seconds{5};
constexpr int exit_failed = 1;
constexpr int exit_usage = 2;
/// Files that are open besides connections: the store, the log, sockets that listen.
constexpr std::size_t files_besides = 100;

int check(const std::string& file) {
  const auto config = load_config(file);
  if (!config) {
    std::cerr << config.error().detail << '\n';
    return exit_failed;
  }
  for (const std::string& warning : warnings(config.value())) std::cerr << warning << '\n';
  const auto client_tls = load_client_tls(config.value().client);
  if (!client_tls) {
    std::cerr << client_tls.error().detail << '\n';
    return exit_failed;
  }
  if (client_tls.value()) {
    const auto sentences = client_tls_warnings(*client_tls.value(), SystemTimers{}.now());
    for (const std::string& warning : sentences) std::cerr << warning << '\n';
  }
  if (const auto keys = check_keys(config.value(), SystemTimers{}.now()); !keys) {
    std::cerr << keys.error().detail << '\n';
    // A file may be checked before there is an instance; keys that could not be used are wrong.
    if (keys.error().code != ErrorCode::not_found) return exit_failed;
  }
  if (const auto store = check_store(config.value()); !store) {
    std::cerr << store.error().detail << '\n';
    return exit_failed;
  }
  std::cout << file << ": the configuration is right\n";
  return 0;
}

struct Run {
  const Config& config;
  Log& log;
  int status = 0;
};

boost::asio::awaitable<void> live(Run& self) {
  boost::asio::signal_set signals{co_await boost::asio::this_coro::executor, SIGTERM, SIGINT,
                                  SIGHUP};
  bool is_fenced_off = false;
  const auto fenced_off = [&] {
    self.status = exit_failed;
    is_fenced_off = true;
    signals.cancel();
  };
  const auto parts = co_await Parts::start(self.config, self.log, fenced_off);
  if (!parts) {
    self.log.error("cpcd did not start", {{"reason", parts.error().detail}});
    self.status = exit_failed;
    co_return;
  }
  while (!is_fenced_off) {
    const auto [failure, number] =
        co_await signals.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    if (failure || number != SIGHUP) break;
    parts.value()->renew_client_tls();
  }
  self.log.info("stopping", {});
  co_await parts.value()->stop(stop_grace);
  self.log.info("stopped", {});
}

/// As many open files as the system lets us have, and a word when the configuration asks for more.
void raise_file_limit(const Config& config, Log& log) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const std::size_t wanted =
      config.client.connections_max + config.federation.connections_max + files_besides;
  if (limit.rlim_cur >= wanted) return;
  log.warn("fewer open files are allowed than the configured connections need",
           {{"allowed", static_cast<std::int64_t>(limit.rlim_cur)},
            {"needed", static_cast<std::int64_t>(wanted)}});
}

int run(const std::string& file) {
  const auto config = load_config(file);
  if (!config) {
    std::cerr << config.error().detail << '\n';
    return exit_failed;
  }
  StderrLog log{config.value().log};
  for (const std::string& warning : warnings(config.value())) {
    log.warn("configuration is allowed and probably not meant", {{"reason", warning}});
  }
  // A peer that went away, and a file that may not grow, are errors of the call that meets them.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  // Until live() waits for it: it stops nobody.
  std::signal(SIGHUP, SIG_IGN);
  raise_file_limit(config.value(), log);
  Run self{config.value(), log};
  boost::asio::io_context network{1};
  // The one coroutine outside of every group: what ends it ends the program.
  boost::asio::co_spawn(network, live(self), [](const std::exception_ptr& problem) {
    if (problem) std::rethrow_exception(problem);
  });
  network.run();
  return self.status;
}

/// cpcd directory ...: what those who sign a directory do, wherever their keys lie.
CLI::App* add_directory(CLI::App& app, DirectoryOrder& order) {
  CLI::App* directory = app.add_subcommand("directory", "Make and sign a directory's file");
  directory->require_subcommand(1);
  const auto add = [&](const char* what, const char* story) {
    CLI::App* command = directory->add_subcommand(what, story);
    command->callback([&order, what] { order.what = what; });
    return command;
  };
  const auto add_changes = [&](CLI::App* command) {
    command->add_option("--signer", order.signers, "The public key of one who signs; repeat it")
        ->allow_extra_args(false);
    command->add_option("--threshold", order.threshold, "How many of them have to sign");
    command->add_option("--add", order.add, "NAME=IID, or NAME=IID@HOST:PORT,HOST:PORT; repeat it")
        ->allow_extra_args(false);
    command->add_option("--days", order.days, "How long this version holds")->capture_default_str();
  };
  CLI::App* key = add("key", "Make a key to sign with; its public half goes to stdout");
  key->add_option("--key", order.key, "The file to make, 0600")->required();
  CLI::App* found = add("found", "Begin a directory; its unsigned first version goes to stdout");
  found->add_option("--name", order.name, "What it shall be called")->required();
  add_changes(found);
  CLI::App* change = add("change", "Write the next version, unsigned, to stdout");
  change->add_option("FILE", order.files, "The directory")->required()->expected(1);
  add_changes(change);
  change->add_option("--retire", order.retire, "A name whose instance was closed; repeat it")
      ->allow_extra_args(false);
  change->add_option("--remove", order.remove, "A name to vouch for no more; repeat it")
      ->allow_extra_args(false);
  CLI::App* sign = add("sign", "Sign what waits in a file; the signed file goes to stdout");
  sign->add_option("FILE", order.files, "The directory")->required()->expected(1);
  sign->add_option("--key", order.key, "The private key's file")->required();
  CLI::App* combine = add("combine", "Put the signatures of several files into one, on stdout");
  combine->add_option("FILE", order.files, "The same version, signed by others")->required();
  CLI::App* verify = add("verify", "Tell what a file says, and who signed it");
  verify->add_option("FILE", order.files, "The directory")->required()->expected(1);
  return directory;
}

}  // namespace
}  // namespace cpc::daemon

int main(int count, char** words) {
  CLI::App app{"cpcd, the instance daemon of the Cooperative Peer Cloud"};
  std::string file = "/etc/cpcd/cpcd.toml";
  bool only_check = false;
  cpc::daemon::OfflineRoot offline;
  app.add_option("--config,config", file, "The configuration")->capture_default_str();
  app.add_flag("--check-config", only_check, "Check the configuration and exit");
  auto* sign = app.add_option("--sign-delegation", offline.request,
                              "Sign what `cpcctl key export` wrote, to stdout, and exit");
  app.add_option("--root-key", offline.root_key, "The root key that signs, or takes over")
      ->needs(sign);
  app.add_option("--next-root-key", offline.next_root_key,
                 "Who shall follow it; made if there is no such file")
      ->needs(sign);
  cpc::daemon::DirectoryOrder order;
  const auto* directory = cpc::daemon::add_directory(app, order);
  app.set_version_flag("--version", std::string{cpc::daemon::version});
  try {
    app.parse(count, words);
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong) == 0 ? 0 : cpc::daemon::exit_usage;
  }
  if (directory->parsed()) {
    return cpc::daemon::run_directory_order(order, cpc::daemon::SystemTimers{}.now(), std::cout,
                                            std::cerr);
  }
  if (!offline.request.empty()) {
    return cpc::daemon::sign_offline(offline, cpc::daemon::SystemTimers{}.now(), std::cout,
                                     std::cerr);
  }
  return only_check ? cpc::daemon::check(file) : cpc::daemon::run(file);
}
