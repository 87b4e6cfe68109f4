#include <unordered_set>

#include "daemon/graphql/validation.h"

namespace cpc::graphql {
namespace {

// IsVariableUsageAllowed (section 5.8.5).
bool is_allowed(const TypeUse& variable, bool has_default_value, const VariableUsage& usage) {
  const TypeUse& expected = usage.expected;
  if (!expected.is_non_null() || variable.is_non_null()) return is_subtype(variable, expected);
  return (has_default_value || usage.has_default) && is_subtype(variable, expected.nullable());
}

void check_usage(Validation& self, const VariableUsage& usage,
                 const ast::VariableDefinition& definition) {
  const TypeUse use = self.schema.use_of(definition.type);
  if (use.type == nullptr || usage.expected.type == nullptr) return;
  const bool has_default_value =
      definition.default_value && definition.default_value->kind != ast::Value::Kind::null;
  if (is_allowed(use, has_default_value, usage)) return;
  self.report.add("variable " + in_quotes(definition.name.text) + " of type " +
                      in_quotes(use.text()) + " stands where " + in_quotes(usage.expected.text()) +
                      " is expected",
                  {definition.name.at, usage.variable.at});
}

void check_operation(Validation& self, const ast::Operation& operation) {
  std::unordered_map<std::string_view, const ast::VariableDefinition*> defined;
  for (const ast::VariableDefinition& variable : operation.variables) {
    defined.emplace(variable.name.text, &variable);
  }
  std::unordered_set<std::string_view> used;
  const auto check = [&](const Uses& uses) {
    for (const VariableUsage& usage : uses.variables) {
      used.insert(usage.variable.text);
      const auto definition = defined.find(usage.variable.text);
      if (definition == defined.end()) {  // Section 5.8.3.
        self.report.add("variable " + in_quotes(usage.variable.text) + " is not defined",
                        {usage.variable.at, operation.name.at});
      } else {
        check_usage(self, usage, *definition->second);
      }
    }
  };
  const Uses& own = self.operation_uses[&operation];
  check(own);
  for (const ast::Fragment* fragment : reachable(self, own)) {
    check(self.fragment_uses.at(fragment));
  }
  for (const ast::VariableDefinition& variable : operation.variables) {
    if (!used.contains(variable.name.text)) {  // Section 5.8.4.
      self.report.add("variable " + in_quotes(variable.name.text) + " is not used",
                      {variable.name.at});
    }
  }
}

}  // namespace

void validate_variables(Validation& self) {
  for (const ast::Operation& operation : self.document.operations) {
    if (self.report.is_full()) return;
    check_operation(self, operation);
  }
}

}  // namespace cpc::graphql
