// Steps of building a schema that work on its text, before and after there are types.
#pragma once

#include "daemon/graphql/ast.h"
#include "daemon/graphql/check_inputs.h"

namespace cpc::graphql {

/// Moves what `extend` adds into the definitions it adds to (section 3.4.3). Reports extensions of
/// what is not there, or is something else.
void merge_extensions(ast::Document& document, Report& report);

/// Checks each directive that stands on a definition (sections 3.13, 5.7), and that no definition
/// of a directive leads to itself.
void check_definition_directives(const Schema& schema, const ast::Document& document,
                                 Report& report);

/// The reason in @deprecated, if it is there (section 3.13.3).
[[nodiscard]] std::optional<std::string> deprecation_of(const ast::Directives& directives);

/// The address in @specifiedBy, if it is there (section 3.13.4).
[[nodiscard]] std::optional<std::string> specification_of(const ast::Directives& directives);

}  // namespace cpc::graphql
