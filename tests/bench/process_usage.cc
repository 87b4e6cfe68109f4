#include "tests/bench/process_usage.h"

#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace cpc::bench {
namespace {

namespace fs = std::filesystem;

struct Stat {
  pid_t parent = 0;
  std::int64_t own_ticks = 0;
  std::int64_t ended_children_ticks = 0;
};

std::string file_of(pid_t pid, const std::string& name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

std::optional<Stat> stat_of(pid_t pid) {
  std::ifstream file{file_of(pid, "stat")};
  std::string text;
  if (!std::getline(file, text)) return std::nullopt;
  // The name in parentheses may hold anything, also spaces.
  std::istringstream fields{text.substr(text.rfind(')') + 1)};
  std::string state;
  Stat stat;
  fields >> state >> stat.parent;
  std::string skipped;
  for (int field = 5; field <= 13; ++field) fields >> skipped;
  std::int64_t user = 0;
  std::int64_t system = 0;
  fields >> user >> system;
  stat.own_ticks = user + system;
  fields >> user >> system;
  stat.ended_children_ticks = user + system;
  return stat;
}

double seconds(std::int64_t ticks) {
  return static_cast<double>(ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::int64_t status_bytes(pid_t pid, const std::string& name) {
  std::ifstream file{file_of(pid, "status")};
  for (std::string word; file >> word;) {
    std::int64_t kibibytes = 0;
    if (word == name && file >> kibibytes) return kibibytes * 1024;
  }
  return 0;
}

}  // namespace

double cpu_seconds_of(pid_t pid) {
  const auto stat = stat_of(pid);
  return stat ? seconds(stat->own_ticks) : 0;
}

double cpu_seconds_of_family(pid_t parent) {
  const auto first = stat_of(parent);
  if (!first) return 0;
  std::int64_t ticks = first->own_ticks + first->ended_children_ticks;
  for (const auto& entry : fs::directory_iterator{"/proc"}) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (read.ec != std::errc{}) continue;
    const auto stat = stat_of(pid);
    if (stat && stat->parent == parent) ticks += stat->own_ticks + stat->ended_children_ticks;
  }
  return seconds(ticks);
}

std::int64_t resident_bytes(pid_t pid) {
  return status_bytes(pid, "VmRSS:");
}

std::int64_t resident_bytes_max(pid_t pid) {
  return status_bytes(pid, "VmHWM:");
}

void forget_peak(pid_t pid) {
  std::ofstream{file_of(pid, "clear_refs")} << "5\n";
}

}  // namespace cpc::bench
