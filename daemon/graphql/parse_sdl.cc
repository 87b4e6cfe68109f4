#include "daemon/graphql/parser.h"
#include "daemon/graphql/token_reader.h"

namespace cpc::graphql {
namespace {

constexpr std::size_t no_limit = 0xFFFFFFFF;

Checked<std::string> parse_description(TokenReader& reader) {
  if (reader.token().kind != Token::Kind::string) return std::string{};
  std::string description = reader.token().value;
  CPC_TRY(reader.advance());
  return description;
}

// Names between separators, with an optional separator before the first.
Checked<std::vector<ast::Name>> parse_names(TokenReader& reader, std::string_view separator) {
  std::vector<ast::Name> names;
  CPC_TRY(bool more, reader.skip(separator));
  do {
    CPC_TRY(const ast::Name name, reader.name());
    names.push_back(name);
    CPC_TRY(more, reader.skip(separator));
  } while (more);
  return names;
}

Checked<ast::InputDefinition> parse_input(TokenReader& reader) {
  ast::InputDefinition input;
  CPC_TRY(input.description, parse_description(reader));
  CPC_TRY(input.name, reader.name());
  CPC_TRY(reader.expect(":"));
  CPC_TRY(input.type, reader.type());
  CPC_TRY(const bool has_default, reader.skip("="));
  if (has_default) {
    CPC_TRY(input.default_value, reader.value(/*is_constant=*/true));
  }
  CPC_TRY(input.directives, reader.directives(/*is_constant=*/true));
  return input;
}

Checked<std::vector<ast::InputDefinition>> parse_inputs(TokenReader& reader, std::string_view open,
                                                        std::string_view close) {
  if (!reader.at(open)) return std::vector<ast::InputDefinition>{};
  return reader.many<ast::InputDefinition>(open, close, [&] { return parse_input(reader); });
}

Checked<ast::FieldDefinition> parse_field(TokenReader& reader) {
  ast::FieldDefinition field;
  CPC_TRY(field.description, parse_description(reader));
  CPC_TRY(field.name, reader.name());
  CPC_TRY(field.arguments, parse_inputs(reader, "(", ")"));
  CPC_TRY(reader.expect(":"));
  CPC_TRY(field.type, reader.type());
  CPC_TRY(field.directives, reader.directives(/*is_constant=*/true));
  return field;
}

Checked<ast::EnumValueDefinition> parse_enum_value(TokenReader& reader) {
  ast::EnumValueDefinition value;
  CPC_TRY(value.description, parse_description(reader));
  if (reader.at_word("true") || reader.at_word("false") || reader.at_word("null")) {
    return reader.unexpected();
  }
  CPC_TRY(value.name, reader.name());
  CPC_TRY(value.directives, reader.directives(/*is_constant=*/true));
  return value;
}

Checked<> parse_type_body(TokenReader& reader, ast::TypeDefinition& type) {
  using ast::TypeKind;
  switch (type.kind) {
    case TypeKind::scalar:
      return success();
    case TypeKind::object:
    case TypeKind::interface:
      if (reader.at("{")) {
        CPC_TRY(type.fields,
                reader.many<ast::FieldDefinition>("{", "}", [&] { return parse_field(reader); }));
      }
      return success();
    case TypeKind::union_of: {
      CPC_TRY(const bool has_members, reader.skip("="));
      if (has_members) {
        CPC_TRY(type.members, parse_names(reader, "|"));
      }
      return success();
    }
    case TypeKind::enumeration:
      if (reader.at("{")) {
        CPC_TRY(type.values, reader.many<ast::EnumValueDefinition>(
                                 "{", "}", [&] { return parse_enum_value(reader); }));
      }
      return success();
    case TypeKind::input:
      CPC_TRY(type.inputs, parse_inputs(reader, "{", "}"));
      return success();
  }
  return success();
}

Checked<ast::TypeKind> parse_type_word(TokenReader& reader) {
  using ast::TypeKind;
  constexpr std::pair<std::string_view, TypeKind> words[] = {
      {"scalar", TypeKind::scalar},       {"type", TypeKind::object},
      {"interface", TypeKind::interface}, {"union", TypeKind::union_of},
      {"enum", TypeKind::enumeration},    {"input", TypeKind::input}};
  for (const auto& [word, kind] : words) {
    CPC_TRY(const bool found, reader.skip(word));
    if (found) return kind;
  }
  return reader.unexpected();
}

Checked<ast::TypeDefinition> parse_type(TokenReader& reader) {
  ast::TypeDefinition type;
  CPC_TRY(type.kind, parse_type_word(reader));
  CPC_TRY(type.name, reader.name());
  const bool may_implement =
      type.kind == ast::TypeKind::object || type.kind == ast::TypeKind::interface;
  if (may_implement && reader.at_word("implements")) {
    CPC_TRY(reader.advance());
    CPC_TRY(type.interfaces, parse_names(reader, "&"));
  }
  CPC_TRY(type.directives, reader.directives(/*is_constant=*/true));
  CPC_TRY(parse_type_body(reader, type));
  return type;
}

Checked<ast::DirectiveDefinition> parse_directive(TokenReader& reader) {
  ast::DirectiveDefinition directive;
  CPC_TRY(reader.expect("directive"));
  CPC_TRY(reader.expect("@"));
  CPC_TRY(directive.name, reader.name());
  CPC_TRY(directive.arguments, parse_inputs(reader, "(", ")"));
  CPC_TRY(directive.repeatable, reader.skip("repeatable"));
  CPC_TRY(reader.expect("on"));
  CPC_TRY(directive.locations, parse_names(reader, "|"));
  return directive;
}

Checked<ast::RootDefinition> parse_root(TokenReader& reader) {
  ast::RootDefinition root;
  if (reader.at_word("mutation")) {
    root.kind = OperationKind::mutation;
  } else if (reader.at_word("subscription")) {
    root.kind = OperationKind::subscription;
  } else if (!reader.at_word("query")) {
    return reader.unexpected();
  }
  CPC_TRY(reader.advance());
  CPC_TRY(reader.expect(":"));
  CPC_TRY(root.type, reader.name());
  return root;
}

Checked<ast::SchemaDefinition> parse_schema(TokenReader& reader) {
  ast::SchemaDefinition schema;
  schema.at = reader.token().at;
  CPC_TRY(reader.expect("schema"));
  CPC_TRY(schema.directives, reader.directives(/*is_constant=*/true));
  if (reader.at("{")) {
    CPC_TRY(schema.roots,
            reader.many<ast::RootDefinition>("{", "}", [&] { return parse_root(reader); }));
  }
  return schema;
}

Checked<> parse_definition(TokenReader& reader, ast::Document& document) {
  const bool is_described = reader.token().kind == Token::Kind::string;
  CPC_TRY(std::string description, parse_description(reader));
  if (is_described && reader.at_word("extend")) return reader.unexpected();
  CPC_TRY(const bool extends, reader.skip("extend"));
  if (reader.at_word("schema")) {
    CPC_TRY(ast::SchemaDefinition schema, parse_schema(reader));
    schema.extends = extends;
    schema.description = std::move(description);
    document.schemas.push_back(std::move(schema));
  } else if (reader.at_word("directive") && !extends) {
    CPC_TRY(ast::DirectiveDefinition directive, parse_directive(reader));
    directive.description = std::move(description);
    document.directives.push_back(std::move(directive));
  } else {
    CPC_TRY(ast::TypeDefinition type, parse_type(reader));
    type.extends = extends;
    type.description = std::move(description);
    document.types.push_back(std::move(type));
  }
  return success();
}

}  // namespace

Checked<std::shared_ptr<ast::Document>> parse_sdl(std::string text) {
  const Limits limits{.document_bytes_max = no_limit,
                      .tokens_max = no_limit,
                      .aliases_max = no_limit,
                      .directives_max = no_limit};
  auto document = std::make_shared<ast::Document>(std::move(text));
  TokenReader reader{document->text, limits};
  CPC_TRY(reader.start());
  while (!reader.at_end()) {
    CPC_TRY(parse_definition(reader, *document));
  }
  return document;
}

}  // namespace cpc::graphql
