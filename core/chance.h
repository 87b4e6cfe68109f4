// Chance as an argument: a stream of octets that follows from its seed alone, so that a closure
// that runs twice makes the same ids, and a simulation replays. Seeds come from routing::Random.
#pragma once

#include <cstdint>

#include "core/base/time.h"
#include "core/ids.h"

namespace cpc::core {

using ChanceSeed = Id<32, struct ChanceSeedTag>;

class Chance {
 public:
  explicit Chance(const ChanceSeed& seed) : seed_(seed) {}

  [[nodiscard]] Bytes bytes(std::size_t count);
  template <class AnyId>
  [[nodiscard]] AnyId id() {
    return AnyId::from_bytes(bytes(AnyId::size)).value();
  }
  template <class AnyId>
  [[nodiscard]] AnyId uuid(TimePoint now) {
    return uuid_v7<AnyId>(to_milliseconds(now), id<Id<16, struct AnyTag>>().octets);
  }

 private:
  ChanceSeed seed_;
  std::uint64_t drawn_ = 0;
};

}  // namespace cpc::core
