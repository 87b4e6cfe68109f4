// cpc_sim --seeds N [--first S]: runs so many seeds, one after the other, and prints what they did.
// Ends with 1 at the first violation, whose seed is printed: the same seed shows it again.
//   --twice        runs each seed twice; both must leave the same trace
//   --plant BUG    plants a bug (planted.h): ends with 0 once a seed has shown the violation that
//                  the bug stands for, with 1 if none does; other violations do not count

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "tests/sim/simulation.h"
#include "tests/support/temporary_folder.h"

namespace {

struct Sum {
  std::size_t acknowledged = 0, shown = 0, requests = 0, refusals = 0, faults = 0, crashes = 0,
              doubts = 0;
  double virtual_hours = 0;
};

void add(Sum& sum, const cpc::sim::RunReport& report) {
  sum.acknowledged += report.acknowledged;
  sum.shown += report.shown;
  sum.requests += report.requests;
  sum.refusals += report.refusals;
  sum.faults += report.faults;
  sum.crashes += report.crashes;
  sum.doubts += report.doubts;
  sum.virtual_hours += report.virtual_hours;
}

/// A life ends between two commits, never in a write: nothing here depends on a disk, and waiting
/// for one would be most of a run.
std::filesystem::path fast_folder() {
  const std::filesystem::path in_memory = "/dev/shm";
  const bool is_there = ::access(in_memory.c_str(), W_OK) == 0;
  return is_there ? in_memory : std::filesystem::temp_directory_path();
}

cpc::sim::RunReport run(std::uint64_t seed, cpc::sim::Plant plant) {
  const cpc::tests::TemporaryFolder folder{fast_folder()};
  return cpc::sim::run_seed(seed, folder.path().string(), plant);
}

void print(const cpc::sim::RunReport& report) {
  std::printf(
      "seed %llu: %zu steps, %zu wishes (%zu asked again), %zu shown, %zu requests, "
      "%zu refusals, %zu faults, %zu crashes, %zu doubts, %.2f h, trace %016llx\n",
      static_cast<unsigned long long>(report.seed), report.steps, report.acknowledged,
      report.unanswered, report.shown, report.requests, report.refusals, report.faults,
      report.crashes, report.doubts, report.virtual_hours,
      static_cast<unsigned long long>(report.trace));
  for (const std::string& violation : report.violations) {
    std::printf("  VIOLATION %s\n", violation.c_str());
  }
}

bool breaks(const cpc::sim::RunReport& report, std::string_view invariant) {
  return std::ranges::any_of(report.violations, [&](const std::string& violation) {
    return violation.starts_with(invariant) &&
           violation.find_first_of(" :", invariant.size()) == invariant.size();
  });
}

}  // namespace

/// For the address sanitizer: a simulation allocates all the time, and long call stacks of each
/// allocation are a tenth of its run. ASAN_OPTIONS=malloc_context_size=30 gives them back.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): the sanitizer's name
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
  return "malloc_context_size=3";
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

int main(int argc, char** argv) {
  std::uint64_t seeds = 1, first = 1;
  bool is_verbose = false;
  CLI::App app{"cpc_sim: many instances in virtual time, everything that goes wrong from a seed"};
  app.add_option("--seeds", seeds, "how many")->capture_default_str();
  app.add_option("--first", first, "the first of them")->capture_default_str();
  bool runs_twice = false;
  std::string plant_name;
  app.add_flag("--twice", runs_twice, "each seed twice, compared");
  app.add_option("--plant", plant_name, "a bug to be caught");
  app.add_flag("--verbose", is_verbose, "a line for each seed");
  CLI11_PARSE(app, argc, argv);
  const auto bug = cpc::sim::planted_bug(plant_name);
  if (!plant_name.empty() && !bug) {
    std::fprintf(stderr, "there is no bug of this name\n");
    return 2;
  }
  const cpc::sim::Plant plant = bug ? bug->plant : cpc::sim::Plant::none;
  Sum sum;
  const auto started = std::chrono::steady_clock::now();
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    auto report = run(seed, plant);
    if (runs_twice && report.violations.empty() && run(seed, plant).trace != report.trace) {
      report.violations.emplace_back("I13 a second run left another trace");
    }
    add(sum, report);
    if (is_verbose || !report.violations.empty()) print(report);
    if (bug && breaks(report, bug->invariant)) return 0;
    if (!bug && !report.violations.empty()) return 1;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  std::printf(
      "%llu seeds from %llu: %zu wishes, %zu shown, %zu requests, %zu refusals, %zu faults, "
      "%zu crashes, %zu doubts, "
      "%.1f simulated hours, %s; %.1f s\n",
      static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(first),
      sum.acknowledged, sum.shown, sum.requests, sum.refusals, sum.faults, sum.crashes, sum.doubts,
      sum.virtual_hours, bug ? "not caught by what the bug breaks" : "no violation", took.count());
  return bug ? 1 : 0;
}
