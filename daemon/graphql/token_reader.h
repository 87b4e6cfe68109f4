// What both parsers stand on: one token of look-ahead, the counted limits, and the pieces of
// grammar that requests and type definitions share (values, types, arguments, directives).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/graphql/ast.h"
#include "daemon/graphql/lexer.h"
#include "daemon/graphql/limits.h"

namespace cpc::graphql {

/// Every function refuses with GRAPHQL_PARSE_FAILED, or QUERY_TOO_COMPLEX beyond a limit.
class TokenReader {
 public:
  /// `text` and `limits` must outlive the reader.
  TokenReader(std::string_view text, const Limits& limits)
      : text_(text), limits_(limits), lexer_(text) {}

  /// Checks size and octets of the text, and reads the first token.
  [[nodiscard]] Checked<> start();
  [[nodiscard]] Checked<> advance();

  [[nodiscard]] const Token& token() const { return token_; }
  [[nodiscard]] bool at_end() const { return token_.kind == Token::Kind::end; }
  [[nodiscard]] bool at(std::string_view punctuator) const {
    return token_.kind == Token::Kind::punctuator && token_.text == punctuator;
  }
  [[nodiscard]] bool at_word(std::string_view word) const {
    return token_.kind == Token::Kind::name && token_.text == word;
  }

  /// Steps over the punctuator or word if it is there, and tells whether it was.
  [[nodiscard]] Checked<bool> skip(std::string_view text);
  [[nodiscard]] Checked<> expect(std::string_view text);
  [[nodiscard]] Checked<ast::Name> name();
  [[nodiscard]] Refusal unexpected() const;

  [[nodiscard]] Checked<ast::Value> value(bool is_constant);
  [[nodiscard]] Checked<ast::TypeRef> type();
  [[nodiscard]] Checked<std::vector<ast::Argument>> arguments(bool is_constant);
  [[nodiscard]] Checked<ast::Directives> directives(bool is_constant);

  /// To be called for each alias: refuses beyond `aliases_max`.
  [[nodiscard]] Checked<> count_alias();

  /// `open` item... `close`, at least one item, one level deeper in nesting.
  template <class Item, class Parse>
  [[nodiscard]] Checked<std::vector<Item>> many(std::string_view open, std::string_view close,
                                                Parse parse);

 private:
  [[nodiscard]] Checked<> go_deeper();
  [[nodiscard]] Checked<ast::Value> word_value();
  [[nodiscard]] Checked<ast::Value> list_value(bool is_constant);
  [[nodiscard]] Checked<ast::Value> object_value(bool is_constant);
  [[nodiscard]] Refusal too_complex(std::string message) const;

  std::string_view text_;
  const Limits& limits_;
  Lexer lexer_;
  Token token_;
  std::size_t tokens_ = 0;
  std::size_t nesting_ = 0;
  std::size_t aliases_ = 0;
  std::size_t directives_ = 0;
};

template <class Item, class Parse>
Checked<std::vector<Item>> TokenReader::many(std::string_view open, std::string_view close,
                                             Parse parse) {
  CPC_TRY(expect(open));
  CPC_TRY(go_deeper());
  std::vector<Item> items;
  do {
    CPC_TRY(Item item, parse());
    items.push_back(std::move(item));
  } while (!at(close));
  --nesting_;
  CPC_TRY(advance());
  return items;
}

}  // namespace cpc::graphql
