#include "daemon/graphql/lexer.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace cpc::graphql {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::string_view white_space = " \t";
constexpr std::uint32_t code_point_max = 0x10FFFF;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_high_surrogate(std::uint32_t unit) {
  return unit >= 0xD800 && unit <= 0xDBFF;
}
bool is_low_surrogate(std::uint32_t unit) {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}
bool is_surrogate(std::uint32_t unit) {
  return is_high_surrogate(unit) || is_low_surrogate(unit);
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_utf8(std::string& out, std::uint32_t point) {
  const auto octet = [&out](std::uint32_t value) { out.push_back(static_cast<char>(value)); };
  if (point < 0x80) {
    octet(point);
  } else if (point < 0x800) {
    octet(0xC0 | point >> 6);
    octet(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    octet(0xE0 | point >> 12);
    octet(0x80 | (point >> 6 & 0x3F));
    octet(0x80 | (point & 0x3F));
  } else {
    octet(0xF0 | point >> 18);
    octet(0x80 | (point >> 12 & 0x3F));
    octet(0x80 | (point >> 6 & 0x3F));
    octet(0x80 | (point & 0x3F));
  }
}

// Length of the well-formed UTF-8 sequence (RFC 3629 section 4) at the start of `text`, or 0.
std::size_t utf8_length(std::string_view text) {
  const auto octet = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto continues = [&](std::size_t i) { return (octet(i) & 0xC0) == 0x80; };
  const unsigned first = octet(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && octet(1) < 0xA0;
    const bool surrogate = first == 0xED && octet(1) > 0x9F;
    return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && octet(1) < 0x90;
    const bool too_big = first == 0xF4 && octet(1) > 0x8F;
    return continues(1) && continues(2) && continues(3) && !overlong && !too_big ? 4 : 0;
  }
  return 0;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (;;) {
    const std::size_t end = text.find_first_of("\r\n");
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + (text.substr(end, 2) == "\r\n" ? 2 : 1));
  }
}

}  // namespace

Refusal Lexer::error_at(std::size_t offset, std::string message) const {
  return refuse(code::parse_failed, std::move(message), {locate(source_, offset)});
}

Checked<> Lexer::check_source() const {
  for (std::size_t i = 0; i < source_.size();) {
    const std::size_t length = utf8_length(source_.substr(i));
    if (length == 0) return error_at(i, "the document is not UTF-8");
    const auto octet = static_cast<unsigned char>(source_[i]);
    if (octet < 0x20 && octet != '\t' && octet != '\n' && octet != '\r') {
      return error_at(i, "a control character cannot be in a document");
    }
    i += length;
  }
  return success();
}

void Lexer::skip_ignored() {
  while (here_ < source_.size()) {
    const char c = source_[here_];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',') {
      ++here_;
    } else if (c == '#') {
      here_ = std::min(source_.find_first_of("\r\n", here_), source_.size());
    } else if (at(byte_order_mark)) {
      here_ += byte_order_mark.size();
    } else {
      return;
    }
  }
}

Token Lexer::take(Token::Kind kind, std::size_t length) {
  Token token;
  token.kind = kind;
  token.at = static_cast<std::uint32_t>(here_);
  token.text = source_.substr(here_, length);
  here_ += length;
  return token;
}

Checked<Token> Lexer::next() {
  skip_ignored();
  if (here_ >= source_.size()) return take(Token::Kind::end, 0);
  const char c = source_[here_];
  if (is_name_start(c)) {
    std::size_t length = 1;
    while (is_name_start(look(length)) || is_digit(look(length))) ++length;
    return take(Token::Kind::name, length);
  }
  if (is_digit(c) || c == '-') return number();
  if (at(R"(""")")) return block_string();
  if (c == '"') return string();
  if (at("...")) return take(Token::Kind::punctuator, 3);
  if (std::string_view{"!$&():=@[]{|}"}.find(c) != std::string_view::npos) {
    return take(Token::Kind::punctuator, 1);
  }
  return error_at(here_, "a character that starts no token");
}

// Sections 2.9.1 and 2.9.2. A number must not run into a name, a dot or another digit.
Checked<Token> Lexer::number() {
  std::size_t length = look() == '-' ? 1 : 0;
  const auto digits = [&] {
    const std::size_t before = length;
    while (is_digit(look(length))) ++length;
    return length > before;
  };
  const bool starts_with_zero = look(length) == '0';
  if (starts_with_zero) {
    ++length;
  } else if (!digits()) {
    return error_at(here_ + length, "expected a digit");
  }
  Token::Kind kind = Token::Kind::integer;
  if (look(length) == '.') {
    kind = Token::Kind::floating;
    ++length;
    if (!digits()) return error_at(here_ + length, "expected a digit");
  }
  if (look(length) == 'e' || look(length) == 'E') {
    kind = Token::Kind::floating;
    ++length;
    if (look(length) == '+' || look(length) == '-') ++length;
    if (!digits()) return error_at(here_ + length, "expected a digit");
  }
  const char after = look(length);
  if (is_digit(after) || after == '.' || is_name_start(after)) {
    return error_at(here_ + length, "a number ends in something that is no number");
  }
  return take(kind, length);
}

Checked<Token> Lexer::string() {
  const std::size_t start = here_++;
  std::string value;
  for (;;) {
    const char c = look();
    if (here_ >= source_.size() || c == '\n' || c == '\r') {
      return error_at(start, "a string is not closed in its line");
    }
    if (c == '"') break;
    if (c == '\\') {
      CPC_TRY(escape(value));
    } else {
      value.push_back(c);
      ++here_;
    }
  }
  const std::size_t length = here_ + 1 - start;
  here_ = start;
  Token token = take(Token::Kind::string, length);
  token.value = std::move(value);
  return token;
}

Checked<> Lexer::escape(std::string& value) {
  constexpr std::string_view names = "\"\\/bfnrt";
  constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
  const std::size_t start = here_;
  const std::size_t found = names.find(look(1));
  if (found != std::string_view::npos) {
    value.push_back(meanings[found]);
    here_ += 2;
    return success();
  }
  const bool braced = look(2) == '{';
  CPC_TRY(std::uint32_t point, hex_escape());
  if (!braced && is_high_surrogate(point) && at("\\u") && look(2) != '{') {
    CPC_TRY(const std::uint32_t low, hex_escape());
    if (is_low_surrogate(low)) point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
  }
  if (is_surrogate(point)) return error_at(start, "half of a surrogate pair in a string");
  append_utf8(value, point);
  return success();
}

// \uXXXX or \u{X...}: one code unit, not yet checked for surrogates.
Checked<std::uint32_t> Lexer::hex_escape() {
  const std::size_t start = here_;
  if (look(1) != 'u') return error_at(start, "an unknown escape in a string");
  here_ += 2;
  const bool braced = look() == '{';
  if (braced) ++here_;
  std::uint32_t point = 0;
  std::size_t digits = 0;
  for (; (braced || digits < 4) && hex_value(look()) >= 0; ++digits, ++here_) {
    point = point * 16 + static_cast<std::uint32_t>(hex_value(look()));
    if (point > code_point_max) return error_at(start, "an escape beyond U+10FFFF in a string");
  }
  const bool complete = braced ? digits > 0 && look() == '}' : digits == 4;
  if (!complete) return error_at(start, "an incomplete escape in a string");
  if (braced) ++here_;
  return point;
}

Checked<Token> Lexer::block_string() {
  constexpr std::string_view quotes = R"(""")";
  const std::size_t start = here_;
  std::string raw;
  for (here_ += quotes.size(); !at(quotes);) {
    if (here_ >= source_.size()) return error_at(start, "a block string is not closed");
    if (look() == '\\' && source_.substr(here_ + 1, quotes.size()) == quotes) {
      raw += quotes;
      here_ += 1 + quotes.size();
    } else {
      raw.push_back(source_[here_++]);
    }
  }
  const std::size_t length = here_ + quotes.size() - start;
  here_ = start;
  Token token = take(Token::Kind::string, length);
  token.value = block_string_value(raw);
  return token;
}

std::string block_string_value(std::string_view raw) {
  std::vector<std::string_view> lines = lines_of(raw);
  const auto indent = [](std::string_view line) { return line.find_first_not_of(white_space); };
  const auto is_blank = [&](std::string_view line) {
    return indent(line) == std::string_view::npos;
  };

  std::size_t common = std::string_view::npos;
  for (std::size_t i = 1; i < lines.size(); ++i) common = std::min(common, indent(lines[i]));
  if (common != std::string_view::npos) {
    for (std::size_t i = 1; i < lines.size(); ++i) {
      lines[i].remove_prefix(std::min(common, lines[i].size()));
    }
  }
  const auto first = std::find_if_not(lines.begin(), lines.end(), is_blank);
  const auto last = std::find_if_not(lines.rbegin(), lines.rend(), is_blank).base();

  std::string value;
  for (auto line = first; line < last; ++line) {
    if (line != first) value.push_back('\n');
    value += *line;
  }
  return value;
}

}  // namespace cpc::graphql
