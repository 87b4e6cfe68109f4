// The ports of core/store.h have a find, put and erase per kind of row. These chains implement all
// of them out of three templates that `Derived` has: find_row<Row>(key), put_row<Row>(row) and
// erase_row<Row>(key).
#pragma once

#include "core/store.h"

namespace cpc::store {

template <class Derived, class Port, class... Rows>
class FindChain;

template <class Derived, class Port>
class FindChain<Derived, Port> : public Port {
 public:
  using Port::find;
};

template <class Derived, class Port, class Row, class... Rest>
class FindChain<Derived, Port, Row, Rest...> : public FindChain<Derived, Port, Rest...> {
 public:
  using FindChain<Derived, Port, Rest...>::find;
  [[nodiscard]] Result<std::optional<Row>> find(const typename Row::Key& key) override {
    return static_cast<Derived*>(this)->template find_row<Row>(key);
  }
};

template <class Derived, class Port, class... Rows>
class WriteChain;

template <class Derived, class Port>
class WriteChain<Derived, Port> : public Port {
 public:
  using Port::erase;
  using Port::put;
};

template <class Derived, class Port, class Row, class... Rest>
class WriteChain<Derived, Port, Row, Rest...> : public WriteChain<Derived, Port, Rest...> {
 public:
  using WriteChain<Derived, Port, Rest...>::put;
  using WriteChain<Derived, Port, Rest...>::erase;
  void put(Row row) override { static_cast<Derived*>(this)->put_row(std::move(row)); }
  void erase(const typename Row::Key& key) override {
    static_cast<Derived*>(this)->template erase_row<Row>(key);
  }
};

/// `Port` with every find implemented by `Derived`.
template <class Derived, class Port>
struct Finding {
  template <class... Rows>
  using Chain = FindChain<Derived, Port, Rows...>;
  using AllRows = core::ForAllRows<Chain>;
};

/// `Port` with every put and erase implemented by `Derived`.
template <class Derived, class Port>
struct Writing {
  template <class... Rows>
  using Chain = WriteChain<Derived, Port, Rows...>;
  using AllRows = core::ForAllRows<Chain>;
};

}  // namespace cpc::store
