// What a scenario says at its end: one line of JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/bench/world.h"

namespace cpc::bench {

using Report = nlohmann::ordered_json;

struct Options {
  std::string scenario;
  std::string engine = "sqlite";
  std::string folder = "/var/tmp";
  double seconds = 20;
  double rate = 0;
  std::size_t pairs = 50;
  std::size_t in_flight = 8;
  std::size_t connections = 2000;
  std::size_t messages = 20000;
};

/// {p50, p99, max} by nearest rank, milliseconds; null of nothing.
[[nodiscard]] Report percentiles(std::vector<double> milliseconds);

/// `value` to three places after the point.
[[nodiscard]] double rounded(double value);

/// The durability settings of each instance, as the daemon read them back from its store.
[[nodiscard]] Report durability_of(const nlohmann::json& status);

/// "ext4" and the like; what the folder's file system calls itself.
[[nodiscard]] std::string file_system_of(const std::string& folder);
/// False for a file system in memory: nothing would be measured there.
[[nodiscard]] bool is_on_disk(const std::string& folder);

/// The processes that serve, over one interval.
class ServerUsage {
 public:
  /// Counts from here on; peaks are forgotten.
  explicit ServerUsage(const World& world);
  void begin();
  void end();

  /// Adds server_cpu_us_per_message (all daemons), rss_bytes_max (the largest sum of their peaks)
  /// and, where there is one, what PostgreSQL took.
  void add_to(Report& report, std::size_t messages) const;
  [[nodiscard]] double daemon_seconds() const { return daemons_; }

 private:
  [[nodiscard]] double daemons_now() const;
  [[nodiscard]] double postgres_now() const;

  const World& world_;
  double daemons_ = 0;
  double postgres_ = 0;
  double client_ = 0;
};

}  // namespace cpc::bench
