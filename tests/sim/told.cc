#include "tests/sim/told.h"

#include <set>

#include "core/base/bytes.h"

namespace cpc::sim {
namespace {

std::string name_of(const core::Member& row) {
  return "receipt of " + row.address.text() + " in " + to_text(row.conversation);
}

/// Calls `each(what, n)` for every row.
void each_row(const core::ChangePage& page, auto&& each) {
  for (const auto& row : page.events) each("message " + to_text(row.id), row.n);
  for (const auto& row : page.members) each(name_of(row), row.n);
  for (const auto& row : page.conversations) each("conversation " + to_text(row.id), row.n);
  for (const auto& row : page.requests) each("request of " + row.from.text(), row.n);
  for (const auto& row : page.consents) {
    each("consent " + std::to_string(static_cast<int>(row.type)) + " for " + row.subject, row.n);
  }
}

}  // namespace

void Told::take(const core::ChangePage& page) {
  for (const auto& row : page.conversations) known_since_.emplace(row.id, row.n);
  each_row(page, [&](const std::string& what, std::int64_t n) {
    trace_.add(what);
    trace_.add(static_cast<std::uint64_t>(n));
    std::int64_t& last = last_n_[what];
    if (n <= last) violated_("I2 told twice: " + what + ", change " + std::to_string(n));
    last = n;
  });
}

void Told::demand(const core::ChangePage& page) {
  std::set<std::string> came_along;
  for (const auto& row : page.members) {
    // Whoever is told of a conversation is told with it how far the other one has read.
    const auto since = known_since_.find(row.conversation);
    const bool is_older = since != known_since_.end() && row.n < since->second;
    if (is_older) came_along.insert(name_of(row));
  }
  each_row(page, [&](const std::string& what, std::int64_t n) {
    const auto last = last_n_.find(what);
    const std::int64_t told = last == last_n_.end() ? 0 : last->second;
    if (told == n || (told == 0 && came_along.contains(what))) return;
    violated_((told < n ? "I1 never told: " : "I4 told, and not there: ") + what + ", change " +
              std::to_string(n) + "; told of " + std::to_string(told));
  });
}

void Told::demand_all(const core::ChangePage& everything) {
  demand(everything);
  std::set<std::string> stored;
  each_row(everything, [&](const std::string& what, std::int64_t) { stored.insert(what); });
  for (const auto& [what, n] : last_n_) {
    if (!stored.contains(what)) violated_("I4 told, and not there: " + what);
  }
}

}  // namespace cpc::sim
