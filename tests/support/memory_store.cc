#include "tests/support/memory_store.h"

#include <algorithm>

#include "tests/support/memory_ports.h"

namespace cpc::tests {
namespace {

/// A row put, or erased (nullopt), in the order of changes.
template <class Row>
struct Change {
  std::optional<Row> row;
  std::int64_t order = 0;
};
template <class Row>
using Changes = std::map<typename Row::Key, Change<Row>>;

template <class... Rows>
struct ChangesOf {
  std::tuple<Changes<Rows>...> all;
  template <class Row>
  [[nodiscard]] Changes<Row>& of() {
    return std::get<Changes<Row>>(all);
  }
  template <class Visitor>
  void each(const Visitor& visitor) {
    (visitor.template operator()<Rows>(of<Rows>()), ...);
  }
};
using AllChanges = core::ForAllRows<ChangesOf>;

template <class Row>
concept Visible = requires(Row row) {
  row.n;
};

/// What one closure sees: the committed tables under its own changes.
class MemoryTransaction final
    : public WritingAll<MemoryTransaction,
                        FindingAll<MemoryTransaction, core::Transaction>::Type>::Type {
 public:
  explicit MemoryTransaction(const Tables& committed) : committed_(committed) {}

  [[nodiscard]] core::Touched& touched() override { return touched_; }
  [[nodiscard]] AllChanges& changes() { return changes_; }

  template <class Row>
  [[nodiscard]] Result<std::optional<Row>> look_up(const typename Row::Key& key) {
    const auto& changed = changes_.of<Row>();
    if (const auto found = changed.find(key); found != changed.end()) return found->second.row;
    const auto& rows = committed_.of<Row>();
    const auto found = rows.find(key);
    if (found == rows.end()) return std::optional<Row>{};
    std::optional<Row> row{found->second};
    if constexpr (Visible<Row>) row->n = 0;
    return row;
  }
  template <class Row>
  void change(const typename Row::Key& key, std::optional<Row> row) {
    changes_.of<Row>()[key] = {std::move(row), ++order_};
  }

 private:
  const Tables& committed_;
  AllChanges changes_;
  core::Touched touched_;
  std::int64_t order_ = 0;
};

/// One durable commit: numbers the visible rows, then moves the changes into the tables.
class Commit {
 public:
  Commit(Tables& tables, std::int64_t& last_n) : tables_(tables), last_n_(last_n) {}

  void apply(AllChanges& changes) {
    add_conversations(changes);
    std::vector<Numbered> rows;
    std::vector<Numbered> conversations;
    changes.each([&]<class Row>(Changes<Row>& of) {
      if constexpr (Visible<Row>) {
        auto& target = std::is_same_v<Row, core::Conversation> ? conversations : rows;
        for (auto& [key, change] : of) {
          if (change.row) target.push_back({change.order, &change.row->n});
        }
      }
    });
    number(rows);
    number(conversations);
    changes.each([&]<class Row>(Changes<Row>& of) {
      for (auto& [key, change] : of) {
        if (change.row) {
          tables_.of<Row>().insert_or_assign(key, *std::move(change.row));
        } else {
          tables_.of<Row>().erase(key);
        }
      }
    });
  }

 private:
  struct Numbered {
    std::int64_t order;
    std::int64_t* n;
  };
  void number(std::vector<Numbered>& rows) {
    std::ranges::sort(rows, {}, &Numbered::order);
    for (const Numbered& row : rows) *row.n = ++last_n_;
  }

  // A conversation changes with anything in it, and gets the highest n of what is in it.
  void add_conversations(AllChanges& changes) {
    auto& conversations = changes.of<core::Conversation>();
    const auto note = [&](const auto& inside) {
      for (const auto& [key, change] : inside) {
        const core::ConversationKey of{key.conversation};
        const auto stored = tables_.of<core::Conversation>().find(of);
        if (!conversations.contains(of) && stored != tables_.of<core::Conversation>().end()) {
          conversations[of] = {stored->second, change.order};
        }
        if (const auto put = conversations.find(of); put != conversations.end()) {
          put->second.order = std::max(put->second.order, change.order);
        }
      }
    };
    note(changes.of<core::Event>());
    note(changes.of<core::Member>());
  }

  Tables& tables_;
  std::int64_t& last_n_;
};

}  // namespace

Result<core::Committed> MemoryStore::transact(const core::Closure& closure) {
  if (runs_twice) {
    MemoryTransaction dropped{tables_};
    static_cast<void>(closure(dropped));  // The run that counts tells.
  }
  MemoryTransaction tx{tables_};
  CPC_TRY(closure(tx));
  Commit{tables_, last_n_}.apply(tx.changes());
  touched_.merge(tx.touched());
  return core::Committed{last_n_, tx.touched()};
}

}  // namespace cpc::tests
