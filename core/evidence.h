// What peers signed to us and could deny later: their acknowledgements, and what went wrong with
// them. docs/protocol.md section "Evidence" says how a third party verifies one.
//
// A signed answer tells of all lanes of a transaction at once, so one row serves them all: the
// latest answer about each lane is kept, and a row whose lanes have all been told of anew gives its
// number to the next one. EvidenceBook decides that, in memory and without a wait, for one peer;
// the row travels in the commit that records the answer.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/address.h"
#include "core/base/time.h"
#include "core/ids.h"

namespace cpc::core {

struct EvidenceKey {
  InstanceName peer;
  std::int64_t number = 0;
  auto operator<=>(const EvidenceKey&) const = default;
};
/// Table evidence. One thing that a peer signed: an answer, as a rule.
struct Evidence {
  using Key = EvidenceKey;
  InstanceName peer;
  std::int64_t number = 0;  ///< 0 and below are evidence_of_hello and so on.
  TimePoint at{};           ///< When we had it, by our clock.
  std::string code;         ///< Empty, or why it is an exception: FORK, NOT_HUB, LOST and so on.
  Bytes lanes;              ///< Which lanes it tells of: 33 octets each, kind and wire id.
  Bytes proof;              ///< The request's head and the whole reply, as they are shown.
  [[nodiscard]] Key key() const { return {peer, number}; }
};

/// How old it is, without its octets.
struct EvidenceAge {
  EvidenceKey key;
  TimePoint at{};
};

/// Numbers with a place of their own: its latest hello, the latest comparison of heads that showed
/// a loss or a fork, and the latest document that contradicts the one that we accepted, whose proof
/// is the document itself. All others are used again.
inline constexpr std::int64_t evidence_of_hello = 0;
inline constexpr std::int64_t evidence_of_heads = -1;
inline constexpr std::int64_t evidence_of_identity = -2;

/// Another instance under the name, or other roots of the same one.
inline constexpr std::string_view evidence_identity = "IDENTITY_CONFLICT";
/// The peer says that it holds less than it acknowledged.
inline constexpr std::string_view evidence_lost = "LOST";
/// It acknowledged more than it said to hold later: what LOST is to be compared with.
inline constexpr std::string_view evidence_contradicted = "CONTRADICTED";

/// So long is evidence kept, unless a bound of a peer's is reached before.
inline constexpr auto evidence_age_max = std::chrono::hours{24 * 30};
/// Of one peer: rows, those of them that are exceptions, and octets of proofs. Oldest go first.
inline constexpr std::size_t evidence_rows_max = 900;
inline constexpr std::size_t evidence_exceptions_max = 200;
/// All rows of one peer, those with places of their own included.
inline constexpr std::size_t evidence_rows_in_all_max = evidence_rows_max + 3;
inline constexpr std::size_t evidence_bytes_max = 8 * 1024 * 1024;
/// A proof that is larger is not kept: no honest answer comes near it.
inline constexpr std::size_t evidence_proof_bytes_max = 256 * 1024;

inline constexpr std::size_t evidence_lane_bytes = 33;

/// Which rows of one peer are still worth keeping. A value like any other: not safe to share.
class EvidenceBook {
 public:
  EvidenceBook() = default;
  /// Of what the store has: all rows of the peer, in any order.
  explicit EvidenceBook(const std::vector<Evidence>& stored);

  /// What to write for a new answer.
  struct Plan {
    Evidence row;                           ///< With its number.
    std::vector<EvidenceKey> gone;          ///< Rows to erase in the same commit.
    std::vector<EvidenceKey> contradicted;  ///< Rows that become exceptions in it.
  };
  /// Where `fresh` goes; its number is chosen here. Changes nothing. None if it tells of no lane,
  /// or its proof is too large to be kept.
  [[nodiscard]] std::optional<Plan> plan(Evidence fresh) const;
  /// `plan` was committed, and is the last that was made.
  void note(const Plan& plan);

  [[nodiscard]] std::size_t rows() const { return rows_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Row {
    TimePoint at{};
    bool is_exception = false;
    std::set<Bytes> lanes;  ///< Those that no later row tells of; none of an exception.
    std::size_t bytes = 0;
  };
  using Ages = std::set<std::pair<TimePoint, std::int64_t>>;
  void add(const Evidence& evidence);
  void remove(std::int64_t number);
  void forget_lane(const Bytes& lane);
  using Numbers = std::set<std::int64_t>;
  [[nodiscard]] Numbers superseded_by(const Evidence& fresh) const;
  [[nodiscard]] Numbers contradicted_by(const Evidence& fresh) const;

  std::map<std::int64_t, Row> rows_;
  std::map<Bytes, std::int64_t> latest_;  ///< By lane.
  Ages ages_;                             ///< Of all rows, oldest first.
  Ages exceptions_;                       ///< Of those rows.
  std::set<std::int64_t> idle_;           ///< Rows that say nothing any more.
  std::size_t bytes_ = 0;
};

/// What names a lane in Evidence::lanes.
[[nodiscard]] Bytes evidence_lane(std::uint8_t kind, const WireId& wire_id);

}  // namespace cpc::core
