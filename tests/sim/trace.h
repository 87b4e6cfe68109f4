// A hash of everything that was seen in a run, in the order in which it was seen: the same seed
// leaves the same.
#pragma once

#include <cstdint>
#include <string_view>

namespace cpc::sim {

/// FNV-1a, over words as if each were an octet.
class Trace {
 public:
  void add(std::uint64_t word) { value_ = (value_ ^ word) * 0x0000'0100'0000'01b3U; }
  void add(std::string_view octets) {
    add(octets.size());
    for (const char octet : octets) add(static_cast<unsigned char>(octet));
  }
  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf2'9ce4'8422'2325U;
};

}  // namespace cpc::sim
