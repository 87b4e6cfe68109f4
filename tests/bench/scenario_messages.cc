// `local` and `federation`: what a message costs from a client to a client.

#include "tests/bench/scenarios.h"

namespace cpc::bench {
namespace {

Report hubs_of(const World& world) {
  Report counts = Report::object();
  for (const auto& [name, daemon] : world.daemons) counts[name] = 0;
  for (const Pair& pair : world.pairs) {
    if (counts.contains(pair.hub)) counts[pair.hub] = counts[pair.hub].get<int>() + 1;
  }
  return counts;
}

void add_particulars(Report& report, const Options& options, const World& world,
                     const MessageLoad& load, const MessageLoad::Interval& measured) {
  report["accepted_ms"] = percentiles(load.acceptances(measured));
  report["pairs"] = options.pairs;
  if (options.rate > 0) {
    report["rate"] = options.rate;
  } else {
    report["in_flight_per_pair"] = options.in_flight;
  }
  report["hubs"] = hubs_of(world);
  report["sent_in_all"] = load.sent();
  report["arrived_in_all"] = load.arrived();
  report["read_marks"] = load.read_marks();
  report["receipt_events"] = load.receipts_seen();
  report["repeated_events"] = load.repeated();
}

}  // namespace

bool run_until(boost::asio::io_context& io, const std::function<bool()>& is_so,
               std::chrono::nanoseconds at_most) {
  const auto work = boost::asio::make_work_guard(io);
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  while (!is_so()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    io.restart();
    io.run_for(std::chrono::milliseconds{2});
  }
  return true;
}

void run_for(boost::asio::io_context& io, std::chrono::nanoseconds time) {
  const auto work = boost::asio::make_work_guard(io);
  io.restart();
  io.run_for(time);
}

MessageLoad::Interval measure(boost::asio::io_context& io, MessageLoad& load, ServerUsage& usage,
                              double seconds) {
  load.begin();
  run_for(io, warm_up);
  MessageLoad::Interval measured{Clock::now(), {}};
  usage.begin();
  run_for(io, of_seconds(seconds));
  measured.to = Clock::now();
  usage.end();
  load.end();
  return measured;
}

void add_flow(Report& report, const MessageLoad& load, const MessageLoad::Interval& when) {
  const std::size_t messages = load.arrived_in(when);
  const double seconds = std::chrono::duration<double>{when.to - when.from}.count();
  report["messages"] = messages;
  report["seconds"] = rounded(seconds);
  report["messages_per_second"] = rounded(static_cast<double>(messages) / seconds);
  report["latency_ms"] = percentiles(load.latencies(when));
}

void await_connected(boost::asio::io_context& io, const MessageLoad& load) {
  const auto is_connected = [&] { return load.is_connected(); };
  if (!run_until(io, is_connected, patience)) {
    throw std::runtime_error{"the clients could not connect"};
  }
}

Report run_messages(const Options& options) {
  World::Wishes wishes;
  wishes.instances = {"alpha.cpc"};
  if (options.scenario == "federation") wishes.instances.emplace_back("beta.cpc");
  wishes.engine = options.engine;
  wishes.folder = options.folder;
  wishes.pairs = options.pairs;
  World world{wishes};

  boost::asio::io_context io;
  LoadTerms terms;
  terms.in_flight = options.in_flight;
  terms.rate = options.rate;
  MessageLoad load{io, world, terms};
  load.connect_readers();
  load.connect_senders();
  await_connected(io, load);
  ServerUsage usage{world};
  const MessageLoad::Interval measured = measure(io, load, usage, options.seconds);
  const bool is_complete = run_until(
      io, [&] { return load.is_all_arrived(); }, patience);
  load.ask_for_receipts();
  const bool is_receipted = run_until(
      io, [&] { return load.is_all_receipted(); }, patience);

  const std::size_t messages = load.arrived_in(measured);
  Report report;
  add_flow(report, load, measured);
  usage.add_to(report, messages);
  report["durability"] = durability_of(world.status());
  add_particulars(report, options, world, load, measured);
  report["all_receipts_returned"] = is_receipted;
  report["complaints"] = load.complaints();
  report["valid"] = is_complete && is_receipted && messages > 0 && load.complaints().empty();
  return report;
}

}  // namespace cpc::bench
