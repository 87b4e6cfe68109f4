#include "daemon/graphql/schema_text.h"

#include <algorithm>
#include <iterator>
#include <unordered_set>

namespace cpc::graphql {
namespace {

template <class Items>
void append(Items& to, Items& from) {
  to.insert(to.end(), std::move_iterator{from.begin()}, std::move_iterator{from.end()});
}

void merge_type(ast::Document& document, ast::TypeDefinition& extension, Report& report) {
  const auto base = std::ranges::find_if(document.types, [&](const ast::TypeDefinition& type) {
    return !type.extends && type.name.text == extension.name.text && type.kind == extension.kind;
  });
  if (base == document.types.end()) {
    report.add("there is no such type to extend: " + in_quotes(extension.name.text),
               {extension.name.at});
    return;
  }
  append(base->interfaces, extension.interfaces);
  append(base->directives, extension.directives);
  append(base->fields, extension.fields);
  append(base->members, extension.members);
  append(base->values, extension.values);
  append(base->inputs, extension.inputs);
}

std::optional<std::string> text_argument(const ast::Directives& directives, std::string_view name,
                                         std::string_view argument, std::string_view otherwise) {
  for (const ast::Directive& directive : directives) {
    if (directive.name.text != name) continue;
    const ast::Argument* given = ast::find(directive.arguments, argument);
    return given != nullptr ? given->value.text : std::string{otherwise};
  }
  return {};
}

std::string_view location_of(TypeKind kind) {
  switch (kind) {
    case TypeKind::scalar:
      return "SCALAR";
    case TypeKind::object:
      return "OBJECT";
    case TypeKind::interface:
      return "INTERFACE";
    case TypeKind::union_of:
      return "UNION";
    case TypeKind::enumeration:
      return "ENUM";
    case TypeKind::input:
      break;
  }
  return "INPUT_OBJECT";
}

// Calls `visit(directives, location)` for each place of the text where directives may stand.
template <class Visit>
void for_each_place(const ast::Document& document, Visit visit) {
  const auto inputs = [&](const std::vector<ast::InputDefinition>& all, std::string_view location) {
    for (const ast::InputDefinition& input : all) visit(input.directives, location);
  };
  for (const ast::SchemaDefinition& schema : document.schemas) visit(schema.directives, "SCHEMA");
  for (const ast::DirectiveDefinition& directive : document.directives) {
    inputs(directive.arguments, "ARGUMENT_DEFINITION");
  }
  for (const ast::TypeDefinition& type : document.types) {
    visit(type.directives, location_of(type.kind));
    for (const ast::FieldDefinition& field : type.fields) {
      visit(field.directives, "FIELD_DEFINITION");
      inputs(field.arguments, "ARGUMENT_DEFINITION");
    }
    for (const ast::EnumValueDefinition& value : type.values) visit(value.directives, "ENUM_VALUE");
    inputs(type.inputs, "INPUT_FIELD_DEFINITION");
  }
}

// Section 3.13: the directives on the arguments of a directive, and on their input types, and so
// on.
class DirectiveCycles {
 public:
  explicit DirectiveCycles(const ast::Document& document) : document_(document) {}

  bool leads_to_itself(const ast::DirectiveDefinition& start) {
    wanted_ = start.name.text;
    met_.clear();
    return through(start.arguments);
  }

 private:
  template <class Definitions>
  static auto find(const Definitions& definitions, std::string_view name) {
    return std::ranges::find_if(definitions,
                                [&](const auto& one) { return one.name.text == name; });
  }

  bool through(const std::vector<ast::InputDefinition>& inputs) {
    return std::ranges::any_of(inputs, [this](const ast::InputDefinition& input) {
      const bool on_directives = std::ranges::any_of(
          input.directives, [this](const ast::Directive& used) { return uses(used.name.text); });
      return on_directives || type(input.type.name.text);
    });
  }
  bool uses(std::string_view name) {
    if (name == wanted_) return true;
    const auto found = find(document_.directives, name);
    return found != document_.directives.end() && met_.insert(&*found).second &&
           through(found->arguments);
  }
  bool type(std::string_view name) {
    const auto found = find(document_.types, name);
    return found != document_.types.end() && met_.insert(&*found).second && through(found->inputs);
  }
  const ast::Document& document_;
  std::string_view wanted_;
  std::unordered_set<const void*> met_;
};

}  // namespace

void merge_extensions(ast::Document& document, Report& report) {
  for (ast::TypeDefinition& type : document.types) {
    if (type.extends) merge_type(document, type, report);
  }
  std::erase_if(document.types, [](const ast::TypeDefinition& type) { return type.extends; });

  std::ranges::stable_sort(document.schemas, {}, &ast::SchemaDefinition::extends);
  for (std::size_t i = 1; i < document.schemas.size(); ++i) {
    ast::SchemaDefinition& more = document.schemas[i];
    if (!more.extends) report.add("the schema is defined twice", {more.at});
    append(document.schemas.front().roots, more.roots);
    append(document.schemas.front().directives, more.directives);
  }
  if (document.schemas.size() > 1) document.schemas.resize(1);
}

void check_definition_directives(const Schema& schema, const ast::Document& document,
                                 Report& report) {
  std::vector<VariableUsage> no_variables;
  Site site{schema, report, no_variables};
  for_each_place(document, [&](const ast::Directives& directives, std::string_view location) {
    check_directives(site, directives, location);
  });
  DirectiveCycles cycles{document};
  for (const ast::DirectiveDefinition& directive : document.directives) {
    if (cycles.leads_to_itself(directive)) {
      report.add("directive " + in_quotes(directive.name.text) + " leads to itself",
                 {directive.name.at});
    }
  }
}

std::optional<std::string> deprecation_of(const ast::Directives& directives) {
  return text_argument(directives, "deprecated", "reason", "No longer supported");
}

std::optional<std::string> specification_of(const ast::Directives& directives) {
  return text_argument(directives, "specifiedBy", "url", "");
}

}  // namespace cpc::graphql
