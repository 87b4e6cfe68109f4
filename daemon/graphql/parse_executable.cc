#include <algorithm>
#include <array>

#include "daemon/graphql/parser.h"
#include "daemon/graphql/token_reader.h"

namespace cpc::graphql {
namespace {

constexpr std::array<std::string_view, 9> type_system_words{
    "schema", "scalar", "type", "interface", "union", "enum", "input", "directive", "extend"};

Checked<std::vector<ast::Selection>> parse_selections(TokenReader& reader);

Checked<> parse_field(TokenReader& reader, ast::Selection& field) {
  CPC_TRY(field.name, reader.name());
  CPC_TRY(const bool has_alias, reader.skip(":"));
  if (has_alias) {
    CPC_TRY(reader.count_alias());
    field.alias = field.name.text;
    CPC_TRY(field.name, reader.name());
  }
  CPC_TRY(field.arguments, reader.arguments(/*is_constant=*/false));
  CPC_TRY(field.directives, reader.directives(/*is_constant=*/false));
  if (reader.at("{")) {
    CPC_TRY(field.selections, parse_selections(reader));
  }
  return success();
}

Checked<> parse_after_dots(TokenReader& reader, ast::Selection& selection) {
  CPC_TRY(reader.expect("..."));
  const bool is_name = reader.token().kind == Token::Kind::name;
  if (is_name && !reader.at_word("on")) {
    selection.kind = ast::Selection::Kind::spread;
    CPC_TRY(selection.name, reader.name());
    CPC_TRY(selection.directives, reader.directives(/*is_constant=*/false));
    return success();
  }
  selection.kind = ast::Selection::Kind::inline_fragment;
  if (is_name) {
    CPC_TRY(reader.advance());
    CPC_TRY(selection.on, reader.name());
  }
  CPC_TRY(selection.directives, reader.directives(/*is_constant=*/false));
  CPC_TRY(selection.selections, parse_selections(reader));
  return success();
}

Checked<std::vector<ast::Selection>> parse_selections(TokenReader& reader) {
  return reader.many<ast::Selection>("{", "}", [&]() -> Checked<ast::Selection> {
    ast::Selection selection;
    selection.at = reader.token().at;
    if (reader.at("...")) {
      CPC_TRY(parse_after_dots(reader, selection));
    } else {
      CPC_TRY(parse_field(reader, selection));
    }
    return selection;
  });
}

Checked<ast::VariableDefinition> parse_variable(TokenReader& reader) {
  ast::VariableDefinition variable;
  CPC_TRY(reader.expect("$"));
  CPC_TRY(variable.name, reader.name());
  CPC_TRY(reader.expect(":"));
  CPC_TRY(variable.type, reader.type());
  CPC_TRY(const bool has_default, reader.skip("="));
  if (has_default) {
    CPC_TRY(variable.default_value, reader.value(/*is_constant=*/true));
  }
  CPC_TRY(variable.directives, reader.directives(/*is_constant=*/true));
  return variable;
}

Checked<ast::Operation> parse_operation(TokenReader& reader) {
  ast::Operation operation;
  operation.name.at = reader.token().at;
  if (!reader.at("{")) {
    if (reader.at_word("mutation")) operation.kind = OperationKind::mutation;
    if (reader.at_word("subscription")) operation.kind = OperationKind::subscription;
    CPC_TRY(reader.advance());
    if (reader.token().kind == Token::Kind::name) {
      CPC_TRY(operation.name, reader.name());
    }
    if (reader.at("(")) {
      CPC_TRY(operation.variables, reader.many<ast::VariableDefinition>(
                                       "(", ")", [&] { return parse_variable(reader); }));
    }
    CPC_TRY(operation.directives, reader.directives(/*is_constant=*/false));
  }
  CPC_TRY(operation.selections, parse_selections(reader));
  return operation;
}

Checked<ast::Fragment> parse_fragment(TokenReader& reader) {
  ast::Fragment fragment;
  CPC_TRY(reader.expect("fragment"));
  if (reader.at_word("on")) return reader.unexpected();
  CPC_TRY(fragment.name, reader.name());
  CPC_TRY(reader.expect("on"));
  CPC_TRY(fragment.on, reader.name());
  CPC_TRY(fragment.directives, reader.directives(/*is_constant=*/false));
  CPC_TRY(fragment.selections, parse_selections(reader));
  return fragment;
}

}  // namespace

Checked<DocumentPointer> parse_executable(std::string text, const Limits& limits) {
  auto document = std::make_shared<ast::Document>(std::move(text));
  TokenReader reader{document->text, limits};
  CPC_TRY(reader.start());
  do {
    if (reader.at_word("fragment")) {
      CPC_TRY(ast::Fragment fragment, parse_fragment(reader));
      document->fragments.push_back(std::move(fragment));
    } else if (reader.at("{") || reader.at_word("query") || reader.at_word("mutation") ||
               reader.at_word("subscription")) {
      CPC_TRY(ast::Operation operation, parse_operation(reader));
      document->operations.push_back(std::move(operation));
    } else if (reader.token().kind == Token::Kind::name &&
               std::ranges::count(type_system_words, reader.token().text) > 0) {
      return refuse(code::validation_failed, "only operations and fragments can be executed",
                    {locate(document->text, reader.token().at)});
    } else {
      return reader.unexpected();
    }
  } while (!reader.at_end());
  return DocumentPointer{std::move(document)};
}

}  // namespace cpc::graphql
