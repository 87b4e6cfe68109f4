#include "core/chance.h"

#include "crypto/digest.h"

namespace cpc::core {

Bytes Chance::bytes(std::size_t count) {
  Bytes drawn;
  while (drawn.size() < count) {
    crypto::FramedHash block;
    drawn += block.add("cpc-chance-1").add(seed_.view()).add(drawn_++).finish().view();
  }
  drawn.resize(count);
  return drawn;
}

}  // namespace cpc::core
