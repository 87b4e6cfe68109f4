// `connections`: what idle clients cost in memory and CPU, and one per cent of active ones among
// them. The idle ones share a few accounts, since each costs the same whoever it is; the active
// ones have accounts of their own, or a message would go to more people than it was sent to.

#include <algorithm>
#include <memory>
#include <vector>

#include "tests/bench/process_usage.h"
#include "tests/bench/scenarios.h"

namespace cpc::bench {
namespace {

constexpr std::size_t bystanders = 20;
constexpr std::size_t connecting_max = 64;  // At once, so that no backlog overflows.
constexpr auto settle = std::chrono::seconds{2};

std::size_t ready(const std::vector<std::unique_ptr<Person>>& people) {
  return static_cast<std::size_t>(
      std::ranges::count_if(people, [](const auto& one) { return one->is_ready(); }));
}

std::vector<std::unique_ptr<Person>> connect(boost::asio::io_context& io, const World& world,
                                             std::size_t count) {
  std::vector<std::unique_ptr<Person>> idle;
  while (idle.size() < count) {
    const std::size_t more = std::min(connecting_max, count - idle.size());
    for (std::size_t i = 0; i < more; ++i) {
      const SignedIn& who = world.bystanders[idle.size() % world.bystanders.size()];
      idle.push_back(std::make_unique<Person>(io, world.daemons.at(who.instance).place, who));
    }
    if (!run_until(
            io, [&] { return ready(idle) == idle.size(); }, patience)) {
      throw std::runtime_error{"only " + std::to_string(ready(idle)) + " clients could connect"};
    }
  }
  return idle;
}

double share_of_a_core(double cpu_seconds, double seconds) {
  return rounded(100 * cpu_seconds / seconds);
}

}  // namespace

Report run_connections(const Options& options) {
  World::Wishes wishes;
  wishes.instances = {"alpha.cpc"};
  wishes.engine = options.engine;
  wishes.folder = options.folder;
  wishes.pairs = std::max<std::size_t>(1, options.connections / 200);  // 1 % are people of a pair.
  wishes.bystanders = bystanders;
  World world{wishes};
  const pid_t pid = world.daemons.at("alpha.cpc").pid;

  boost::asio::io_context io;
  LoadTerms terms;
  // What a lively conversation is: each of them writes once a second.
  terms.rate = options.rate > 0 ? options.rate : static_cast<double>(wishes.pairs);
  MessageLoad load{io, world, terms};
  load.connect_readers();
  load.connect_senders();
  await_connected(io, load);
  run_for(io, settle);
  ServerUsage usage{world};
  const std::int64_t before = resident_bytes(pid);
  const std::size_t idle_count = options.connections - 2 * wishes.pairs;
  const auto idle = connect(io, world, idle_count);
  run_for(io, settle);
  const std::int64_t after = resident_bytes(pid);
  usage.begin();
  run_for(io, of_seconds(options.seconds));
  usage.end();
  const double idle_cpu = usage.daemon_seconds();

  const MessageLoad::Interval measured = measure(io, load, usage, options.seconds);
  const bool is_complete = run_until(
      io, [&] { return load.is_all_arrived(); }, patience);

  const std::size_t messages = load.arrived_in(measured);
  Report report;
  add_flow(report, load, measured);
  usage.add_to(report, messages);
  report["durability"] = durability_of(world.status());
  report["connections"] = options.connections;
  report["rss_bytes_before"] = before;
  report["rss_bytes_connected"] = after;
  report["bytes_per_connection"] = (after - before) / static_cast<std::int64_t>(idle_count);
  report["idle_cpu_percent_of_a_core"] = share_of_a_core(idle_cpu, options.seconds);
  report["active_cpu_percent_of_a_core"] = share_of_a_core(usage.daemon_seconds(), options.seconds);
  report["active_connections"] = 2 * wishes.pairs;
  report["rate"] = terms.rate;
  report["complaints"] = load.complaints();
  report["valid"] = is_complete && messages > 0 && load.complaints().empty();
  return report;
}

}  // namespace cpc::bench
