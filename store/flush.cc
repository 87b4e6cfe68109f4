#include "store/flush.h"

#include <algorithm>
#include <map>

#include "store/owner_sql.h"

namespace cpc::store {
namespace {

/// A row that gets a number, and the change it is numbered by.
struct Numbered {
  std::uint64_t order;
  std::int64_t* n;
};

void give_numbers(std::vector<Numbered>& rows, std::int64_t& last_n) {
  std::sort(rows.begin(), rows.end(),
            [](const Numbered& a, const Numbered& b) { return a.order < b.order; });
  for (const Numbered& row : rows) *row.n = ++last_n;
}

/// A put of what the store has already, or the erasure of what it has not, is no change.
void drop_unchanged(Batch& batch) {
  AllRows::each([&]<class Row>() {
    std::erase_if(batch.changes.of<Row>(), [&](const auto& entry) {
      const auto& [key, change] = entry;
      const auto found = batch.loaded.of<Row>().find(key);
      const std::optional<Row>* stored =
          found != batch.loaded.of<Row>().end() ? &found->second : batch.caches.of<Row>().peek(key);
      if (stored == nullptr || stored->has_value() != change.row.has_value()) return false;
      return !change.row.has_value() || is_same(**stored, *change.row);
    });
  });
}

/// Conversations in which something changed, with the last change in each.
std::map<core::ConversationId, std::uint64_t> changed_conversations(const Batch& batch) {
  std::map<core::ConversationId, std::uint64_t> changed;
  const auto note = [&](const auto& changes) {
    for (const auto& [key, change] : changes) {
      auto& order = changed[key.conversation];
      order = std::max(order, change.order);
    }
  };
  note(batch.changes.of<core::Event>());
  note(batch.changes.of<core::Member>());
  return changed;
}

/// Adds the rows of changed conversations that no closure put, so that they get a new n too.
Result<> add_conversations(Batch& batch) {
  const auto changed = changed_conversations(batch);
  auto& conversations = batch.changes.of<core::Conversation>();
  std::vector<core::ConversationKey> missing;
  for (const auto& [id, order] : changed) {
    const core::ConversationKey key{id};
    if (conversations.contains(key) || batch.loaded.of<core::Conversation>().contains(key))
      continue;
    if (batch.caches.of<core::Conversation>().find(key) == nullptr) missing.push_back(key);
  }
  CPC_TRY(batch.load<core::Conversation>(missing));
  for (const auto& [id, order] : changed) {
    const core::ConversationKey key{id};
    if (const auto put = conversations.find(key); put != conversations.end()) {
      put->second.order = std::max(put->second.order, order);
      continue;
    }
    const auto loaded = batch.loaded.of<core::Conversation>().find(key);
    const auto* stored = loaded != batch.loaded.of<core::Conversation>().end()
                             ? &loaded->second
                             : batch.caches.of<core::Conversation>().peek(key);
    if (stored != nullptr && stored->has_value())
      conversations.emplace(key, Change<core::Conversation>{*stored, order});
  }
  return success();
}

/// What is inside of conversations first, then the conversations, so that theirs is the highest n.
void number_rows(Batch& batch, std::int64_t& last_n) {
  std::vector<Numbered> rows, conversations;
  AllRows::each([&]<class Row>() {
    if constexpr (Visible<Row>) {
      auto& target = std::is_same_v<Row, core::Conversation> ? conversations : rows;
      for (auto& [key, change] : batch.changes.of<Row>()) {
        if (change.row) target.push_back({change.order, &change.row->n});
      }
    }
  });
  give_numbers(rows, last_n);
  give_numbers(conversations, last_n);
}

/// The changes of one table in the order in which they were made.
template <class Row>
void write_table(const Changes<Row>& changes, TableWrites<Row>& writes) {
  std::vector<const typename Changes<Row>::value_type*> ordered;
  ordered.reserve(changes.size());
  for (const auto& entry : changes) ordered.push_back(&entry);
  std::sort(ordered.begin(), ordered.end(),
            [](const auto* a, const auto* b) { return a->second.order < b->second.order; });
  for (const auto* entry : ordered) {
    const auto& [key, change] = *entry;
    if (change.row) {
      writes.upserts.push_back(row_to_sql(*change.row));
    } else {
      writes.erases.push_back(key_to_sql<Row>(key));
    }
  }
}

}  // namespace

Result<Flush> prepare_flush(Batch& batch, const Tally& before) {
  drop_unchanged(batch);
  CPC_TRY(add_conversations(batch));
  Flush flush;
  flush.after = before;
  ++flush.after.batch;
  number_rows(batch, flush.after.last_n);
  AllRows::each([&]<class Row>() {
    auto& writes = flush.writes.of<Row>();
    write_table<Row>(batch.changes.of<Row>(), writes);
    flush.rows += static_cast<std::int64_t>(writes.upserts.size() + writes.erases.size());
  });
  return flush;
}

Result<Written> write_flush(Connection& store, const Flush& flush) {
  const SqlRow tally{flush.after.batch, flush.after.last_n, Blob{flush.after.fence.bytes()}};
  CPC_TRY(const std::int64_t ours, store.execute(sql::owner_count_batch, tally));
  if (ours != 1) return Written::fenced;
  CPC_TRY(AllRows::try_each([&]<class Row>() -> Result<> {
    const auto& writes = flush.writes.of<Row>();
    if (!writes.upserts.empty()) {
      CPC_TRY(store.upsert_all(table_of<Row>(), writes.upserts));
    }
    if (!writes.erases.empty()) {
      CPC_TRY(store.erase_all(table_of<Row>(), writes.erases));
    }
    return success();
  }));
  return Written::yes;
}

void remember_flush(Batch& batch) {
  AllRows::each([&]<class Row>() {
    auto& cache = batch.caches.of<Row>();
    if (!cache.keeps_rows()) return;
    for (auto& [key, row] : batch.loaded.of<Row>()) cache.put(key, std::move(row));
    for (auto& [key, change] : batch.changes.of<Row>()) {
      if constexpr (Visible<Row>) {
        if (change.row) change.row->n = 0;
      }
      cache.put(key, std::move(change.row));
    }
  });
}

namespace {

Result<Tally> read_tally(Connection& store) {
  Tally tally;
  bool found = false;
  CPC_TRY(store.query(sql::owner_tally, {}, [&](SqlRow& row) -> Result<> {
    found = row.size() == 3 && decode("fence", row[0], tally.fence) &&
            decode("batch", row[1], tally.batch) && decode("last_n", row[2], tally.last_n);
    return success();
  }));
  if (!found) return fail(ErrorCode::unavailable, "the store has lost its owner row");
  return tally;
}

}  // namespace

Result<Tally> read_settled_tally(Connection& store) {
  CPC_TRY(store.begin(Access::write));
  auto tally = [&]() -> Result<Tally> {
    CPC_TRY(store.execute(sql::owner_lock, {}));
    return read_tally(store);
  }();
  // Nothing was written; but what holds the row for us must let it go.
  if (const auto ended = store.rollback(); !ended && tally) tally = ended.error();
  return tally;
}

}  // namespace cpc::store
