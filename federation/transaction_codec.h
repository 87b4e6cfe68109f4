// The body of a transaction (PUT /cpc/fed/v1/txn/{id}) and of its answer, and the hello.
// docs/protocol.md sections "Transactions" and "Hello". Pure; any thread.
//
// decode_batch() verifies while it reads: what comes out is a VerifiedBatch. A part with a bad item
// keeps what stood before it and says in `refused` why the rest was not taken, so that one bad lane
// does not harm the others.
#pragma once

#include "core/delivery.h"
#include "federation/peer_identity.h"
#include "federation/store_mark.h"

namespace cpc::federation {

inline constexpr std::string_view transaction_type = "application/cpc-txn+json";
inline constexpr std::string_view hello_type = "application/cpc-hello+json";

[[nodiscard]] Bytes encode_batch(const core::Batch& batch, const StoreMark& mark);

struct ReceivedBatch {
  StoreMark mark;
  core::VerifiedBatch batch;
};
/// Fails with invalid when the body as a whole is malformed, too_large over `entries_max` items.
[[nodiscard]] Result<ReceivedBatch> decode_batch(std::string_view body, const PeerIdentity& origin,
                                                 TimePoint seen_at, std::size_t entries_max);

[[nodiscard]] Bytes encode_answer(const core::Answer& answer);
/// Fails with invalid.
[[nodiscard]] Result<core::Answer> decode_answer(std::string_view body);

struct Hello {
  StoreMark mark;
  TimePoint now{};
  std::int64_t delegation_serial = 0;
  std::int64_t operational_serial = 0;
};
[[nodiscard]] Bytes encode_hello(const Hello& hello);
/// Fails with invalid; with denied when no protocol version is in common.
[[nodiscard]] Result<Hello> decode_hello(std::string_view body);

}  // namespace cpc::federation
