// Whether a document can be run at all: every rule of section 5 of the specification.
//
//   check_inputs            5.4, 5.6, 5.7    values, arguments, directives
//   validate_operations     5.2, 5.8.1/2     operations, subscriptions, variable definitions
//   validate_fields         5.3.1, 5.3.3     a walk with types over selections
//   validate_fragments      5.5              names, cycles, use, possible spreads
//   validate_variables      5.8.3 to 5.8.5   variables against their uses, through fragments
//   validate_merging        5.3.2            fields of one name must be one field
//   measure                                  depth, which bounds the recursion of what follows it
//
// Messages name what the client wrote and what is wrong with it. They suggest nothing: that would
// tell the schema to those who may not read it.
#pragma once

#include <unordered_map>
#include <vector>

#include "daemon/graphql/check_inputs.h"
#include "daemon/graphql/limits.h"

namespace cpc::graphql {

/// Refuses with GRAPHQL_VALIDATION_FAILED and up to `errors_max` problems, or QUERY_TOO_COMPLEX if
/// merging takes more than `merge_steps_max`. Otherwise linear in the document, times its
/// operations where fragments are shared.
[[nodiscard]] Checked<> validate(const Schema& schema, const ast::Document& document,
                                 const Limits& limits);

// ---- Between the files listed above

/// What one operation or fragment uses in its own text.
struct Uses {
  std::vector<VariableUsage> variables;
  std::vector<ast::Name> spreads;
};

struct Validation {
  const Schema& schema;
  const ast::Document& document;
  const Limits& limits;
  Report report;
  ast::Fragments fragments;
  std::unordered_map<const ast::Operation*, Uses> operation_uses;
  std::unordered_map<const ast::Fragment*, Uses> fragment_uses;

  [[nodiscard]] const ast::Fragment* fragment(std::string_view name) const {
    const auto found = fragments.find(name);
    return found == fragments.end() ? nullptr : found->second;
  }
};

// Each step trusts what those before it have found to be right.
void validate_operations(Validation& self);
void validate_fields(Validation& self);
void validate_fragments(Validation& self);
void validate_variables(Validation& self);
void validate_subscriptions(Validation& self);
[[nodiscard]] Checked<> validate_merging(Validation& self);

/// The fragments that `uses` leads to, each once.
[[nodiscard]] std::vector<const ast::Fragment*> reachable(const Validation& self, const Uses& uses);

}  // namespace cpc::graphql
