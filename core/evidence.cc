#include "core/evidence.h"

namespace cpc::core {
namespace {

std::set<Bytes> lanes_in(const Bytes& lanes) {
  std::set<Bytes> each;
  for (std::size_t at = 0; at + evidence_lane_bytes <= lanes.size(); at += evidence_lane_bytes) {
    each.insert(lanes.substr(at, evidence_lane_bytes));
  }
  return each;
}

}  // namespace

EvidenceBook::EvidenceBook(const std::vector<Evidence>& stored) {
  std::map<std::pair<TimePoint, std::int64_t>, const Evidence*> by_age;
  for (const Evidence& row : stored) by_age[{row.at, row.number}] = &row;
  for (const auto& [age, row] : by_age) add(*row);
}

void EvidenceBook::forget_lane(const Bytes& lane) {
  const auto before = latest_.find(lane);
  if (before == latest_.end()) return;
  Row& row = rows_.at(before->second);
  row.lanes.erase(lane);
  if (row.lanes.empty() && !row.is_exception) idle_.insert(before->second);
  latest_.erase(before);
}

void EvidenceBook::add(const Evidence& evidence) {
  if (evidence.number <= 0) return;  // These have places of their own.
  Row row{evidence.at, !evidence.code.empty(), {}, evidence.proof.size()};
  // What was acknowledged before stands beside an exception, until it is told of anew.
  if (!row.is_exception) row.lanes = lanes_in(evidence.lanes);
  for (const Bytes& lane : row.lanes) {
    forget_lane(lane);
    latest_[lane] = evidence.number;
  }
  bytes_ += row.bytes;
  ages_.insert({row.at, evidence.number});
  if (row.is_exception) exceptions_.insert({row.at, evidence.number});
  rows_.emplace(evidence.number, std::move(row));
}

void EvidenceBook::remove(std::int64_t number) {
  const auto found = rows_.find(number);
  if (found == rows_.end()) return;
  const Row& row = found->second;
  for (const Bytes& lane : row.lanes) latest_.erase(lane);
  bytes_ -= row.bytes;
  ages_.erase({row.at, number});
  exceptions_.erase({row.at, number});
  idle_.erase(number);
  rows_.erase(found);
}

// What the peer said before of lanes of which it holds less by now.
EvidenceBook::Numbers EvidenceBook::contradicted_by(const Evidence& fresh) const {
  Numbers rows;
  if (fresh.code != evidence_lost) return rows;
  for (const Bytes& lane : lanes_in(fresh.lanes)) {
    const auto found = latest_.find(lane);
    if (found != latest_.end() && !rows_.at(found->second).is_exception) rows.insert(found->second);
  }
  return rows;
}

// Rows that say nothing more once `fresh` is there.
EvidenceBook::Numbers EvidenceBook::superseded_by(const Evidence& fresh) const {
  if (!fresh.code.empty()) return idle_;
  std::map<std::int64_t, std::size_t> told;  // How many of a row's lanes `fresh` tells of.
  for (const Bytes& lane : lanes_in(fresh.lanes)) {
    const auto found = latest_.find(lane);
    if (found != latest_.end()) ++told[found->second];
  }
  Numbers rows = idle_;
  for (const auto& [number, count] : told) {
    const Row& row = rows_.at(number);
    if (!row.is_exception && count == row.lanes.size()) rows.insert(number);
  }
  return rows;
}

std::optional<EvidenceBook::Plan> EvidenceBook::plan(Evidence fresh) const {
  if (fresh.lanes.empty() || fresh.proof.size() > evidence_proof_bytes_max) return std::nullopt;
  Numbers gone = superseded_by(fresh);
  std::size_t rows = rows_.size() + 1 - gone.size();
  std::size_t bytes = bytes_ + fresh.proof.size();
  for (const std::int64_t number : gone) bytes -= rows_.at(number).bytes;
  for (auto oldest = ages_.begin(); oldest != ages_.end(); ++oldest) {
    if (rows <= evidence_rows_max && bytes <= evidence_bytes_max) break;
    if (!gone.insert(oldest->second).second) continue;
    --rows;
    bytes -= rows_.at(oldest->second).bytes;
  }
  const Numbers contradicted = contradicted_by(fresh);
  std::size_t exceptions = exceptions_.size() + contradicted.size() + (fresh.code.empty() ? 0 : 1);
  for (auto oldest = exceptions_.begin(); oldest != exceptions_.end(); ++oldest) {
    if (exceptions <= evidence_exceptions_max) break;
    gone.insert(oldest->second);
    --exceptions;
  }
  // A number is used again, so that a busy lane costs one row and no erasure.
  if (gone.empty()) {
    fresh.number = rows_.empty() ? 1 : rows_.rbegin()->first + 1;
  } else {
    fresh.number = *gone.begin();
  }
  Plan plan{std::move(fresh), {}, {}};
  for (const std::int64_t number : gone) {
    if (number != plan.row.number) plan.gone.push_back({plan.row.peer, number});
  }
  for (const std::int64_t number : contradicted) {
    if (!gone.contains(number)) plan.contradicted.push_back({plan.row.peer, number});
  }
  return plan;
}

void EvidenceBook::note(const Plan& plan) {
  for (const EvidenceKey& key : plan.contradicted) {
    Row& row = rows_.at(key.number);
    row.is_exception = true;
    exceptions_.insert({row.at, key.number});
  }
  remove(plan.row.number);
  for (const EvidenceKey& key : plan.gone) remove(key.number);
  add(plan.row);
}

Bytes evidence_lane(std::uint8_t kind, const WireId& wire_id) {
  return Bytes(1, static_cast<char>(kind)) + wire_id.bytes();
}

}  // namespace cpc::core
