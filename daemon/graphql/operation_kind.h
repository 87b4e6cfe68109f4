// The three things that can be asked (section 2.3).
#pragma once

namespace cpc::graphql {

enum class OperationKind { query, mutation, subscription };

}  // namespace cpc::graphql
