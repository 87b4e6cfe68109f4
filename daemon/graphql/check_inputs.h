// Values, arguments and directives against their definitions: rules that requests
// (sections 5.4, 5.6, 5.7) and the schema's own text (section 3) share.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "daemon/graphql/ast.h"
#include "daemon/graphql/schema.h"

namespace cpc::graphql {

/// The problems found in one text, the first `problems_max` of them.
class Report {
 public:
  Report(std::string_view text, std::size_t problems_max) : text_(text), max_(problems_max) {}
  void add(std::string message, std::initializer_list<std::uint32_t> offsets);
  void add(Problem problem);
  [[nodiscard]] bool is_full() const { return refusal_.problems.size() >= max_; }
  [[nodiscard]] bool is_empty() const { return refusal_.problems.empty(); }
  [[nodiscard]] const Refusal& refusal() const { return refusal_; }

 private:
  std::string_view text_;
  std::size_t max_;
  Refusal refusal_;
};

/// A variable where a value is expected.
struct VariableUsage {
  ast::Name variable;
  TypeUse expected;          ///< Its type is null inside a custom scalar, where anything may stand.
  bool has_default = false;  ///< The place has a default of its own.
};

/// Where checking happens, and what it collects.
struct Site {
  const Schema& schema;
  Report& report;
  std::vector<VariableUsage>& variables;
};

/// Section 5.6: correct type, fields of input objects known, unique and not missing.
void check_value(Site& site, const ast::Value& value, const TypeUse& expected, bool has_default);

/// Section 5.4, for what stands at `owner`: arguments known, unique, required, values correct.
void check_arguments(Site& site, const Table<Input>& inputs, const ast::Name& owner,
                     const std::vector<ast::Argument>& arguments);

/// Section 5.7: directives known, allowed at `location` ("FIELD"), unique, arguments as above.
void check_directives(Site& site, const ast::Directives& directives, std::string_view location);

/// `"name"`, for messages.
[[nodiscard]] std::string in_quotes(std::string_view name);

/// Calls `twice(first, second)` for each name met again.
template <class Items, class Twice>
void for_each_twin(const Items& items, Twice twice) {
  std::unordered_map<std::string_view, std::uint32_t> met;
  for (const auto& item : items) {
    const auto [first, is_new] = met.emplace(item.name.text, item.name.at);
    if (!is_new) twice(ast::Name{first->first, first->second}, item.name);
  }
}

}  // namespace cpc::graphql
