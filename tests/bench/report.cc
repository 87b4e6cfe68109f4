#include "tests/bench/report.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/bench/process_usage.h"

namespace cpc::bench {
namespace {

double micros(double seconds, std::size_t messages) {
  return messages == 0 ? 0 : rounded(seconds * 1e6 / static_cast<double>(messages));
}

}  // namespace

double rounded(double value) {
  return std::round(value * 1000) / 1000;
}

Report percentiles(std::vector<double> milliseconds) {
  if (milliseconds.empty()) return nullptr;
  std::ranges::sort(milliseconds);
  const auto rank = [&](double part) {
    const auto place = std::ceil(part * static_cast<double>(milliseconds.size()));
    return rounded(milliseconds[static_cast<std::size_t>(std::max(place, 1.0)) - 1]);
  };
  return {{"p50", rank(0.50)}, {"p99", rank(0.99)}, {"max", rank(1)}};
}

Report durability_of(const nlohmann::json& status) {
  Report found = Report::object();
  for (const auto& [name, value] : status.items()) {
    found[name] = value.at("store").at("durability");
  }
  return found;
}

std::string file_system_of(const std::string& folder) {
  // The longest mount point that the folder lies under: proc(5), /proc/self/mounts.
  const std::string path = std::filesystem::canonical(folder).string() + "/";
  std::ifstream mounts{"/proc/self/mounts"};
  std::string longest;
  std::string kind;
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream fields{line};
    std::string device;
    std::string point;
    std::string type;
    fields >> device >> point >> type;
    if (!point.ends_with('/')) point += '/';
    if (path.starts_with(point) && point.size() >= longest.size()) {
      longest = point;
      kind = type;
    }
  }
  return kind;
}

bool is_on_disk(const std::string& folder) {
  const std::string kind = file_system_of(folder);
  return kind != "tmpfs" && kind != "ramfs" && kind != "devtmpfs";
}

ServerUsage::ServerUsage(const World& world) : world_(world) {
  for (const auto& [name, daemon] : world.daemons) forget_peak(daemon.pid);
}

double ServerUsage::daemons_now() const {
  double sum = 0;
  for (const auto& [name, daemon] : world_.daemons) {
    if (daemon.pid > 0) sum += cpu_seconds_of(daemon.pid);
  }
  return sum;
}

double ServerUsage::postgres_now() const {
  return world_.postgres ? cpu_seconds_of_family(world_.postgres->pid) : 0;
}

void ServerUsage::begin() {
  daemons_ = daemons_now();
  postgres_ = postgres_now();
  client_ = cpu_seconds_of(::getpid());
}

void ServerUsage::end() {
  daemons_ = daemons_now() - daemons_;
  postgres_ = postgres_now() - postgres_;
  client_ = cpu_seconds_of(::getpid()) - client_;
}

void ServerUsage::add_to(Report& report, std::size_t messages) const {
  report["server_cpu_us_per_message"] = micros(daemons_, messages);
  if (world_.postgres) report["postgres_cpu_us_per_message"] = micros(postgres_, messages);
  report["client_cpu_us_per_message"] = micros(client_, messages);
  std::int64_t peak = 0;
  for (const auto& [name, daemon] : world_.daemons) peak += resident_bytes_max(daemon.pid);
  report["rss_bytes_max"] = peak;
}

}  // namespace cpc::bench
