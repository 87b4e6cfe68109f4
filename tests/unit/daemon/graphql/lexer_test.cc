#include "daemon/graphql/lexer.h"

#include <catch2/catch.hpp>

namespace cpc::graphql {
namespace {

// Tokens separated by blanks, strings by their meaning; or "!line:column".
std::string tokens(std::string_view text) {
  Lexer lexer{text};
  std::string all;
  const auto place = [](const Refusal& refusal) {
    const Location at = refusal.problems.front().locations.front();
    return "!" + std::to_string(at.line) + ":" + std::to_string(at.column);
  };
  if (const auto source = lexer.check_source(); !source) return place(source.error());
  for (;;) {
    const auto token = lexer.next();
    if (!token) return place(token.error());
    if (token.value().kind == Token::Kind::end) return all;
    if (!all.empty()) all += ' ';
    all += token.value().kind == Token::Kind::string ? token.value().value
                                                     : std::string{token.value().text};
  }
}

}  // namespace

TEST_CASE("a document is cut into tokens, and what means nothing is left out") {
  CHECK(tokens("") == "");
  CHECK(tokens("\xEF\xBB\xBF{a,b # c\n,,}\xEF\xBB\xBF") == "{ a b }");
  CHECK(tokens("...on _A1{b:$c!=@d|&[e]}(f)") == "... on _A1 { b : $ c ! = @ d | & [ e ] } ( f )");
  CHECK(tokens("0 -1 12 1.5 -0.0 1e9 1E+2 2.5e-3") == "0 -1 12 1.5 -0.0 1e9 1E+2 2.5e-3");
}

TEST_CASE("what is no number is refused where it stops being one") {
  for (const char* text : {"01", "1.", ".5", "-", "1e", "1e+", "1.5.", "1a", "0x1", "1_", "+1"}) {
    INFO(text);
    CHECK(tokens(text).starts_with("!1:"));
  }
}

TEST_CASE("strings mean what their escapes say") {
  CHECK(tokens(R"("")") == "");
  CHECK(tokens(R"("a\"\\\/\b\f\n\r\t")") == "a\"\\/\b\f\n\r\t");
  CHECK(tokens(R"("\u00e4\u{1F600}\uD83D\uDE00\u{41}")") ==
        "\xC3\xA4\xF0\x9F\x98\x80\xF0\x9F\x98\x80"
        "A");
  CHECK(tokens("\"\xF0\x9F\x98\x80 # no comment\"") == "\xF0\x9F\x98\x80 # no comment");
}

TEST_CASE("broken strings are refused") {
  for (const char* text : {"\"", "\"a\nb\"", R"("\x")", R"("\u12")", R"("\u{}")", R"("\u{110000}")",
                           R"("\u{41")", R"("\uD83D")", R"("\uDE00")", R"("\uD83D\u0041")",
                           R"("\u{D83D}\u{DE00}")", "\"\\", R"("""a)", "\"\"\"\\\"\"\""}) {
    INFO(text);
    CHECK(tokens(text).starts_with("!1:"));
  }
}

TEST_CASE("octets that are no UTF-8 and control characters are refused") {
  CHECK(tokens("{a \x80}") == "!1:4");
  CHECK(tokens("\n\"\xC0\x80\"") == "!2:2");
  CHECK(tokens("\xED\xA0\x80") == "!1:1");
  CHECK(tokens("\xF4\x90\x80\x80") == "!1:1");
  CHECK(tokens("#\xF0\x9F\x98") == "!1:2");
  CHECK(tokens(std::string_view{"a\0b", 3}) == "!1:2");
  CHECK(tokens("a\x1B") == "!1:2");
  CHECK(tokens("a ? b") == "!1:3");
  CHECK(tokens("a..b") == "!1:2");
}

TEST_CASE("block strings lose their common indent and empty edges") {
  CHECK(tokens(R"("""""")") == "");
  CHECK(tokens("\"\"\"\n    Hello,\n      World!\n\n    Yours,\n      GraphQL.\n  \"\"\"") ==
        "Hello,\n  World!\n\nYours,\n  GraphQL.");
  CHECK(tokens("\"\"\"first\n    second\n      third\"\"\"") == "first\nsecond\n  third");
  CHECK(tokens("\"\"\"  first\r\n\t\tsecond\r\t\tthird\"\"\"") == "  first\nsecond\nthird");
  CHECK(tokens(R"("""raw \n \" \""" "quoted" """)") == R"(raw \n \" """ "quoted" )");
}

}  // namespace cpc::graphql
