// A parsed document as text again: what proves that the parser kept all of it.
#pragma once

#include <string>

#include "daemon/graphql/ast.h"

namespace cpc::fuzz {

/// One line for each definition. Parses to what it was made from.
[[nodiscard]] std::string text_of(const graphql::ast::Document& document);

}  // namespace cpc::fuzz
