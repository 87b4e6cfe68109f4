// cpcd: the instance daemon.
//
//   cpcd [--config FILE]       runs until SIGTERM or SIGINT
//   cpcd --check-config [FILE] says whether FILE is right, and what in it is probably not meant

#include <CLI/CLI.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <iostream>

#include "daemon/parts.h"
#include "daemon/version.h"

namespace cpc::daemon {
namespace {

constexpr auto stop_grace = std::chrono::seconds{5};
constexpr int exit_failed = 1;

int check(const std::string& file) {
  const auto config = load_config(file);
  if (!config) {
    std::cerr << config.error().detail << '\n';
    return exit_failed;
  }
  for (const std::string& warning : warnings(config.value())) std::cerr << warning << '\n';
  std::cout << file << ": the configuration is right\n";
  return 0;
}

struct Run {
  const Config& config;
  Log& log;
  int status = 0;
};

boost::asio::awaitable<void> live(Run& self) {
  boost::asio::signal_set stop_signals{co_await boost::asio::this_coro::executor, SIGTERM, SIGINT};
  const auto fenced_off = [&] {
    self.status = exit_failed;
    stop_signals.cancel();
  };
  const auto parts = co_await Parts::start(self.config, self.log, fenced_off);
  if (!parts) {
    self.log.error("cpcd did not start", {{"reason", parts.error().detail}});
    self.status = exit_failed;
    co_return;
  }
  co_await stop_signals.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  self.log.info("stopping", {});
  co_await parts.value()->stop(stop_grace);
  self.log.info("stopped", {});
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
  Run self{config.value(), log};
  boost::asio::io_context network{1};
  // The one coroutine outside of every group: what ends it ends the program.
  boost::asio::co_spawn(network, live(self), [](std::exception_ptr problem) {
    if (problem) std::rethrow_exception(problem);
  });
  network.run();
  return self.status;
}

}  // namespace
}  // namespace cpc::daemon

int main(int count, char** words) {
  CLI::App app{"cpcd, the instance daemon of the Cooperative Peer Cloud"};
  std::string file = "/etc/cpcd/cpcd.toml";
  bool only_check = false;
  app.add_option("--config,config", file, "The configuration")->capture_default_str();
  app.add_flag("--check-config", only_check, "Check the configuration and exit");
  app.set_version_flag("--version", std::string{cpc::daemon::version});
  CLI11_PARSE(app, count, words);
  return only_check ? cpc::daemon::check(file) : cpc::daemon::run(file);
}
