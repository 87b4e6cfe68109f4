// The ports of core/store.h out of three templates of a class: look_up<Row>(key) and, for a
// Transaction, change<Row>(key, row). Only the .cc files of this folder expand these chains.
#pragma once

#include <optional>
#include <utility>

#include "core/store.h"

namespace cpc::tests {

/// Implements find for every kind of row out of `derived().look_up<Row>(key)`.
template <class Derived, class Port, class... Rows>
class Finding;
template <class Derived, class Port>
class Finding<Derived, Port> : public Port {
 public:
  using Port::find;
};
template <class Derived, class Port, class Row, class... Rest>
class Finding<Derived, Port, Row, Rest...> : public Finding<Derived, Port, Rest...> {
 public:
  using Finding<Derived, Port, Rest...>::find;
  [[nodiscard]] Result<std::optional<Row>> find(const typename Row::Key& key) override {
    return static_cast<Derived*>(this)->template look_up<Row>(key);
  }
};
template <class Derived, class Port>
struct FindingAll {
  template <class... Rows>
  using Chain = Finding<Derived, Port, Rows...>;
  using Type = core::ForAllRows<Chain>;
};

/// Implements put and erase out of `derived().change<Row>(key, row)`.
template <class Derived, class Port, class... Rows>
class Writing;
template <class Derived, class Port>
class Writing<Derived, Port> : public Port {
 public:
  using Port::erase;
  using Port::put;
};
template <class Derived, class Port, class Row, class... Rest>
class Writing<Derived, Port, Row, Rest...> : public Writing<Derived, Port, Rest...> {
 public:
  using Writing<Derived, Port, Rest...>::put;
  using Writing<Derived, Port, Rest...>::erase;
  void put(Row row) override {
    const auto key = row.key();
    static_cast<Derived*>(this)->template change<Row>(key, std::move(row));
  }
  void erase(const typename Row::Key& key) override {
    static_cast<Derived*>(this)->template change<Row>(key, std::nullopt);
  }
};
template <class Derived, class Port>
struct WritingAll {
  template <class... Rows>
  using Chain = Writing<Derived, Port, Rows...>;
  using Type = core::ForAllRows<Chain>;
};

}  // namespace cpc::tests
