// Octets to tokens (sections 2.1 and appendix B.1 to B.3), with the escapes \u{...} and the whole
// of Unicode that later drafts brought.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/graphql/problem.h"

namespace cpc::graphql {

struct Token {
  enum class Kind { end, punctuator, name, integer, floating, string };
  Kind kind = Kind::end;
  std::uint32_t at = 0;   ///< Offset in octets.
  std::string_view text;  ///< As written; points into the source.
  std::string value;      ///< Of strings: what they mean.
};

class Lexer {
 public:
  /// `source` must outlive the lexer and its tokens, and be shorter than 4 GiB.
  explicit Lexer(std::string_view source) : source_(source) {}

  /// Refuses what cannot be in a document at all: octets that are no UTF-8, and control characters.
  [[nodiscard]] Checked<> check_source() const;

  /// The next token, at last and then always Kind::end. Refuses with GRAPHQL_PARSE_FAILED.
  [[nodiscard]] Checked<Token> next();

  [[nodiscard]] Refusal error_at(std::size_t offset, std::string message) const;

 private:
  void skip_ignored();
  [[nodiscard]] Token take(Token::Kind kind, std::size_t length);
  [[nodiscard]] Checked<Token> number();
  [[nodiscard]] Checked<Token> string();
  [[nodiscard]] Checked<Token> block_string();
  [[nodiscard]] Checked<> escape(std::string& value);
  [[nodiscard]] Checked<std::uint32_t> hex_escape();
  [[nodiscard]] bool at(std::string_view text) const {
    return source_.substr(here_, text.size()) == text;
  }
  [[nodiscard]] char look(std::size_t ahead = 0) const {
    return here_ + ahead < source_.size() ? source_[here_ + ahead] : '\0';
  }

  std::string_view source_;
  std::size_t here_ = 0;
};

/// BlockStringValue() of section 2.9.4: the common indent and empty first and last lines go.
[[nodiscard]] std::string block_string_value(std::string_view raw);

}  // namespace cpc::graphql
