// Committed state for those who only look: ranges, history, what is owed, what a person missed.
//
// A Reader has a connection of its own, so it neither waits for the gate nor makes it wait. The
// Snapshot it hands out is one consistent state and is valid only inside the call.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/store.h"
#include "store/database.h"

namespace cpc::store {

/// Rows that one range returns at most, whatever its caller asks for.
inline constexpr std::size_t range_rows_max = 1000;

/// Used by one thread at a time.
class Reader {
 public:
  using Look = std::function<Result<>(core::Snapshot&)>;
  explicit Reader(std::unique_ptr<Connection> connection);
  ~Reader();

  /// Runs `look` over one snapshot and returns what it returned. Fails with unavailable when the
  /// store cannot be read, with internal when `look` threw.
  [[nodiscard]] Result<> read(const Look& look);
  /// Likewise for many, which share a snapshot as long as none of them fails: one transaction, and
  /// each row that several ask for is read once. `each` is told every look's result, in their
  /// order and as soon as it is there.
  using EachResult = std::function<void(Result<>)>;
  void read_all(std::span<const Look> looks, const EachResult& each);

 private:
  std::unique_ptr<Connection> connection_;
};

}  // namespace cpc::store
