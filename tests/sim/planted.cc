#include "tests/sim/planted.h"

#include <algorithm>
#include <map>
#include <string>

#include "core/records.h"
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

class CacheBeforeCommit final : public ForwardingConnection {
 public:
  using ForwardingConnection::ForwardingConnection;
  Result<> upsert_all(const Table& table, std::span<const SqlRow> rows) override {
    for (const SqlRow& row : rows) seen_[table.name][key_of(table, row)] = row;
    return ForwardingConnection::upsert_all(table, rows);
  }
  Result<> find_all(const Table& table, std::span<const SqlRow> keys,
                    const store::EachRow& each) override {
    if (table.name != "idempotency") return ForwardingConnection::find_all(table, keys, each);
    for (const SqlRow& key : keys) {
      const auto found = seen_[table.name].find(key_of(table, key));
      if (found == seen_[table.name].end()) continue;
      SqlRow row = found->second;
      CPC_TRY(each(row));
    }
    return success();
  }

 private:
  std::map<std::string, std::map<std::string, SqlRow>> seen_;
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

/// Hands over what was submitted in the opposite order.
class OrderAfterRestart final : public routing::PeerExchange {
 public:
  explicit OrderAfterRestart(routing::PeerExchange& inner) : inner_(inner) {}
  Task<> greet(core::InstanceName peer) override { return inner_.greet(std::move(peer)); }
  Task<core::Answer> deliver(core::InstanceName peer, core::Batch batch) override {
    for (auto& part : batch.submissions) {
      std::reverse(part.items.begin(), part.items.end());
      std::reverse(part.keys.begin(), part.keys.end());
    }
    return inner_.deliver(std::move(peer), std::move(batch));
  }
  core::DeliveryLimits limits_of(const core::InstanceName& peer,
                                 core::DeliveryLimits ours) const override {
    return inner_.limits_of(peer, ours);
  }

 private:
  routing::PeerExchange& inner_;
};

}  // namespace

std::optional<Plant> plant_named(std::string_view name) {
  static const std::map<std::string_view, Plant> plants{
      {"acknowledged-before-commit", Plant::acknowledged_before_commit},
      {"no-deduplication", Plant::no_deduplication},
      {"consent-outside", Plant::consent_outside},
      {"lost-wake-up", Plant::lost_wake_up},
      {"cache-before-commit", Plant::cache_before_commit},
      {"refused-yet-stored", Plant::refused_yet_stored},
      {"order-after-restart", Plant::order_after_restart}};
  const auto found = plants.find(name);
  if (found == plants.end()) return std::nullopt;
  return found->second;
}

std::unique_ptr<store::Connection> planted_around(std::unique_ptr<store::Connection> inner,
                                                  Plant plant, tests::VirtualTimers& timers) {
  if (plant == Plant::cache_before_commit) {
    return std::make_unique<CacheBeforeCommit>(std::move(inner));
  }
  if (plant == Plant::consent_outside) {
    return std::make_unique<ConsentOutside>(std::move(inner), timers);
  }
  return inner;
}

std::unique_ptr<routing::PeerExchange> planted_before(routing::PeerExchange& inner) {
  return std::make_unique<OrderAfterRestart>(inner);
}

}  // namespace cpc::sim
