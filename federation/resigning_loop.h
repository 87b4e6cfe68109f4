// What waits for peers and was signed by a key that does not count much longer, or no more, is
// signed anew by the key of now: submissions that their hub has not placed, and consent frames. So
// a message that waited through a rotation or a revocation arrives all the same. Entries of logs
// stay as they are: their hub saw them in time.
#pragma once

#include "federation/signing_loop.h"
#include "routing/signal.h"

namespace cpc::federation {

/// So long before the end of its key something is signed anew.
inline constexpr auto sign_anew_before = std::chrono::hours{24};

/// Signs at start, whenever `wanted` is set, and each hour while a key nears its end. Runs until
/// cancelled. Network thread only.
[[nodiscard]] boost::asio::awaitable<void> run_resigning_loop(LoopParts& self,
                                                              routing::Signal& wanted);

}  // namespace cpc::federation
