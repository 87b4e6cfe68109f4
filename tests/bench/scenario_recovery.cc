// `recovery`: the readers' instance is away while much is written to its people; then it starts.

#include "tests/bench/process_usage.h"
#include "tests/bench/scenarios.h"

namespace cpc::bench {
namespace {

constexpr auto writing_max = std::chrono::minutes{10};
constexpr auto drain_max = std::chrono::minutes{10};

double seconds_between(Moment from, Moment to) {
  return rounded(std::chrono::duration<double>{to - from}.count());
}

}  // namespace

Report run_recovery(const Options& options) {
  World::Wishes wishes;
  wishes.instances = {"alpha.cpc", "beta.cpc"};
  wishes.engine = options.engine;
  wishes.folder = options.folder;
  wishes.pairs = options.pairs;
  World world{wishes};
  const auto durability = durability_of(world.status());
  const pid_t alpha = world.daemons.at("alpha.cpc").pid;

  boost::asio::io_context io;
  LoadTerms terms;
  terms.in_flight = options.in_flight;
  terms.messages_max = options.messages;
  terms.until_accepted = true;
  MessageLoad load{io, world, terms};
  load.connect_senders();
  await_connected(io, load);
  world.stop("beta.cpc");
  const std::int64_t before = resident_bytes(alpha);
  const Moment writing = Clock::now();
  load.begin();
  const bool is_written = run_until(
      io, [&] { return load.sent() == options.messages && load.is_all_accepted(); }, writing_max);
  const Moment written = Clock::now();
  load.end();
  const std::int64_t behind = resident_bytes(alpha);

  ServerUsage usage{world};
  const Moment back = Clock::now();
  world.start("beta.cpc");
  usage.begin();
  load.connect_readers();
  const bool is_drained = run_until(
      io, [&] { return load.is_all_arrived(); }, drain_max);
  usage.end();
  const MessageLoad::Interval all{writing, Clock::now()};
  load.ask_for_receipts();
  const bool is_receipted = run_until(
      io, [&] { return load.is_all_receipted(); }, patience);

  const double seconds = seconds_between(back, load.last_arrival().value_or(all.to));
  Report report;
  report["messages"] = load.arrived();
  report["seconds"] = seconds;
  report["messages_per_second"] = rounded(static_cast<double>(load.arrived()) / seconds);
  report["latency_ms"] = percentiles(load.arrivals_after(back));  // From beta's start.
  usage.add_to(report, load.arrived());
  report["durability"] = durability;
  report["accepted_ms"] = percentiles(load.acceptances(all));
  report["written_per_second"] =
      rounded(static_cast<double>(load.accepted()) / seconds_between(writing, written));
  report["first_arrival_seconds"] = seconds_between(back, load.first_arrival().value_or(all.to));
  report["alpha_rss_bytes_before"] = before;
  report["alpha_rss_bytes_behind"] = behind;
  report["alpha_rss_bytes_after"] = resident_bytes(alpha);
  report["repeated_events"] = load.repeated();
  report["all_receipts_returned"] = is_receipted;
  report["complaints"] = load.complaints();
  report["valid"] = is_written && is_drained && is_receipted && load.complaints().empty();
  return report;
}

}  // namespace cpc::bench
