#include "tests/sim/planted.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>

#include "core/records.h"
#include "store/record.h"
#include "store/record_map.h"
#include "store/table.h"
#include "tests/support/forwarding_connection.h"

namespace cpc::sim {
namespace {

using namespace std::chrono_literals;
using store::SqlRow;
using store::Table;
using tests::ForwardingConnection;

/// A key's values as one text, to find a row by.
std::string key_of(const Table& table, const SqlRow& row) {
  std::string key;
  for (std::size_t i = 0; i < table.key_columns; ++i) {
    if (const auto* text = std::get_if<std::string>(&row[i])) key += *text;
    if (const auto* blob = std::get_if<store::Blob>(&row[i])) key += blob->octets;
    if (const auto* number = std::get_if<std::int64_t>(&row[i])) key += std::to_string(*number);
    key += '\n';
  }
  return key;
}

/// What was about to be written as done for a client is seen as done, committed or not.
class CacheBeforeCommit final : public ForwardingConnection {
 public:
  using ForwardingConnection::ForwardingConnection;
  Result<> upsert_all(const Table& table, std::span<const SqlRow> rows) override {
    if (table.name == "idempotency") {
      for (const SqlRow& row : rows) seen_[key_of(table, row)] = row;
    }
    return ForwardingConnection::upsert_all(table, rows);
  }
  Result<> find_all(const Table& table, std::span<const SqlRow> keys,
                    const store::EachRow& each) override {
    if (table.name != "idempotency") return ForwardingConnection::find_all(table, keys, each);
    std::set<std::string> stored;
    CPC_TRY(ForwardingConnection::find_all(table, keys, [&](SqlRow& row) -> Result<> {
      stored.insert(key_of(table, row));
      return each(row);
    }));
    for (const SqlRow& key : keys) {
      const auto found = seen_.find(key_of(table, key));
      if (found == seen_.end() || stored.contains(found->first)) continue;
      SqlRow row = found->second;
      CPC_TRY(each(row));
    }
    return success();
  }

 private:
  std::map<std::string, SqlRow> seen_;
};

class ConsentOutside final : public ForwardingConnection {
 public:
  ConsentOutside(std::unique_ptr<store::Connection> inner, tests::VirtualTimers& timers)
      : ForwardingConnection(std::move(inner)), timers_(timers) {}
  Result<> find_all(const Table& table, std::span<const SqlRow> keys,
                    const store::EachRow& each) override {
    if (table.name != "consents") return ForwardingConnection::find_all(table, keys, each);
    return ForwardingConnection::find_all(table, keys, [&](SqlRow& row) -> Result<> {
      const std::string key = key_of(table, row);
      if (is_granted(table, row)) granted_[key] = {row, timers_.steady_now()};
      const auto before = granted_.find(key);
      const bool is_near =
          before != granted_.end() && timers_.steady_now() < before->second.at + 60s;
      if (!is_near) return each(row);
      SqlRow stale = before->second.row;  // A withdrawal is not seen yet.
      return each(stale);
    });
  }

 private:
  struct Read {
    SqlRow row;
    routing::SteadyPoint at{};
  };
  static bool is_granted(const Table& table, const SqlRow& row) {
    const auto column = std::ranges::find(table.columns, "state", &store::Column::name);
    const auto at = static_cast<std::size_t>(column - table.columns.begin());
    return std::get<std::int64_t>(row[at]) == static_cast<int>(core::ConsentState::granted);
  }
  tests::VirtualTimers& timers_;
  std::map<std::string, Read> granted_;
};

class AuthorForgotten final : public ForwardingConnection {
 public:
  AuthorForgotten(std::unique_ptr<store::Connection> inner, std::shared_ptr<OwnChanges> changes)
      : ForwardingConnection(std::move(inner)), changes_(std::move(changes)) {}
  Result<> upsert_all(const Table& table, std::span<const SqlRow> rows) override {
    if (table.name == "events") {
      for (SqlRow row : rows) {
        CPC_TRY(const auto event, store::row_from_sql<core::Event>(row));
        const bool is_new = known_.insert(event.id).second;
        if (event.sender && !is_new) changes_->insert({*event.sender, event.conversation});
      }
    }
    return ForwardingConnection::upsert_all(table, rows);
  }

 private:
  std::shared_ptr<OwnChanges> changes_;
  std::set<core::EventId> known_;
};

class CopyBehind final : public ForwardingConnection {
 public:
  using ForwardingConnection::ForwardingConnection;
  Result<> upsert_all(const Table& table, std::span<const SqlRow> rows) override {
    if (table.name != "lanes") return ForwardingConnection::upsert_all(table, rows);
    std::vector<SqlRow> lies;
    for (SqlRow row : rows) {
      CPC_TRY(core::Lane lane, store::row_from_sql<core::Lane>(row));
      const bool is_log = lane.kind == core::LaneKind::log && lane.head.seq > 3;
      if (is_log && ++count_ % 5 == 0) lane.acked = lane.head;
      lies.push_back(store::row_to_sql(lane));
    }
    return ForwardingConnection::upsert_all(table, lies);
  }

 private:
  std::size_t count_ = 0;
};

/// Passes on, whatever the plant.
class ForwardingExchange : public routing::PeerExchange {
 public:
  explicit ForwardingExchange(routing::PeerExchange& inner) : inner_(inner) {}
  Task<> greet(core::InstanceName peer) override { return inner_.greet(std::move(peer)); }
  Task<core::Answer> deliver(core::InstanceName peer, core::Batch batch) override {
    return inner_.deliver(std::move(peer), std::move(batch));
  }
  core::DeliveryLimits limits_of(const core::InstanceName& peer,
                                 core::DeliveryLimits ours) const override {
    return inner_.limits_of(peer, ours);
  }

 private:
  routing::PeerExchange& inner_;
};

class LaneBlocked final : public ForwardingExchange {
 public:
  using ForwardingExchange::ForwardingExchange;
  Task<core::Answer> deliver(core::InstanceName peer, core::Batch batch) override {
    Result<core::Answer> answer =
        co_await ForwardingExchange::deliver(std::move(peer), std::move(batch));
    if (!answer) co_return answer;
    const bool is_wrong = ++count_ % 20 == 0 && !answer.value().lanes.empty();
    if (is_wrong) answer.value().lanes.back().verdict = core::LaneVerdict::fork;
    co_return answer;
  }

 private:
  std::size_t count_ = 0;
};

/// Hands over what was submitted in the opposite order.
class OrderAfterRestart final : public ForwardingExchange {
 public:
  using ForwardingExchange::ForwardingExchange;
  Task<core::Answer> deliver(core::InstanceName peer, core::Batch batch) override {
    for (auto& part : batch.submissions) {
      std::reverse(part.items.begin(), part.items.end());
      std::reverse(part.keys.begin(), part.keys.end());
    }
    return ForwardingExchange::deliver(std::move(peer), std::move(batch));
  }
};

}  // namespace

std::optional<PlantedBug> planted_bug(std::string_view name) {
  static constexpr std::array bugs{
      PlantedBug{"acknowledged-before-commit", Plant::acknowledged_before_commit, "I1"},
      PlantedBug{"cache-before-commit", Plant::cache_before_commit, "I1"},
      PlantedBug{"author-forgotten", Plant::author_forgotten, "I1 never told"},
      PlantedBug{"gap-untold", Plant::gap_untold, "I1"},
      PlantedBug{"no-deduplication", Plant::no_deduplication, "I2"},
      PlantedBug{"order-after-restart", Plant::order_after_restart, "I3"},
      PlantedBug{"consent-outside", Plant::consent_outside, "I5"},
      PlantedBug{"copy-behind", Plant::copy_behind, "I6"},
      PlantedBug{"lost-wake-up", Plant::lost_wake_up, "I7"},
      PlantedBug{"lane-blocked", Plant::lane_blocked, "I7"},
      PlantedBug{"refused-yet-stored", Plant::refused_yet_stored, "I12"},
      PlantedBug{"chance-outside", Plant::chance_outside, "I13"}};
  const auto* const found = std::ranges::find(bugs, name, &PlantedBug::name);
  if (found == bugs.end()) return std::nullopt;
  return *found;
}

std::unique_ptr<store::Connection> planted_around(std::unique_ptr<store::Connection> inner,
                                                  Plant plant, tests::VirtualTimers& timers,
                                                  std::shared_ptr<OwnChanges> own_changes) {
  if (plant == Plant::cache_before_commit) {
    return std::make_unique<CacheBeforeCommit>(std::move(inner));
  }
  if (plant == Plant::consent_outside) {
    return std::make_unique<ConsentOutside>(std::move(inner), timers);
  }
  if (plant == Plant::author_forgotten) {
    return std::make_unique<AuthorForgotten>(std::move(inner), std::move(own_changes));
  }
  if (plant == Plant::copy_behind) return std::make_unique<CopyBehind>(std::move(inner));
  return inner;
}

void forget_some(core::Committed& committed, Plant plant, OwnChanges& own_changes, Dice& dice) {
  if (plant == Plant::gap_untold) committed.has_gap = false;
  if (plant == Plant::lost_wake_up && dice.chance(300)) {
    committed.touched.peers.clear();
    committed.touched.drafts = false;
    committed.touched.inbox = false;
  }
  for (const auto& [author, conversation] : std::exchange(own_changes, {})) {
    const auto account = committed.touched.accounts.find(author.local);
    if (account == committed.touched.accounts.end()) continue;
    account->second.conversations.erase(conversation);
    if (account->second.is_empty()) committed.touched.accounts.erase(account);
  }
}

std::unique_ptr<routing::PeerExchange> planted_before(routing::PeerExchange& inner, Plant plant,
                                                      std::size_t lives) {
  if (plant == Plant::lane_blocked) return std::make_unique<LaneBlocked>(inner);
  if (plant != Plant::order_after_restart || lives == 1) return nullptr;
  return std::make_unique<OrderAfterRestart>(inner);
}

}  // namespace cpc::sim
