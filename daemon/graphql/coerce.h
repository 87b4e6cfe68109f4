// From what clients write to what resolvers read, and for leaves the way back.
#pragma once

#include <optional>
#include <vector>

#include "daemon/graphql/ast.h"
#include "daemon/graphql/limits.h"
#include "daemon/graphql/schema.h"

namespace cpc::graphql {

/// CoerceVariableValues (section 6.1.2) for a validated operation. `given` is an object or null.
/// Variables that were neither given nor have a default are not in the answer. Refuses with
/// BAD_USER_INPUT, telling up to `errors_max` variables and the place of what is wrong in them.
[[nodiscard]] Checked<Json> coerce_variables(const Schema& schema, const ast::Document& document,
                                             const ast::Operation& operation, const Json& given,
                                             const Limits& limits);

/// `value` as a `use` (sections 3.4 to 3.12, "Input Coercion"), with `variables` put in.
/// Nothing if it cannot be one: validation has told so, but for null in a variable.
[[nodiscard]] std::optional<Json> coerce_literal(const TypeUse& use, const ast::Value& value,
                                                 const Json& variables);

/// CoerceArgumentValues (section 6.4.1). Refuses with BAD_USER_INPUT.
[[nodiscard]] Checked<Json> coerce_arguments(const Table<Input>& inputs,
                                             const std::vector<ast::Argument>& arguments,
                                             const Json& variables);

/// CoerceResult (section 6.4.3) for a scalar or enum; `value` is not null. Nothing if a resolver
/// returned what is none.
[[nodiscard]] std::optional<Json> serialise_leaf(const Type& type, const Json& value);

}  // namespace cpc::graphql
