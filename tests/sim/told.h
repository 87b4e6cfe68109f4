// What one person's client was told, change by change: messages and what became of them, receipts,
// conversations, requests, consents. Compared with what the store has for that person.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "core/store.h"
#include "tests/sim/trace.h"

namespace cpc::sim {

class Told {
 public:
  /// Violations are handed to `violated`.
  Told(Trace& trace, std::function<void(std::string)> violated)
      : trace_(trace), violated_(std::move(violated)) {}

  /// The client read this page. I2: no change is told twice.
  void take(const core::ChangePage& page);
  /// The store has this page for a client that was told everything. I1: what changed was told.
  void demand(const core::ChangePage& page);
  /// Likewise, and `everything` is all that there is. I4: nothing else was told.
  void demand_all(const core::ChangePage& everything);

 private:
  Trace& trace_;
  std::function<void(std::string)> violated_;
  std::map<std::string, std::int64_t> last_n_;  ///< By what changed.
  std::map<core::ConversationId, std::int64_t> known_since_;
};

}  // namespace cpc::sim
