// What compares the logs of two instances and what is pulled of one: the bodies of
// POST /cpc/fed/v1/sync/heads and GET /cpc/fed/v1/log/{conversation}. docs/protocol.md sections
// "Comparing heads" and "Pulling a log". Pure; any thread.
#pragma once

#include "core/heads.h"
#include "federation/log_codec.h"
#include "federation/store_mark.h"

namespace cpc::federation {

inline constexpr std::string_view heads_type = "application/cpc-heads+json";
inline constexpr std::string_view log_type = "application/cpc-log+json";

struct HeadsAsked {
  StoreMark mark;
  std::vector<core::LogHead> heads;
};
[[nodiscard]] Bytes encode_heads(const HeadsAsked& asked);
/// Fails with invalid, also over core::heads_max.
[[nodiscard]] Result<HeadsAsked> decode_heads(std::string_view body);

struct HeadsTold {
  StoreMark mark;
  std::vector<core::HeadAnswer> answers;
};
[[nodiscard]] Bytes encode_heads_answer(const HeadsTold& told);
/// Fails with invalid, also over core::heads_max.
[[nodiscard]] Result<HeadsTold> decode_heads_answer(std::string_view body);

[[nodiscard]] Bytes encode_stretch(const core::LogStretch& stretch, const StoreMark& mark);

struct PulledStretch {
  StoreMark mark;
  core::LogPart<core::VerifiedEnvelope> part;
  bool has_more = false;
};
/// As log_part_from_json. Fails with invalid, too_large over `entries_max`.
[[nodiscard]] Result<PulledStretch> decode_stretch(std::string_view body, const Authors& authors,
                                                   TimePoint seen_at, std::size_t entries_max);

/// The query of a pull: what follows `after`.
[[nodiscard]] std::string pull_query(core::Position after);
/// Fails with invalid unless it is exactly what pull_query writes.
[[nodiscard]] Result<core::Position> parse_pull_query(std::string_view query);

}  // namespace cpc::federation
