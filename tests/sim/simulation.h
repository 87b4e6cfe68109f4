// One run of one seed: some instances with some people who write to each other while everything
// goes wrong that the seed has in store; then all is healed, and what was acknowledged must be
// there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/sim/planted.h"

namespace cpc::sim {

struct RunReport {
  std::uint64_t seed = 0;
  std::size_t steps = 0;
  std::size_t acknowledged = 0;  ///< Wishes of people.
  std::size_t unanswered = 0;    ///< Questions that had to be asked again.
  std::size_t shown = 0;         ///< Messages that people were shown, changes of state included.
  std::size_t requests = 0;      ///< Between instances.
  std::size_t refusals = 0;      ///< Of people's wishes, and of those requests.
  std::size_t faults = 0;
  std::size_t crashes = 0;
  std::size_t doubts = 0;  ///< Commits of which it was not known for a while whether they came.
  double virtual_hours = 0;
  std::uint64_t trace = 0;  ///< A hash of everything that was seen, with its time: I13.
  std::vector<std::string> violations;
};

/// `folder` is empty and private; stores are made in it.
[[nodiscard]] RunReport run_seed(std::uint64_t seed, const std::string& folder,
                                 Plant plant = Plant::none);

}  // namespace cpc::sim
