// How SQLite would run every statement of a Snapshot.
#pragma once

#include "tests/contract/store_contract.h"

namespace cpc::contract {

struct Plan {
  std::string sql;
  std::vector<std::string> steps;  ///< The "detail" column of EXPLAIN QUERY PLAN.
};

/// Calls every function of a Snapshot over `connection` and returns the plan of each statement.
std::vector<Plan> explained_plans(std::unique_ptr<store::Connection> connection);

}  // namespace cpc::contract
