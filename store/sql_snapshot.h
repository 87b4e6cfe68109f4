// core::Snapshot over one connection that is inside a read transaction. Made by Reader only.
//
// Nothing changes inside a transaction, so the rows that views ask for again and again are read
// once: accounts, conversations and members are remembered.
#pragma once

#include <algorithm>
#include <map>
#include <tuple>

#include "store/record.h"
#include "store/row_ports.h"
#include "store/snapshot.h"

namespace cpc::store {

class SqlSnapshot final : public Finding<SqlSnapshot, core::Snapshot>::AllRows {
 public:
  explicit SqlSnapshot(Connection& store) : store_(store) {}

  template <class Row>
  [[nodiscard]] Result<std::optional<Row>> find_row(const typename Row::Key& key) {
    if constexpr (is_remembered<Row>) {
      const auto known = seen<Row>().find(key);
      if (known != seen<Row>().end()) return known->second;
    }
    std::optional<Row> found;
    const SqlRow sql_key = key_to_sql<Row>(key);
    CPC_TRY(store_.find_all(table_of<Row>(), {&sql_key, 1}, [&](SqlRow& sql) -> Result<> {
      CPC_TRY(found, row_from_sql<Row>(sql));
      return success();
    }));
    if constexpr (is_remembered<Row>) remember<Row>(key, found);
    return found;
  }

  Result<std::int64_t> last_n() override;

  Result<std::vector<core::InstanceName>> owing_peers() override;
  Result<std::vector<core::Lane>> owing_lanes(const core::InstanceName& peer,
                                              std::size_t limit) override;
  Result<std::vector<core::Lane>> lanes_of(const core::InstanceName& peer,
                                           std::size_t limit) override;
  Result<std::optional<core::InstanceName>> next_hub(const core::InstanceName& after) override;
  Result<std::vector<core::Conversation>> copies_of(const core::InstanceName& hub,
                                                    const core::ConversationId& after,
                                                    std::size_t limit) override;
  Result<std::vector<core::Event>> entries_after(const core::ConversationId& conversation,
                                                 core::Position after, std::size_t limit) override;
  Result<std::vector<core::Event>> submissions_after(const core::ConversationId& conversation,
                                                     std::int64_t after,
                                                     std::size_t limit) override;
  Result<std::vector<core::Frame>> frames_after(const core::InstanceName& peer, std::int64_t after,
                                                std::size_t limit) override;
  Result<std::vector<core::Evidence>> evidence_of(const core::InstanceName& peer,
                                                  std::size_t limit) override;

  Result<std::vector<core::EvidenceAge>> evidence_ages(const core::EvidenceKey& after,
                                                       std::size_t limit) override;
  Result<std::vector<core::InboxFrame>> inbox_frames(std::size_t limit) override;
  Result<std::vector<core::Event>> signable_drafts(std::size_t limit) override;
  Result<std::vector<core::Event>> drafts_before(TimePoint before, std::size_t limit) override;

  Result<std::vector<core::Conversation>> conversations_of(const core::Address& person,
                                                           std::int64_t before_n,
                                                           std::size_t limit) override;
  Result<std::vector<core::Member>> members_of(const core::ConversationId& conversation) override;
  Result<std::vector<core::Event>> messages(const MessageRange& range) override;
  Result<std::vector<core::ContactRequest>> requests_of(const std::string& owner, bool only_open,
                                                        std::int64_t before_n,
                                                        std::size_t limit) override;
  Result<std::vector<core::Consent>> consents_of(const std::string& owner,
                                                 const std::optional<core::ConsentKey>& after,
                                                 std::size_t limit) override;
  Result<std::vector<core::Consent>> consents_of_type(const std::string& owner,
                                                      core::ConsentType type,
                                                      std::size_t limit) override;
  Result<core::ChangePage> changes(const core::Address& person, std::int64_t after,
                                   std::size_t limit) override;
  Result<core::ChangePage> changes_in(const std::set<core::ConversationId>& conversations,
                                      const core::Address& person, std::int64_t after,
                                      std::int64_t upto, std::size_t limit) override;

  Result<std::vector<core::Account>> accounts(const std::string& after, std::size_t limit) override;
  Result<std::vector<core::Peer>> peers(std::size_t limit) override;
  Result<std::vector<core::Directory>> directories(std::size_t limit) override;
  Result<std::vector<core::DirectoryRecord>> directory_records(const core::DirectoryId& directory,
                                                               std::int64_t after,
                                                               std::size_t limit) override;
  Result<std::int64_t> owed_count(const core::InstanceName& peer) override;

 private:
  static std::int64_t bounded(std::size_t limit) {
    return static_cast<std::int64_t>(std::min(limit, range_rows_max));
  }

  /// Rows of one kind; `tail` is a constant of snapshot_sql.h.
  template <class Row>
  [[nodiscard]] Result<std::vector<Row>> range(const char* tail, const SqlRow& parameters) {
    std::vector<Row> rows;
    CPC_TRY(store_.query(table_of<Row>().select + tail, parameters, [&](SqlRow& sql) -> Result<> {
      CPC_TRY(auto row, row_from_sql<Row>(sql));
      if constexpr (is_remembered<Row>) remember<Row>(row.key(), row);
      rows.push_back(std::move(row));
      return success();
    }));
    return rows;
  }

  [[nodiscard]] Result<std::int64_t> number(const char* sql, const SqlRow& parameters);

  template <class Row>
  static constexpr bool is_remembered =
      std::is_same_v<Row, core::Account> || std::is_same_v<Row, core::Conversation> ||
      std::is_same_v<Row, core::Member>;
  static constexpr std::size_t remembered_max = 2048;  ///< Of each kind; then it starts anew.

  template <class Row>
  using Seen = std::map<typename Row::Key, std::optional<Row>>;
  template <class Row>
  [[nodiscard]] Seen<Row>& seen() {
    return std::get<Seen<Row>>(seen_);
  }
  template <class Row>
  void remember(const typename Row::Key& key, const std::optional<Row>& row) {
    if (seen<Row>().size() >= remembered_max) seen<Row>().clear();
    seen<Row>().insert_or_assign(key, row);
  }

  Connection& store_;
  std::tuple<Seen<core::Account>, Seen<core::Conversation>, Seen<core::Member>> seen_;
};

}  // namespace cpc::store
