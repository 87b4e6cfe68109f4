// What a valid document would take: depth, known from its text, and cost, known with its variables.
// Fragments are measured once, however often they are spread, so that a few lines which stand for a
// billion fields are refused in the time it takes to read them.
#pragma once

#include <cstdint>

#include "daemon/graphql/ast.h"
#include "daemon/graphql/limits.h"
#include "daemon/graphql/schema.h"

namespace cpc::graphql {

/// Refuses with QUERY_TOO_COMPLEX beyond `nesting_max`, `depth_max`, `introspection_depth_max` or
/// `introspection_lists_max`. Fragments must be without cycles.
[[nodiscard]] Checked<> check_depth(const ast::Document& document, const ast::Fragments& fragments,
                                    const Limits& limits);

/// The cost of `operation` as Limits::cost_max defines it. Refuses with QUERY_TOO_COMPLEX above it,
/// telling cost, limit and the dearest path in the extensions. After validation and check_depth.
[[nodiscard]] Checked<std::uint64_t> check_cost(const Schema& schema,
                                                const ast::Fragments& fragments,
                                                const ast::Operation& operation,
                                                const Json& variables, const Limits& limits);

/// Whether __schema or __type is anywhere in the document.
[[nodiscard]] bool asks_for_schema(const ast::Document& document);

}  // namespace cpc::graphql
