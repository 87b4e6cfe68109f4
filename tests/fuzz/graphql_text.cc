#include "tests/fuzz/graphql_text.h"

#include <string_view>

namespace cpc::fuzz {
namespace {

using namespace graphql;

std::string text_of(const std::vector<ast::Argument>& arguments) {
  if (arguments.empty()) return "";
  std::string text;
  for (const ast::Argument& argument : arguments) {
    text += text.empty() ? "(" : ", ";
    text.append(argument.name.text).append(": ").append(ast::to_text(argument.value));
  }
  return text + ")";
}

std::string text_of(const ast::Directives& directives) {
  std::string text;
  for (const ast::Directive& directive : directives) {
    text.append(" @").append(directive.name.text).append(text_of(directive.arguments));
  }
  return text;
}

std::string text_of(const std::vector<ast::Selection>& selections);

std::string text_of(const ast::Selection& selection) {
  std::string text;
  switch (selection.kind) {
    case ast::Selection::Kind::field:
      if (!selection.alias.empty()) text.append(selection.alias).append(": ");
      text.append(selection.name.text).append(text_of(selection.arguments));
      break;
    case ast::Selection::Kind::spread:
      text.append("...").append(selection.name.text);
      break;
    case ast::Selection::Kind::inline_fragment:
      text.append("...");
      if (selection.on) text.append(" on ").append(selection.on->text);
  }
  return text + text_of(selection.directives) + text_of(selection.selections);
}

std::string text_of(const std::vector<ast::Selection>& selections) {
  if (selections.empty()) return "";
  std::string text = " {";
  for (const ast::Selection& selection : selections) text.append(" ").append(text_of(selection));
  return text + " }";
}

std::string text_of(const std::vector<ast::VariableDefinition>& variables) {
  if (variables.empty()) return "";
  std::string text;
  for (const ast::VariableDefinition& variable : variables) {
    text.append(text.empty() ? "(" : ", ").append("$").append(variable.name.text).append(": ");
    text += variable.type.wrapping.around(variable.type.name.text);
    if (variable.default_value) text.append(" = ").append(ast::to_text(*variable.default_value));
    text += text_of(variable.directives);
  }
  return text + ")";
}

std::string_view word_of(OperationKind kind) {
  if (kind == OperationKind::mutation) return "mutation ";
  return kind == OperationKind::subscription ? "subscription " : "query ";
}

}  // namespace

std::string text_of(const ast::Document& document) {
  std::string text;
  for (const ast::Operation& operation : document.operations) {
    text.append(word_of(operation.kind)).append(operation.name.text);
    text.append(text_of(operation.variables)).append(text_of(operation.directives));
    text.append(text_of(operation.selections)).append("\n");
  }
  for (const ast::Fragment& fragment : document.fragments) {
    text.append("fragment ").append(fragment.name.text).append(" on ").append(fragment.on.text);
    text.append(text_of(fragment.directives)).append(text_of(fragment.selections)).append("\n");
  }
  return text;
}

}  // namespace cpc::fuzz
