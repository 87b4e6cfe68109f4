// cpc_bench: what an instance can do, measured from outside. One scenario, one line of JSON.

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>
#include <map>

#include "tests/bench/scenarios.h"

namespace {

using cpc::bench::Options;
using cpc::bench::Report;

// Each client needs a descriptor here and one in the daemon, which inherits the limit.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

Report play(const Options& options) {
  const std::map<std::string, Report (*)(const Options&)> scenarios{
      {"local", cpc::bench::run_messages},
      {"federation", cpc::bench::run_messages},
      {"connections", cpc::bench::run_connections},
      {"recovery", cpc::bench::run_recovery},
      {"micro", cpc::bench::run_micro}};
  Report report;
  report["scenario"] = options.scenario;
  report["engine"] = options.engine;
  try {
    report.update(scenarios.at(options.scenario)(options));
  } catch (const std::exception& problem) {
    report["valid"] = false;
    report["complaints"] = {problem.what()};
  }
  report["file_system"] = cpc::bench::file_system_of(options.folder);
  if (!cpc::bench::is_on_disk(options.folder)) {
    report["valid"] = false;
    report["complaints"].push_back(options.folder + " is not on a disk; give another --folder");
  }
  return report;
}

}  // namespace

int main(int count, char** words) {
  Options options;
  CLI::App app{"Measures real daemons; prints one line of JSON. Status 1: the run is not valid."};
  app.add_option("scenario", options.scenario)
      ->required()
      ->check(CLI::IsMember({"local", "federation", "connections", "recovery", "micro"}));
  app.add_option("--engine", options.engine)
      ->check(CLI::IsMember({"sqlite", "postgres"}))
      ->capture_default_str();
  app.add_option("--seconds", options.seconds, "measured, after 3 s of warm-up")
      ->check(CLI::Range(0.1, 86400.0))
      ->capture_default_str();
  app.add_option("--rate", options.rate, "messages a second; 0 keeps --in-flight of each pair")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  app.add_option("--pairs", options.pairs)->check(CLI::Range(1, 10000))->capture_default_str();
  app.add_option("--in-flight", options.in_flight, "messages of a pair at once")
      ->check(CLI::Range(1, 24))
      ->capture_default_str();
  app.add_option("--connections", options.connections, "idle clients")
      ->check(CLI::Range(100, 100000))
      ->capture_default_str();
  app.add_option("--messages", options.messages, "written while the other instance is away")
      ->check(CLI::Range(1, 10000000))
      ->capture_default_str();
  app.add_option("--folder", options.folder, "where the stores lie: on the disk to be measured")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
  CLI11_PARSE(app, count, words);
  ::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  const Report report = play(options);
  std::cout << report.dump() << std::endl;
  return report.at("valid").get<bool>() ? 0 : 1;
}
