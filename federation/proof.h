// A signed exchange as text: what we asked, without its body, and what the peer answered and
// signed. Kept as evidence (core/evidence.h); docs/protocol.md section "Evidence" says how a third
// party verifies it. Pure; any thread.
#pragma once

#include "core/base/result.h"
#include "federation/http_message.h"

namespace cpc::federation {

struct Proof {
  HttpRequest request;  ///< Without its body; content-digest stands for it.
  HttpReply reply;
};

/// One JSON object. Headers that stand there more than once are left out: none may be covered by a
/// signature.
[[nodiscard]] Bytes encode_proof(const HttpRequest& request, const HttpReply& reply);
/// Fails with invalid.
[[nodiscard]] Result<Proof> decode_proof(std::string_view text);

}  // namespace cpc::federation
