// Text to document (appendix B.4): what clients send, and what we write into the schema file.
#pragma once

#include <memory>
#include <string>

#include "daemon/graphql/ast.h"
#include "daemon/graphql/limits.h"
#include "daemon/graphql/problem.h"

namespace cpc::graphql {

using DocumentPointer = std::shared_ptr<const ast::Document>;

/// Operations and fragments. Refuses with GRAPHQL_PARSE_FAILED, QUERY_TOO_COMPLEX, or, at a type
/// definition (section 5.1.1), GRAPHQL_VALIDATION_FAILED. Linear in the text.
[[nodiscard]] Checked<DocumentPointer> parse_executable(std::string text, const Limits& limits);

/// Type definitions and extensions, from our own file: no limits but nesting.
[[nodiscard]] Checked<std::shared_ptr<ast::Document>> parse_sdl(std::string text);

}  // namespace cpc::graphql
