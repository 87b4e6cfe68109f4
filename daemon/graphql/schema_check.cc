#include "daemon/graphql/schema_check.h"

#include <algorithm>
#include <unordered_set>

namespace cpc::graphql {
namespace {

std::string field_name(const Type& type, const Field& field) {
  return in_quotes(std::string{type.name} + "." + std::string{field.name});
}

void check_inputs(const Table<Input>& inputs, Report& report) {
  for (const Input& input : inputs) {
    if (!input.use.type->is_input()) {
      report.add(in_quotes(input.name) + " cannot be of type " + in_quotes(input.use.text()),
                 {input.at});
    }
    if (input.deprecation && input.is_required()) {
      report.add(in_quotes(input.name) + " is required, so it cannot be deprecated", {input.at});
    }
  }
}

// IsValidImplementation (section 3.6.1) for one field.
void check_implementation(const Type& type, const Type& interface, const Field& wanted,
                          Report& report) {
  const Field* field = type.fields.find(wanted.name);
  if (field == nullptr) {
    report.add("type " + in_quotes(type.name) + " lacks " + field_name(interface, wanted),
               {type.at});
    return;
  }
  if (!is_subtype(field->use, wanted.use)) {
    report.add(field_name(type, *field) + " is no " + in_quotes(wanted.use.text()) + " as in " +
                   in_quotes(interface.name),
               {field->at});
  }
  for (const Input& argument : wanted.arguments) {
    const Input* own = field->arguments.find(argument.name);
    if (own == nullptr || own->use != argument.use) {
      report.add(field_name(type, *field) + " lacks argument " + in_quotes(argument.name) +
                     " of type " + in_quotes(argument.use.text()),
                 {field->at});
    }
  }
  for (const Input& own : field->arguments) {
    if (wanted.arguments.find(own.name) == nullptr && own.is_required()) {
      report.add("argument " + in_quotes(own.name) + " is not in " + in_quotes(interface.name) +
                     ", so it cannot be required",
                 {own.at});
    }
  }
}

void check_interfaces(const Type& type, Report& report) {
  const auto& own = type.interfaces;
  for (const Type* interface : own) {
    if (interface == &type || std::ranges::count(own, interface) > 1) {
      report.add(in_quotes(type.name) + " cannot implement " + in_quotes(interface->name) +
                     " twice, or itself",
                 {type.at});
      continue;
    }
    for (const Type* inherited : interface->interfaces) {
      if (std::ranges::find(own, inherited) == own.end()) {
        report.add(in_quotes(type.name) + " must implement " + in_quotes(inherited->name) + " too",
                   {type.at});
      }
    }
    for (const Field& wanted : interface->fields) {
      check_implementation(type, *interface, wanted, report);
    }
  }
}

void check_fields(const Type& type, Report& report) {
  if (type.fields.empty()) report.add(in_quotes(type.name) + " has no fields", {type.at});
  for (const Field& field : type.fields) {
    if (!field.use.type->is_output()) {
      report.add(field_name(type, field) + " cannot be of type " + in_quotes(field.use.text()),
                 {field.at});
    }
    check_inputs(field.arguments, report);
  }
  check_interfaces(type, report);
}

void check_union(const Type& type, Report& report) {
  if (type.possible.empty()) report.add(in_quotes(type.name) + " has no members", {type.at});
  std::unordered_set<const Type*> met;
  for (const Type* member : type.possible) {
    if (member->kind != TypeKind::object || !met.insert(member).second) {
      report.add(in_quotes(member->name) + " is no object, or twice in " + in_quotes(type.name),
                 {type.at});
    }
  }
}

// Section 3.10: an input object that must contain itself can never be written down.
bool must_contain(const Type& type, const Type& wanted, std::unordered_set<const Type*>& met) {
  return std::ranges::any_of(type.inputs, [&](const Input& input) {
    const Type& inner = *input.use.type;
    if (!input.use.is_non_null() || input.use.is_list() || inner.kind != TypeKind::input) {
      return false;
    }
    return &inner == &wanted || (met.insert(&inner).second && must_contain(inner, wanted, met));
  });
}

void check_input_object(const Type& type, Report& report) {
  if (type.inputs.empty()) report.add(in_quotes(type.name) + " has no fields", {type.at});
  check_inputs(type.inputs, report);
  std::unordered_set<const Type*> met;
  if (must_contain(type, type, met)) {
    report.add(in_quotes(type.name) + " must contain itself without end", {type.at});
  }
}

// Section 3.3.1: objects, and each another one.
void check_roots(const Schema& schema, Report& report) {
  if (schema.root(OperationKind::query) == nullptr) report.add("there is no query root", {0});
  std::unordered_set<const Type*> met;
  for (const OperationKind kind :
       {OperationKind::query, OperationKind::mutation, OperationKind::subscription}) {
    const Type* root = schema.root(kind);
    if (root == nullptr) continue;
    if (root->kind != TypeKind::object || !met.insert(root).second) {
      report.add("root " + in_quotes(root->name) + " is no object, or twice a root", {root->at});
    }
  }
}

}  // namespace

void check_types(const Schema& schema, Report& report) {
  check_roots(schema, report);
  for (const Directive& directive : schema.directives()) {
    check_inputs(directive.arguments, report);
  }
  for (const auto& type : schema.types()) {
    switch (type->kind) {
      case TypeKind::scalar:
        break;
      case TypeKind::object:
      case TypeKind::interface:
        check_fields(*type, report);
        break;
      case TypeKind::union_of:
        check_union(*type, report);
        break;
      case TypeKind::enumeration:
        if (type->values.empty()) report.add(in_quotes(type->name) + " has no values", {type->at});
        break;
      case TypeKind::input:
        check_input_object(*type, report);
        break;
    }
  }
}

}  // namespace cpc::graphql
