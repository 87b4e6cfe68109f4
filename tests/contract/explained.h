// How an engine would run every statement of a Snapshot.
#pragma once

#include "tests/contract/store_contract.h"

namespace cpc::contract {

struct Plan {
  std::string sql;
  std::vector<std::string> steps;  ///< The last column of what the engine explains, a row each.
};

/// Calls every function of a Snapshot over `connection` and returns the plan of each statement.
/// `explain` is the engine's word before it.
std::vector<Plan> explained_plans(std::unique_ptr<store::Connection> connection,
                                  const std::string& explain);

}  // namespace cpc::contract
