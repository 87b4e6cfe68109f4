// Rows as the store last had them, by key: a bounded memory, least recently used dropped first.
//
// "There is no such row" is remembered too. True only because one daemon owns the store and the
// gate puts in nothing that is not committed.
#pragma once

#include <list>
#include <optional>
#include <unordered_map>

#include "store/record.h"

namespace cpc::store {

template <class Row>
class LruCache {
 public:
  using Key = typename Row::Key;
  using Known = std::optional<Row>;  ///< nullopt: known to be absent.

  /// At most `rows_max` rows; 0 keeps nothing.
  explicit LruCache(std::size_t rows_max = 0) : rows_max_(rows_max) {}

  /// Null when the cache cannot tell. Makes the row the most recently used one. Valid until the
  /// next put() or clear().
  [[nodiscard]] const Known* find(const Key& key) {
    const auto place = places_.find(key);
    if (place == places_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, place->second);
    return &place->second->second;
  }

  /// The same without being a use.
  [[nodiscard]] const Known* peek(const Key& key) const {
    const auto place = places_.find(key);
    return place == places_.end() ? nullptr : &place->second->second;
  }

  void put(const Key& key, Known row) {
    if (rows_max_ == 0) return;
    const auto place = places_.find(key);
    if (place != places_.end()) {
      place->second->second = std::move(row);
      entries_.splice(entries_.begin(), entries_, place->second);
      return;
    }
    entries_.emplace_front(key, std::move(row));
    places_.emplace(key, entries_.begin());
    if (entries_.size() > rows_max_) {
      places_.erase(entries_.back().first);
      entries_.pop_back();
    }
  }

  void clear() {
    places_.clear();
    entries_.clear();
  }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] bool keeps_rows() const { return rows_max_ != 0; }

 private:
  using Entries = std::list<std::pair<Key, Known>>;
  std::size_t rows_max_;
  Entries entries_;  ///< Most recently used first.
  std::unordered_map<Key, typename Entries::iterator, KeyHash<Row>> places_;
};

}  // namespace cpc::store
