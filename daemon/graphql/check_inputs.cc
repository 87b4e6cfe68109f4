#include "daemon/graphql/check_inputs.h"

#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "daemon/graphql/coerce.h"

namespace cpc::graphql {
namespace {

using Kind = ast::Value::Kind;

void wrong_type(Site& site, const ast::Value& value, const TypeUse& expected) {
  site.report.add("expected a value of type " + in_quotes(expected.text()), {value.at});
}

// Inside a custom scalar: variables are used, but nothing is known about their type.
bool note_variables(Site& site, const ast::Value& value) {
  bool any = value.kind == Kind::variable;
  if (any) site.variables.push_back({{value.text, value.at}, {}, false});
  for (const ast::Value& item : value.items) any |= note_variables(site, item);
  for (const ast::Argument& field : value.fields) any |= note_variables(site, field.value);
  return any;
}

void check_leaf(Site& site, const ast::Value& value, const TypeUse& expected) {
  const bool may_hold_variables = value.kind == Kind::list || value.kind == Kind::object;
  if (may_hold_variables && note_variables(site, value)) return;  // Coercion will tell.
  if (!coerce_literal(expected, value, Json::object())) wrong_type(site, value, expected);
}

void check_input_object(Site& site, const ast::Value& value, const TypeUse& expected) {
  if (value.kind != Kind::object) return wrong_type(site, value, expected);
  const Type& type = *expected.type;
  for_each_twin(value.fields, [&](const ast::Name& first, const ast::Name& second) {
    site.report.add("input field " + in_quotes(second.text) + " is given twice",
                    {first.at, second.at});
  });
  std::unordered_set<std::string_view> given;
  for (const ast::Argument& field : value.fields) {
    given.insert(field.name.text);
    const Input* input = type.inputs.find(field.name.text);
    if (input == nullptr) {
      site.report.add(
          "type " + in_quotes(type.name) + " has no field " + in_quotes(field.name.text),
          {field.name.at});
    } else {
      check_value(site, field.value, input->use, input->default_literal != nullptr);
    }
  }
  for (const Input& input : type.inputs) {
    if (input.is_required() && !given.contains(input.name)) {
      site.report.add("field " + in_quotes(input.name) + " of type " + in_quotes(input.use.text()) +
                          " is required in " + in_quotes(type.name),
                      {value.at});
    }
  }
}

}  // namespace

std::string in_quotes(std::string_view name) {
  return '"' + std::string{name} + '"';
}

void Report::add(std::string message, std::initializer_list<std::uint32_t> offsets) {
  if (is_full()) return;
  Problem problem;
  problem.message = std::move(message);
  problem.code = code::validation_failed;
  for (const std::uint32_t offset : offsets) problem.locations.push_back(locate(text_, offset));
  refusal_.problems.push_back(std::move(problem));
}

void Report::add(Problem problem) {
  if (!is_full()) refusal_.problems.push_back(std::move(problem));
}

void check_value(Site& site, const ast::Value& value, const TypeUse& expected, bool has_default) {
  if (value.kind == Kind::variable) {
    site.variables.push_back({{value.text, value.at}, expected, has_default});
  } else if (value.kind == Kind::null) {
    if (expected.is_non_null()) wrong_type(site, value, expected);
  } else if (expected.is_list()) {
    if (value.kind != Kind::list) return check_value(site, value, expected.item(), false);
    for (const ast::Value& item : value.items) check_value(site, item, expected.item(), false);
  } else if (expected.type->kind == TypeKind::input) {
    check_input_object(site, value, expected);
  } else {
    check_leaf(site, value, expected);
  }
}

void check_arguments(Site& site, const Table<Input>& inputs, const ast::Name& owner,
                     const std::vector<ast::Argument>& arguments) {
  for_each_twin(arguments, [&](const ast::Name& first, const ast::Name& second) {
    site.report.add("argument " + in_quotes(second.text) + " is given twice",
                    {first.at, second.at});
  });
  for (const ast::Argument& argument : arguments) {
    const Input* input = inputs.find(argument.name.text);
    if (input == nullptr) {
      site.report.add(in_quotes(owner.text) + " has no argument " + in_quotes(argument.name.text),
                      {argument.name.at});
    } else {
      check_value(site, argument.value, input->use, input->default_literal != nullptr);
    }
  }
  for (const Input& input : inputs) {
    if (input.is_required() && ast::find(arguments, input.name) == nullptr) {
      site.report.add("argument " + in_quotes(input.name) + " of type " +
                          in_quotes(input.use.text()) + " is required by " + in_quotes(owner.text),
                      {owner.at});
    }
  }
}

void check_directives(Site& site, const ast::Directives& directives, std::string_view location) {
  for (const ast::Directive& directive : directives) {
    const Directive* definition = site.schema.find_directive(directive.name.text);
    if (definition == nullptr) {
      site.report.add("there is no directive " + in_quotes(directive.name.text),
                      {directive.name.at});
      continue;
    }
    if (!definition->may_stand_on(location)) {
      site.report.add("directive " + in_quotes(directive.name.text) + " may not stand here",
                      {directive.name.at});
    }
    check_arguments(site, definition->arguments, directive.name, directive.arguments);
  }
  for_each_twin(directives, [&](const ast::Name& first, const ast::Name& second) {
    const Directive* definition = site.schema.find_directive(second.text);
    if (definition == nullptr || definition->is_repeatable) return;
    site.report.add("directive " + in_quotes(second.text) + " is given twice",
                    {first.at, second.at});
  });
}

}  // namespace cpc::graphql
