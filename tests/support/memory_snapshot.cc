// The ranges of core::Snapshot over a MemoryStore, by the words of core/store.h.
#include <algorithm>
#include <set>
#include <tuple>

#include "tests/support/memory_ports.h"
#include "tests/support/memory_store.h"

namespace cpc::tests {
namespace {

/// Where a person sees it: what the hub ordered first, in that order, then by time.
auto display_place(const core::Event& event) {
  return std::tuple{event.position.seq == 0, event.position, event.time, event.id};
}

class MemorySnapshot final : public FindingAll<MemorySnapshot, core::Snapshot>::Type {
 public:
  explicit MemorySnapshot(const MemoryStore& store) : store_(store) {}

  template <class Row>
  [[nodiscard]] Result<std::optional<Row>> look_up(const typename Row::Key& key) {
    return store_.row<Row>(key);
  }

  [[nodiscard]] Result<std::int64_t> last_n() override { return store_.last_n(); }

  [[nodiscard]] Result<std::vector<core::InstanceName>> owing_peers() override {
    std::set<core::InstanceName> names;
    for (const auto& [key, lane] : store_.rows<core::Lane>()) {
      if (is_owing(lane)) names.insert(lane.peer);
    }
    return std::vector<core::InstanceName>{names.begin(), names.end()};
  }
  [[nodiscard]] Result<std::vector<core::Lane>> owing_lanes(const core::InstanceName& peer,
                                                            std::size_t limit) override {
    return filtered<core::Lane>(
        [&](const auto& lane) { return lane.peer == peer && is_owing(lane); }, limit);
  }
  [[nodiscard]] Result<std::vector<core::Lane>> lanes_of(const core::InstanceName& peer,
                                                         std::size_t limit) override {
    return filtered<core::Lane>([&](const auto& lane) { return lane.peer == peer; }, limit);
  }
  [[nodiscard]] Result<std::optional<core::InstanceName>> next_hub(
      const core::InstanceName& after) override {
    std::optional<core::InstanceName> next;
    for (const auto& [key, row] : store_.rows<core::Conversation>()) {
      if (row.hub && *row.hub > after && (!next || *row.hub < *next)) next = row.hub;
    }
    return next;
  }
  [[nodiscard]] Result<std::vector<core::Conversation>> copies_of(const core::InstanceName& hub,
                                                                  const core::ConversationId& after,
                                                                  std::size_t limit) override {
    return filtered<core::Conversation>(
        [&](const auto& row) { return row.hub == hub && row.id > after; }, limit);
  }
  [[nodiscard]] Result<std::vector<core::Event>> entries_after(
      const core::ConversationId& conversation, core::Position after, std::size_t limit) override {
    return sorted<core::Event>(
        [&](const auto& event) {
          return event.conversation == conversation && event.position.seq > 0 &&
                 event.position > after;
        },
        [](const auto& event) { return event.position; }, limit);
  }
  [[nodiscard]] Result<std::vector<core::Event>> submissions_after(
      const core::ConversationId& conversation, std::int64_t after, std::size_t limit) override {
    return sorted<core::Event>(
        [&](const auto& event) {
          return event.conversation == conversation && event.submission > after;
        },
        [](const auto& event) { return event.submission; }, limit);
  }
  [[nodiscard]] Result<std::vector<core::Frame>> frames_after(const core::InstanceName& peer,
                                                              std::int64_t after,
                                                              std::size_t limit) override {
    return filtered<core::Frame>(
        [&](const auto& frame) { return frame.peer == peer && frame.position > after; }, limit);
  }
  [[nodiscard]] Result<std::vector<core::Evidence>> evidence_of(const core::InstanceName& peer,
                                                                std::size_t limit) override {
    return filtered<core::Evidence>([&](const auto& row) { return row.peer == peer; }, limit);
  }
  [[nodiscard]] Result<std::vector<core::EvidenceAge>> evidence_ages(const core::EvidenceKey& after,
                                                                     std::size_t limit) override {
    std::vector<core::EvidenceAge> ages;
    const auto is_after = [&](const auto& row) { return row.key() > after; };
    for (const auto& row : filtered<core::Evidence>(is_after, limit)) {
      ages.push_back({row.key(), row.at});
    }
    return ages;
  }
  [[nodiscard]] Result<std::vector<core::InboxFrame>> inbox_frames(std::size_t limit) override {
    return sorted<core::InboxFrame>([](const auto& frame) { return !frame.is_parked; },
                                    [](const auto& frame) {
                                      return std::pair{frame.received_at, frame.id};
                                    },
                                    limit);
  }
  [[nodiscard]] Result<std::vector<core::Event>> signable_drafts(std::size_t limit) override {
    return sorted<core::Event>(
        [](const auto& event) { return is_draft(event) && event.draft_order > 0; },
        [](const auto& event) {
          return std::pair{event.conversation, event.draft_order};
        },
        limit);
  }
  [[nodiscard]] Result<std::vector<core::Event>> drafts_before(TimePoint before,
                                                               std::size_t limit) override {
    return sorted<core::Event>(
        [&](const auto& event) {
          return is_draft(event) && event.draft_order == 0 && event.time < before;
        },
        [](const auto& event) { return event.time; }, limit);
  }

  [[nodiscard]] Result<std::vector<core::Conversation>> conversations_of(
      const core::Address& person, std::int64_t before_n, std::size_t limit) override {
    return sorted<core::Conversation>(
        [&](const auto& row) {
          return is_listed(row.id, person) && (before_n == 0 || row.n < before_n);
        },
        [](const auto& row) { return -row.n; }, limit);
  }
  [[nodiscard]] Result<std::vector<core::Member>> members_of(
      const core::ConversationId& conversation) override {
    return filtered<core::Member>(
        [&](const auto& member) { return member.conversation == conversation; }, 1000);
  }
  [[nodiscard]] Result<std::vector<core::Event>> messages(const MessageRange& range) override {
    auto all = sorted<core::Event>(
        [&](const auto& event) {
          return event.conversation == range.conversation && is_seen(event, range.person);
        },
        [](const auto& event) { return display_place(event); }, 1000);
    std::vector<core::Event> page = std::move(all);
    const auto at = [&](const core::EventKey& key) {
      return std::ranges::find(page, key, &core::Event::key);
    };
    if (range.before) page.erase(at(*range.before), page.end());
    if (range.after && at(*range.after) != page.end()) {
      page.erase(page.begin(), at(*range.after) + 1);
    }
    if (page.size() <= range.limit) return page;
    const auto extra = static_cast<std::ptrdiff_t>(page.size() - range.limit);
    if (range.from_start || (range.after && !range.before)) {
      page.erase(page.end() - extra, page.end());
    } else {
      page.erase(page.begin(), page.begin() + extra);
    }
    return page;
  }
  [[nodiscard]] Result<std::vector<core::ContactRequest>> requests_of(const std::string& owner,
                                                                      bool only_open,
                                                                      std::int64_t before_n,
                                                                      std::size_t limit) override {
    return sorted<core::ContactRequest>(
        [&](const auto& row) {
          return row.owner == owner && (row.is_open || !only_open) &&
                 (before_n == 0 || row.n < before_n);
        },
        [](const auto& row) { return -row.n; }, limit);
  }
  [[nodiscard]] Result<std::vector<core::Consent>> consents_of(
      const std::string& owner, const std::optional<core::ConsentKey>& after,
      std::size_t limit) override {
    return filtered<core::Consent>(
        [&](const auto& row) { return row.owner == owner && (!after || row.key() > *after); },
        limit);
  }
  [[nodiscard]] Result<std::vector<core::Consent>> consents_of_type(const std::string& owner,
                                                                    core::ConsentType type,
                                                                    std::size_t limit) override {
    return filtered<core::Consent>(
        [&](const auto& row) { return row.owner == owner && row.type == type; }, limit);
  }
  /// Everything at once: pages are the business of store/.
  [[nodiscard]] Result<core::ChangePage> changes(const core::Address& person, std::int64_t after,
                                                 std::size_t) override {
    core::ChangePage page;
    page.upto = std::max(after, store_.last_n());
    const auto by_n = [](const auto& row) { return row.n; };
    const auto of = [&]<class Row>(std::vector<Row>& rows, const auto& is_theirs) {
      const auto is_wanted = [&](const Row& row) { return row.n > after && is_theirs(row); };
      rows = sorted<Row>(is_wanted, by_n, 1000);
    };
    of(page.conversations, [&](const auto& row) { return is_listed(row.id, person); });
    of(page.members, [&](const auto& row) { return is_listed(row.conversation, person); });
    of(page.events, [&](const auto& row) {
      return is_listed(row.conversation, person) && is_seen(row, person);
    });
    of(page.requests, [&](const auto& row) { return row.owner == person.local; });
    of(page.consents, [&](const auto& row) { return row.owner == person.local; });
    return page;
  }
  [[nodiscard]] Result<core::ChangePage> changes_in(
      const std::set<core::ConversationId>& conversations, const core::Address& person,
      std::int64_t after, std::int64_t upto, std::size_t) override {
    CPC_TRY(core::ChangePage page, changes(person, after, 0));
    const auto keep = [&](auto& rows, auto id) {
      std::erase_if(rows, [&](const auto& row) {
        return row.n > upto || !conversations.contains(std::invoke(id, row));
      });
    };
    keep(page.conversations, &core::Conversation::id);
    keep(page.members, &core::Member::conversation);
    keep(page.events, &core::Event::conversation);
    page.requests.clear();
    page.consents.clear();
    page.upto = upto;
    return page;
  }

  [[nodiscard]] Result<std::vector<core::Account>> accounts(const std::string& after,
                                                            std::size_t limit) override {
    return filtered<core::Account>([&](const auto& row) { return row.local > after; }, limit);
  }
  [[nodiscard]] Result<std::vector<core::Peer>> peers(std::size_t limit) override {
    return filtered<core::Peer>([](const auto&) { return true; }, limit);
  }
  [[nodiscard]] Result<std::vector<core::Directory>> directories(std::size_t limit) override {
    return filtered<core::Directory>([](const auto&) { return true; }, limit);
  }
  [[nodiscard]] Result<std::vector<core::DirectoryRecord>> directory_records(
      const core::DirectoryId& directory, std::int64_t after, std::size_t limit) override {
    return filtered<core::DirectoryRecord>(
        [&](const auto& row) { return row.directory == directory && row.version > after; }, limit);
  }
  [[nodiscard]] Result<std::int64_t> owed_count(const core::InstanceName& peer) override {
    std::int64_t count = 0;
    for (const auto& [key, lane] : store_.rows<core::Lane>()) {
      const bool is_counted = lane.peer == peer && lane.kind != core::LaneKind::receipts;
      if (is_counted && lane.head > lane.acked) count += lane.head.seq - lane.acked.seq;
    }
    return count;
  }

 private:
  static bool is_owing(const core::Lane& lane) {
    return lane.blocked.empty() && lane.head > lane.acked;
  }
  static bool is_draft(const core::Event& event) { return event.state == core::EventState::draft; }
  static bool is_seen(const core::Event& event, const core::Address& person) {
    const bool is_others = event.position.seq > 0 && !event.is_hidden;
    return event.type == "message.post" && (event.sender == person || is_others);
  }
  [[nodiscard]] bool is_listed(const core::ConversationId& id, const core::Address& person) const {
    const auto member = store_.row<core::Member>({id, person});
    return member && member->is_listed;
  }

  template <class Row, class Predicate>
  [[nodiscard]] std::vector<Row> filtered(const Predicate& is_wanted, std::size_t limit) const {
    std::vector<Row> rows;
    for (const auto& [key, row] : store_.rows<Row>()) {
      if (rows.size() < limit && is_wanted(row)) rows.push_back(row);
    }
    return rows;
  }
  template <class Row, class Predicate, class By>
  [[nodiscard]] std::vector<Row> sorted(const Predicate& is_wanted, const By& by,
                                        std::size_t limit) const {
    std::vector<Row> rows = filtered<Row>(is_wanted, static_cast<std::size_t>(-1));
    std::ranges::stable_sort(rows, {}, by);
    if (rows.size() > limit)
      rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(limit), rows.end());
    return rows;
  }

  const MemoryStore& store_;
};

}  // namespace

std::unique_ptr<core::Snapshot> snapshot_of(const MemoryStore& store) {
  return std::make_unique<MemorySnapshot>(store);
}

}  // namespace cpc::tests
