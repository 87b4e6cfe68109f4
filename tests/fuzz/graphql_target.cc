// GraphQL documents, against the schema that clients see. The octets are a document, and behind a
// line `%%` its variables as JSON.
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "daemon/graphql/engine.h"
#include "daemon/graphql/lexer.h"
#include "daemon/graphql/parser.h"
#include "tests/fuzz/graphql_text.h"
#include "tests/fuzz/target.h"

namespace cpc::fuzz {
namespace {

using namespace graphql;

const Engine& engine() {
  static const std::unique_ptr<Engine> built = [] {
    std::ifstream file{CPC_SCHEMA_FILE};
    Setup setup;
    setup.sdl.assign(std::istreambuf_iterator<char>{file}, {});
    setup.scalars.emplace("DateTime", date_time_scalar());
    auto made = Engine::build(std::move(setup));
    promise(made.has_value(), "our own schema is sound");
    return std::move(made).value();
  }();
  return *built;
}

/// What the limits say of a text, counted without the parser.
struct Count {
  std::size_t tokens = 0;
  std::size_t brackets = 0;  ///< The deepest.
};

Count count(std::string_view text) {
  Count counted;
  std::size_t depth = 0;
  Lexer lexer{text};
  for (;;) {
    const auto token = lexer.next();
    promise(token.has_value(), "what was parsed is made of tokens");
    if (token.value().kind == Token::Kind::end) return counted;
    ++counted.tokens;
    if (token.value().kind != Token::Kind::punctuator) continue;
    const char c = token.value().text.front();
    if (c == '{' || c == '(') counted.brackets = std::max(counted.brackets, ++depth);
    if ((c == '}' || c == ')') && depth > 0) --depth;
  }
}

void check_parsed(const ast::Document& document) {
  const Limits limits;
  promise(document.text.size() <= limits.document_bytes_max, "a document's size is bounded");
  const Count counted = count(document.text);
  promise(counted.tokens <= limits.tokens_max, "a document's tokens are bounded");
  promise(counted.brackets <= limits.nesting_max, "a document's nesting is bounded");
  promise(!document.operations.empty() || !document.fragments.empty(), "a document has a content");
  promise(document.types.empty() && document.schemas.empty() && document.directives.empty(),
          "a client defines no types");

  const std::string text = text_of(document);
  Limits roomy = limits;
  roomy.document_bytes_max = text.size();
  roomy.tokens_max += document.operations.size();  // `{ a }` is written `query { a }`.
  const auto again = parse_executable(text, roomy);
  promise(again.has_value(), "a document that is written again is one");
  promise(text_of(*again.value()) == text, "a document that is written again reads as the same");
}

void check_refusal(const Refusal& refusal, std::string_view text) {
  promise(!refusal.problems.empty(), "a refusal says why");
  promise(refusal.problems.size() <= Limits{}.errors_max, "so many problems are told at most");
  for (const Problem& problem : refusal.problems) {
    promise(problem.code != code::internal, "a document is never our fault");
    for (const Location& location : problem.locations) {
      promise(location.line >= 1 && location.line <= text.size() + 1, "a problem has a place");
    }
  }
  promise(!to_text(refusal.answer()).empty(), "a refusal can be sent");
}

Json variables_of(std::string_view text) {
  Json value = Json::parse(text, nullptr, false);
  return value.is_object() ? value : Json();
}

}  // namespace

void run(std::string_view octets) {
  std::string_view variables = octets;
  const std::string text{cut(variables, "\n%%\n")};
  const auto parsed = parse_executable(text, Limits{});
  if (parsed) check_parsed(*parsed.value());
  if (!parsed) check_refusal(parsed.error(), text);

  for (const bool may_introspect : {false, true}) {
    const Incoming incoming{text, "", variables_of(variables), may_introspect};
    const auto first = engine().prepare(incoming);
    const auto second = engine().prepare(incoming);
    promise(first.has_value() == second.has_value(), "what was kept is judged as it was");
    if (first) {
      promise(parsed.has_value(), "only what parses is run");
      promise(first.value().cost() <= Limits{}.cost_max, "what is run has a bounded cost");
      promise(first.value().cost() == second.value().cost(), "a document has one cost");
    } else {
      check_refusal(first.error(), text);
    }
  }
}

}  // namespace cpc::fuzz
