// The scenarios. Each makes its world, measures, and gives its report; "valid" in it says whether
// everything that had to happen happened. They throw std::runtime_error when they cannot be played.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>

#include "tests/bench/message_load.h"
#include "tests/bench/process_usage.h"
#include "tests/bench/report.h"

namespace cpc::bench {

inline constexpr auto warm_up = std::chrono::seconds{3};
inline constexpr auto patience = std::chrono::seconds{60};

/// From a client to a client, on one instance or across two.
[[nodiscard]] Report run_messages(const Options& options);
/// What idle clients cost, and few active ones among them.
[[nodiscard]] Report run_connections(const Options& options);
/// What was written while the other instance was away arrives when it is back.
[[nodiscard]] Report run_recovery(const Options& options);
/// The parts by themselves, without daemons.
[[nodiscard]] Report run_micro(const Options& options);

/// Adds messages, seconds, messages_per_second and latency_ms of the interval.
void add_flow(Report& report, const MessageLoad& load, const MessageLoad::Interval& when);

/// Runs the loop until `is_so`, or false after `at_most`.
[[nodiscard]] bool run_until(boost::asio::io_context& io, const std::function<bool()>& is_so,
                             std::chrono::nanoseconds at_most);
void run_for(boost::asio::io_context& io, std::chrono::nanoseconds time);
[[nodiscard]] inline std::chrono::nanoseconds of_seconds(double seconds) {
  return std::chrono::nanoseconds{static_cast<std::int64_t>(seconds * 1e9)};
}
/// Load for the warm-up and then for so long, of which the latter is counted.
[[nodiscard]] MessageLoad::Interval measure(boost::asio::io_context& io, MessageLoad& load,
                                            ServerUsage& usage, double seconds);
/// Until everybody who was told to connect has.
void await_connected(boost::asio::io_context& io, const MessageLoad& load);

}  // namespace cpc::bench
