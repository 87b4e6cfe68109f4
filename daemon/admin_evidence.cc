// cpcctl peer evidence: what a peer signed to us, and one of it for others to verify.
#include <algorithm>

#include "core/address.h"
#include "daemon/admin_protocol/codec.h"
#include "daemon/admin_server.h"
#include "federation/proof.h"
#include "federation/transaction_codec.h"

namespace cpc::daemon {
namespace {

using namespace admin_protocol;  // NOLINT(google-build-using-namespace): its messages are our
                                 // words.

constexpr const char* what_failed = "the evidence was not shown";

std::string text_of(const core::LaneAnswer& lane) {
  std::string text{name_of(lane.kind)};
  if (!lane.wire_id.is_zero()) text.append(" ").append(to_text(lane.wire_id));
  text.append(" ").append(wire_name(lane.verdict));
  text.append(" ").append(std::to_string(lane.position.hub_epoch));
  return text.append("/").append(std::to_string(lane.position.seq));
}

/// What the peer answered, lane by lane; nothing for a hello.
std::vector<std::string> lanes_of(const core::Evidence& row) {
  std::vector<std::string> lanes;
  const auto proof = federation::decode_proof(row.proof);
  if (!proof || row.number == 0) return lanes;
  const auto answer = federation::decode_answer(proof.value().reply.body);
  if (!answer) return lanes;
  for (const core::LaneAnswer& lane : answer.value().lanes) lanes.push_back(text_of(lane));
  return lanes;
}

}  // namespace

AdminServer::Answer<PeerEvidence> AdminServer::answer(PeerEvidenceRequest request) {
  const auto name = core::InstanceName::parse(request.name);
  if (!name) co_return Problem{"invalid.name", what_failed, name.error().detail, ""};
  PeerEvidence evidence;
  evidence.name = request.name;
  std::optional<core::Peer> peer;
  std::vector<core::Evidence> rows;
  const auto look = [&](core::Snapshot& store) -> Result<> {
    CPC_TRY(peer, store.find(core::PeerKey{name.value()}));
    if (!request.number) {
      CPC_TRY(rows, store.evidence_of(name.value(), core::evidence_rows_in_all_max));
      return success();
    }
    CPC_TRY(auto row, store.find(core::EvidenceKey{name.value(), *request.number}));
    if (row) rows.push_back(*std::move(row));
    return success();
  };
  const Result<> read = co_await self_.store.read(look);
  if (!read) co_return problem_of(read.error(), what_failed);
  if (!peer) {
    co_return Problem{"not_found.peer", what_failed,
                      "no document of " + request.name + " was ever accepted",
                      "see: cpcctl peer list"};
  }
  if (request.number && rows.empty()) {
    co_return Problem{"not_found.evidence", what_failed,
                      "there is none with the number " + std::to_string(*request.number) +
                          "; it may have been kept for its time, or made room for a later one",
                      "see: cpcctl peer evidence " + request.name};
  }
  evidence.iid = to_text(peer->iid);
  std::ranges::stable_sort(rows, std::ranges::greater{}, &core::Evidence::at);
  const auto view = [&] {
    for (const core::Evidence& row : rows) {
      evidence.rows.push_back({row.number, row.at, row.code, lanes_of(row)});
    }
  };
  co_await self_.pool.run(view);
  if (request.number) {
    evidence.proof = rows.front().proof;
    evidence.document = peer->document;
  }
  co_return evidence;
}

}  // namespace cpc::daemon
