#include "daemon/graphql/token_reader.h"

namespace cpc::graphql {

Refusal TokenReader::too_complex(std::string message) const {
  return refuse(code::too_complex, std::move(message), {locate(text_, token_.at)});
}

Refusal TokenReader::unexpected() const {
  const std::string what =
      at_end() ? "the document ends too early"
      : token_.kind == Token::Kind::name || token_.kind == Token::Kind::punctuator
          ? "unexpected \"" + std::string{token_.text} + "\""
          : "unexpected value";
  return lexer_.error_at(token_.at, what);
}

Checked<> TokenReader::start() {
  if (text_.size() > limits_.document_bytes_max) {
    return refuse(code::too_complex, "the document is longer than " +
                                         std::to_string(limits_.document_bytes_max) + " octets");
  }
  CPC_TRY(lexer_.check_source());
  return advance();
}

Checked<> TokenReader::advance() {
  CPC_TRY(token_, lexer_.next());
  if (!at_end() && ++tokens_ > limits_.tokens_max) {
    return too_complex("the document has more than " + std::to_string(limits_.tokens_max) +
                       " tokens");
  }
  return success();
}

Checked<> TokenReader::go_deeper() {
  if (++nesting_ > limits_.nesting_max) {
    return too_complex("the document nests deeper than " + std::to_string(limits_.nesting_max) +
                       " levels");
  }
  return success();
}

Checked<> TokenReader::count_alias() {
  if (++aliases_ > limits_.aliases_max) {
    return too_complex("the document has more than " + std::to_string(limits_.aliases_max) +
                       " aliases");
  }
  return success();
}

Checked<bool> TokenReader::skip(std::string_view text) {
  if (!at(text) && !at_word(text)) return false;
  CPC_TRY(advance());
  return true;
}

Checked<> TokenReader::expect(std::string_view text) {
  CPC_TRY(const bool found, skip(text));
  if (!found) return unexpected();
  return success();
}

Checked<ast::Name> TokenReader::name() {
  if (token_.kind != Token::Kind::name) return unexpected();
  const ast::Name found{token_.text, token_.at};
  CPC_TRY(advance());
  return found;
}

Checked<ast::Value> TokenReader::value(bool is_constant) {
  if (at("[")) return list_value(is_constant);
  if (at("{")) return object_value(is_constant);

  ast::Value value;
  value.at = token_.at;
  if (at("$") && !is_constant) {
    CPC_TRY(advance());
    CPC_TRY(const ast::Name variable, name());
    value.kind = ast::Value::Kind::variable;
    value.text = variable.text;
    return value;
  }
  switch (token_.kind) {
    case Token::Kind::integer:
      value.kind = ast::Value::Kind::integer;
      value.text = token_.text;
      break;
    case Token::Kind::floating:
      value.kind = ast::Value::Kind::floating;
      value.text = token_.text;
      break;
    case Token::Kind::string:
      value.kind = ast::Value::Kind::string;
      value.text = std::move(token_.value);
      break;
    case Token::Kind::name:
      return word_value();
    default:
      return unexpected();
  }
  CPC_TRY(advance());
  return value;
}

Checked<ast::Value> TokenReader::word_value() {
  ast::Value value;
  value.at = token_.at;
  value.text = token_.text;
  value.kind = at_word("true") || at_word("false") ? ast::Value::Kind::boolean
               : at_word("null")                   ? ast::Value::Kind::null
                                                   : ast::Value::Kind::enumeration;
  CPC_TRY(advance());
  return value;
}

Checked<ast::Value> TokenReader::list_value(bool is_constant) {
  ast::Value list;
  list.kind = ast::Value::Kind::list;
  list.at = token_.at;
  CPC_TRY(expect("["));
  CPC_TRY(go_deeper());
  while (!at("]")) {
    CPC_TRY(ast::Value item, value(is_constant));
    list.items.push_back(std::move(item));
  }
  --nesting_;
  CPC_TRY(advance());
  return list;
}

Checked<ast::Value> TokenReader::object_value(bool is_constant) {
  ast::Value object;
  object.kind = ast::Value::Kind::object;
  object.at = token_.at;
  CPC_TRY(expect("{"));
  CPC_TRY(go_deeper());
  while (!at("}")) {
    ast::Argument field;
    CPC_TRY(field.name, name());
    CPC_TRY(expect(":"));
    CPC_TRY(field.value, value(is_constant));
    object.fields.push_back(std::move(field));
  }
  --nesting_;
  CPC_TRY(advance());
  return object;
}

Checked<ast::TypeRef> TokenReader::type() {
  ast::TypeRef type;
  Wrapping& wrapping = type.wrapping;
  while (at("[")) {
    if (++wrapping.lists > Wrapping::lists_max) {
      return too_complex("a type has more than " + std::to_string(Wrapping::lists_max) + " lists");
    }
    CPC_TRY(advance());
  }
  CPC_TRY(type.name, name());
  for (unsigned level = wrapping.lists;; --level) {
    CPC_TRY(const bool non_null, skip("!"));
    if (non_null) wrapping.non_null_levels |= 1U << level;
    if (level == 0) return type;
    CPC_TRY(expect("]"));
  }
}

Checked<std::vector<ast::Argument>> TokenReader::arguments(bool is_constant) {
  if (!at("(")) return std::vector<ast::Argument>{};
  return many<ast::Argument>("(", ")", [&]() -> Checked<ast::Argument> {
    ast::Argument argument;
    CPC_TRY(argument.name, name());
    CPC_TRY(expect(":"));
    CPC_TRY(argument.value, value(is_constant));
    return argument;
  });
}

Checked<ast::Directives> TokenReader::directives(bool is_constant) {
  ast::Directives directives;
  while (at("@")) {
    if (++directives_ > limits_.directives_max) {
      return too_complex("the document has more than " + std::to_string(limits_.directives_max) +
                         " directives");
    }
    CPC_TRY(advance());
    ast::Directive directive;
    CPC_TRY(directive.name, name());
    CPC_TRY(directive.arguments, arguments(is_constant));
    directives.push_back(std::move(directive));
  }
  return directives;
}

}  // namespace cpc::graphql
