// The second half of building a schema: do its types agree with each other (section 3, "Type
// Validation")?
#pragma once

#include "daemon/graphql/check_inputs.h"
#include "daemon/graphql/schema.h"

namespace cpc::graphql {

/// Fields and inputs of the right kind, interfaces implemented, unions of objects, input objects
/// that end somewhere, roots that are objects. Adds what is wrong to `report`.
void check_types(const Schema& schema, Report& report);

}  // namespace cpc::graphql
