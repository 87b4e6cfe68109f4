#include "core/heads.h"

#include <algorithm>

#include "core/conversation.h"

namespace cpc::core {
namespace {

constexpr std::string_view fork_code = "FORK";

// A log that we order, if a member at this very instance takes part in it.
Result<std::optional<Conversation>> shared_log(Snapshot& store, const Home& home,
                                               const InstanceName& copy, const Iid& copy_iid,
                                               const WireId& wire_id) {
  const std::optional<Conversation> none;
  CPC_TRY(const auto found, store.find(ConversationByWireKey{wire_id}));
  if (!found) return none;
  CPC_TRY(auto conversation, store.find(ConversationKey{found->id}));
  if (!conversation || conversation->hub != home.name) return none;
  for (const Address& address : {conversation->low, conversation->high}) {
    if (address.instance != copy) continue;
    CPC_TRY(const Member member, member_of(store, *conversation, address));
    if (member.iid == copy_iid) return conversation;
  }
  return none;
}

Result<std::optional<Digest>> link_at(Snapshot& store, const ConversationId& conversation,
                                      Position position) {
  if (position.seq == 0) return std::optional<Digest>{};
  const Position before{position.hub_epoch, position.seq - 1};
  CPC_TRY(const auto entries, store.entries_after(conversation, before, 1));
  if (entries.empty() || entries.front().position != position) return std::optional<Digest>{};
  return std::optional{entries.front().link};
}

// What a hub that is at `hub`, with `link` where the copy is, has of a log that the copy holds.
HeadVerdict verdict_of(const LogHead& copy, Position hub, const std::optional<Digest>& link) {
  if (copy.position.seq == 0) return HeadVerdict::agreed;  // It holds nothing that could differ.
  if (link) return *link == copy.link ? HeadVerdict::agreed : HeadVerdict::fork;
  return hub < copy.position ? HeadVerdict::lost : HeadVerdict::fork;
}

// To agree is only worth a word where something had stopped.
Result<bool> is_stopped(Snapshot& store, const LaneKey& key) {
  CPC_TRY(const auto lane, store.find(key));
  return lane && !lane->blocked.empty();
}

}  // namespace

std::string_view to_text(HeadVerdict verdict) {
  switch (verdict) {
    case HeadVerdict::lacking:
      return "LACKING";
    case HeadVerdict::lost:
      return evidence_lost;
    case HeadVerdict::fork:
      return fork_code;
    case HeadVerdict::agreed:
      return "AGREED";
  }
  return fork_code;
}

Result<HeadPage> heads_at(Snapshot& store, const InstanceName& hub, const ConversationId& after,
                          TimePoint since) {
  HeadPage page;
  CPC_TRY(const auto conversations, store.copies_of(hub, after, heads_max));
  page.last = after;
  page.has_more = conversations.size() == heads_max;
  for (const Conversation& conversation : conversations) {
    page.last = conversation.id;
    const Head& head = conversation.head;
    if (!conversation.wire_id || head.hub_time < since) continue;
    // One that ended because the name is another instance now is none of that instance's business.
    CPC_TRY(const auto current, store.find(ConversationByWireKey{*conversation.wire_id}));
    if (!current || current->id != conversation.id) continue;
    page.heads.push_back({*conversation.wire_id, head.position, head.link});
  }
  return page;
}

Result<HubView> answer_heads(Snapshot& store, const Home& home, const InstanceName& copy,
                             const Iid& copy_iid, const std::vector<LogHead>& heads) {
  HubView view;
  for (const LogHead& head : heads) {
    CPC_TRY(const auto log, shared_log(store, home, copy, copy_iid, head.wire_id));
    if (!log) continue;
    const LaneKey key{copy, LaneKind::log, log->id};
    CPC_TRY(const auto lane, store.find(key));
    CPC_TRY(const auto link, link_at(store, log->id, head.position));
    view.answers.push_back(
        {head.wire_id, log->head.position, link, lane ? lane->acked : Position{}});
    const auto verdict = verdict_of(head, log->head.position, link);
    if (verdict == HeadVerdict::agreed && (!lane || lane->blocked.empty())) continue;
    view.findings.push_back({log->id, head.wire_id, verdict});
  }
  return view;
}

Result<std::vector<HeadFinding>> judge_answers(Snapshot& store, const InstanceName& hub,
                                               const std::vector<LogHead>& told,
                                               const std::vector<HeadAnswer>& answers) {
  std::vector<HeadFinding> findings;
  for (const LogHead& head : told) {
    CPC_TRY(const auto found, store.find(ConversationByWireKey{head.wire_id}));
    if (!found) continue;
    const auto answer = std::ranges::find(answers, head.wire_id, &HeadAnswer::wire_id);
    const bool is_known = answer != answers.end();
    const auto verdict = is_known ? verdict_of(head, answer->position, answer->link)
                                  : verdict_of(head, {}, std::nullopt);
    const auto note = [&](HeadVerdict what) {
      findings.push_back({found->id, head.wire_id, what});
    };
    if (verdict != HeadVerdict::agreed) {
      note(verdict);
      continue;
    }
    if (!is_known) continue;
    CPC_TRY(const bool has_stopped, is_stopped(store, {hub, LaneKind::submission, found->id}));
    if (has_stopped) note(HeadVerdict::agreed);
    // Entries may have come since the hub was asked: what counts is what is here now.
    CPC_TRY(const auto now, store.find(ConversationKey{found->id}));
    if (now && now->head.position < answer->acked) note(HeadVerdict::lacking);
  }
  return findings;
}

Result<bool> note_finding(Transaction& tx, const InstanceName& peer, LaneKind kind,
                          const HeadFinding& finding) {
  if (finding.verdict == HeadVerdict::lacking) return false;
  const LaneKey key{peer, kind, finding.conversation};
  CPC_TRY(auto lane, tx.find(key));
  const bool is_ours = lane && (lane->blocked == evidence_lost || lane->blocked == fork_code);
  if (finding.verdict == HeadVerdict::agreed) {
    if (!is_ours) return false;
    lane->blocked.clear();
    tx.touched().peers.insert(peer);
  } else {
    const std::string_view code = to_text(finding.verdict);
    if (lane && lane->blocked == code) return false;
    if (!lane) lane = Lane{peer, kind, finding.conversation, {}, {}, {}};
    lane->blocked = code;
  }
  tx.put(*std::move(lane));
  return true;
}

Result<std::optional<LogStretch>> stretch_of(Snapshot& store, const Home& home,
                                             const InstanceName& copy, const Iid& copy_iid,
                                             const WireId& wire_id, Position after,
                                             const DeliveryLimits& limits) {
  CPC_TRY(const auto log, shared_log(store, home, copy, copy_iid, wire_id));
  if (!log) return std::optional<LogStretch>{};
  CPC_TRY(const auto events, store.entries_after(log->id, after, limits.entries_max));
  LogStretch stretch;
  stretch.part.wire_id = wire_id;
  std::size_t size = 0;
  for (const Event& event : events) {
    CPC_TRY(Envelope envelope, envelope_of(home, event));
    size += travelling_size(envelope);
    if (size > limits.bytes_max && !stretch.part.items.empty()) break;
    stretch.part.items.push_back({{event.position, event.hub_time, event.link},
                                  event.author,
                                  event.id,
                                  std::move(envelope)});
  }
  const Position last =
      stretch.part.items.empty() ? after : stretch.part.items.back().placement.position;
  stretch.has_more = last < log->head.position;
  return std::optional{std::move(stretch)};
}

}  // namespace cpc::core
