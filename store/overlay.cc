#include "store/overlay.h"

#include <algorithm>
#include <exception>

namespace cpc::store {
namespace {

/// Keys of one kind, without those that are known already and without repetitions.
template <class Row>
using WantedKeys = std::vector<typename Row::Key>;
using AllWantedKeys = PartsOf<WantedKeys>::All;

template <class... Rows>
struct SortKeys {
  static void into(AllWantedKeys& wanted, const core::Keys& keys) {
    for (const core::AnyKey& any : keys) {
      (void)((add<Rows>(wanted, any)) || ...);
    }
  }
  template <class Row>
  static bool add(AllWantedKeys& wanted, const core::AnyKey& any) {
    const auto* key = std::get_if<typename Row::Key>(&any);
    if (key != nullptr) wanted.of<Row>().push_back(*key);
    return key != nullptr;
  }
};

}  // namespace

Caches make_caches(const CacheLimits& limits) {
  Caches caches;
  const auto keep = [&]<class Row>(std::size_t rows_max) {
    caches.of<Row>() = LruCache<Row>{rows_max};
  };
  keep.operator()<core::Account>(limits.accounts_max);
  keep.operator()<core::Conversation>(limits.conversations_max);
  keep.operator()<core::ConversationByPair>(limits.conversations_max);
  keep.operator()<core::ConversationByWire>(limits.conversations_max);
  keep.operator()<core::Member>(limits.members_max);
  keep.operator()<core::Consent>(limits.consents_max);
  keep.operator()<core::Projection>(limits.projections_max);
  keep.operator()<core::Peer>(limits.peers_max);
  keep.operator()<core::Lane>(limits.lanes_max);
  keep.operator()<core::InLane>(limits.lanes_max);
  return caches;
}

Result<> Batch::prefetch(const core::Keys& keys) {
  AllWantedKeys wanted;
  core::ForAllRows<SortKeys>::into(wanted, keys);
  return AllRows::try_each([&]<class Row>() -> Result<> {
    auto& missing = wanted.of<Row>();
    std::sort(missing.begin(), missing.end());
    missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
    std::erase_if(missing, [&](const auto& key) {
      return loaded.of<Row>().contains(key) || caches.of<Row>().peek(key) != nullptr;
    });
    return load<Row>(missing);
  });
}

Result<> run_closure(Batch& batch, const core::Closure& closure) {
  Overlay overlay{batch};
  Result<> result = success();
  try {
    result = closure(overlay);
  } catch (const std::exception& error) {
    result = fail(ErrorCode::internal, std::string{"a closure threw: "} + error.what());
  }
  if (result) overlay.merge();
  return result;
}

void Overlay::merge() {
  AllRows::each([&]<class Row>() {
    for (auto& [key, change] : changes_.of<Row>()) {
      batch_.changes.of<Row>().insert_or_assign(key, std::move(change));
    }
  });
  batch_.touched.merge(touched_);
}

}  // namespace cpc::store
