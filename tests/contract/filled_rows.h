// A row of any kind with every field filled, made from a number: what a round trip needs.
#pragma once

#include "store/record.h"
#include "tests/contract/store_contract.h"

namespace cpc::contract {

/// Each call of fill() writes another value; two fillers with the same start write the same.
class Filler {
 public:
  explicit Filler(std::uint64_t start, bool fills_optional) : next_(start), full_(fills_optional) {}

  void fill(std::int64_t& value) { value = static_cast<std::int64_t>(next_++); }
  void fill(bool& value) { value = (next_++ & 1) != 0; }
  void fill(TimePoint& value) { value = from_milliseconds(static_cast<std::int64_t>(next_++)); }
  void fill(core::InstanceName& value) { value = instance("i" + std::to_string(next_++) + ".cpc"); }
  void fill(core::Address& value) {
    const std::string number = std::to_string(next_++);
    value = address("p" + number + "@h" + number + ".cpc");
  }
  template <std::size_t N, class Tag>
  void fill(Id<N, Tag>& value) {
    value = id_of<Id<N, Tag>>(next_++);
  }
  template <class T>
  requires std::is_enum_v<T>
  void fill(T& value) {
    value = static_cast<T>(1 + next_++ % 3);  // Every enum has at least three values.
  }
  template <class T>
  void fill(std::optional<T>& value) {
    value.reset();
    if (full_) fill(value.emplace());
  }
  void fill(const store::ColumnName& column, auto& value) {
    if constexpr (std::is_same_v<std::remove_reference_t<decltype(value)>, std::string>) {
      value = "w\u00f6rter 'quoted' " + std::to_string(next_++);
      if (column.is_octets) value += std::string("\0\xff\n", 3);
    } else {
      fill(value);
    }
  }

 private:
  std::uint64_t next_;
  bool full_;
};

template <class Row>
Row filled(std::uint64_t start, bool fills_optional = true) {
  Row row;
  Filler filler{start, fills_optional};
  const auto fill = [&](const store::ColumnName& column, auto& value) {
    filler.fill(column, value);
  };
  store::RecordMap<Row>::key(fill, row);
  store::RecordMap<Row>::rest(fill, row);
  return row;
}

/// Equal in everything but n.
template <class Row>
bool same_but_n(Row one, Row other) {
  if constexpr (store::Visible<Row>) one.n = other.n = 0;
  return store::is_same(one, other);
}

}  // namespace cpc::contract
