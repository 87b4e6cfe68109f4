#include <unordered_set>

#include "daemon/graphql/validation.h"

namespace cpc::graphql {
namespace {

// The fields at the root of a subscription, fragments written out; @skip and @include are not
// looked at, since one field must be left whatever the variables are.
class RootFields {
 public:
  explicit RootFields(const Validation& self) : self_(self) {}

  void collect(const std::vector<ast::Selection>& selections) {
    for (const ast::Selection& selection : selections) {
      if (selection.kind == ast::Selection::Kind::field) {
        if (names_.insert(selection.response_name()).second) fields.push_back(&selection);
      } else if (selection.kind == ast::Selection::Kind::inline_fragment) {
        collect(selection.selections);
      } else if (const auto* fragment = self_.fragment(selection.name.text);
                 fragment != nullptr && fragments_.insert(fragment).second) {
        collect(fragment->selections);
      }
    }
  }

  std::vector<const ast::Selection*> fields;

 private:
  const Validation& self_;
  std::unordered_set<std::string_view> names_;
  std::unordered_set<const ast::Fragment*> fragments_;
};

// Section 5.2.3.1.
void check_subscription(Validation& self, const ast::Operation& operation) {
  RootFields root{self};
  root.collect(operation.selections);
  if (root.fields.size() > 1) {
    self.report.add("a subscription must select one field only", {root.fields[1]->at});
  }
  for (const ast::Selection* field : root.fields) {
    if (field->name.text.starts_with("__")) {
      self.report.add("a subscription must not select a field of introspection", {field->at});
    }
  }
}

// Sections 5.8.1 and 5.8.2.
void check_variable_definitions(Validation& self, const ast::Operation& operation) {
  for_each_twin(operation.variables, [&](const ast::Name& first, const ast::Name& second) {
    self.report.add("variable " + in_quotes(second.text) + " is defined twice",
                    {first.at, second.at});
  });
  Site site{self.schema, self.report, self.operation_uses[&operation].variables};
  for (const ast::VariableDefinition& variable : operation.variables) {
    const TypeUse use = self.schema.use_of(variable.type);
    const ast::Name& type = variable.type.name;
    if (use.type == nullptr) {
      self.report.add("there is no type " + in_quotes(type.text), {type.at});
    } else if (!use.type->is_input()) {
      self.report.add("a variable cannot be of type " + in_quotes(use.text()), {type.at});
    } else if (variable.default_value) {
      check_value(site, *variable.default_value, use, false);
    }
    check_directives(site, variable.directives, "VARIABLE_DEFINITION");
  }
}

}  // namespace

void validate_operations(Validation& self) {
  const auto& operations = self.document.operations;
  if (operations.empty()) self.report.add("the document has no operation", {0});
  std::unordered_map<std::string_view, std::uint32_t> names;
  for (const ast::Operation& operation : operations) {
    const ast::Name& name = operation.name;
    if (name.text.empty()) {
      if (operations.size() > 1) {  // Section 5.2.2.1.
        self.report.add("an operation without name must be alone in its document", {name.at});
      }
    } else if (const auto [first, is_new] = names.emplace(name.text, name.at); !is_new) {
      self.report.add("there are two operations " + in_quotes(name.text), {first->second, name.at});
    }
    check_variable_definitions(self, operation);
  }
}

void validate_subscriptions(Validation& self) {
  for (const ast::Operation& operation : self.document.operations) {
    if (operation.kind == OperationKind::subscription) check_subscription(self, operation);
  }
}

}  // namespace cpc::graphql
