// Chance from a seed: the same numbers in the same order, on every machine.
#pragma once

#include <cstdint>

#include "core/base/bytes.h"
#include "core/base/time.h"
#include "routing/ports.h"

namespace cpc::sim {

/// splitmix64 (Steele, Lea, Flood 2014): not for secrets.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e37'79b9'7f4a'7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9U;
    z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11ebU;
    return z ^ (z >> 31);
  }
  /// 0 to `count` - 1.
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(next() % count); }
  bool chance(unsigned per_mille) { return below(1000) < per_mille; }
  Milliseconds between(Milliseconds least, Milliseconds most) {
    const auto span = static_cast<std::size_t>((most - least).count()) + 1;
    return least + Milliseconds{static_cast<std::int64_t>(below(span))};
  }
  /// Dice of their own, so that one part's draws do not move another's.
  Dice fork() { return Dice{next()}; }

 private:
  std::uint64_t state_;
};

class DiceRandom final : public routing::Random {
 public:
  explicit DiceRandom(Dice dice) : dice_(dice) {}
  Bytes bytes(std::size_t count) override {
    Bytes out;
    while (out.size() < count) append_big_endian(out, dice_.next());
    out.resize(count);
    return out;
  }

 private:
  Dice dice_;
};

}  // namespace cpc::sim
