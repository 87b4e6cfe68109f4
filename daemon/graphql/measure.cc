#include "daemon/graphql/measure.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <unordered_map>

#include "daemon/graphql/coerce.h"

namespace cpc::graphql {
namespace {

constexpr std::array<std::string_view, 2> multipliers{"first", "last"};
constexpr std::array<std::string_view, 4> type_lists{"fields", "interfaces", "possibleTypes",
                                                     "inputFields"};
constexpr std::uint64_t cost_limit = std::numeric_limits<std::uint64_t>::max();

bool is_meta_root(const ast::Selection& selection) {
  return selection.kind == ast::Selection::Kind::field &&
         (selection.name.text == "__schema" || selection.name.text == "__type");
}

std::uint64_t add(std::uint64_t left, std::uint64_t right) {
  return left > cost_limit - right ? cost_limit : left + right;
}
std::uint64_t multiply(std::uint64_t left, std::uint64_t right) {
  return right != 0 && left > cost_limit / right ? cost_limit : left * right;
}

Refusal too_deep(std::string_view what, std::size_t max) {
  return refuse(code::too_complex,
                "the " + std::string{what} + " is deeper than " + std::to_string(max) + " levels");
}

// How deep one selection set goes, itself at level 0.
struct Depth {
  std::size_t fields = 0;
  std::size_t nesting = 0;
  std::size_t type_lists = 0;

  void include(const Depth& other) {
    fields = std::max(fields, other.fields);
    nesting = std::max(nesting, other.nesting);
    type_lists = std::max(type_lists, other.type_lists);
  }
};

class DepthMeter {
 public:
  DepthMeter(const ast::Fragments& fragments, const Limits& limits)
      : fragments_(fragments), limits_(limits) {}

  Checked<Depth> measure(const std::vector<ast::Selection>& selections, std::size_t level) {
    Depth deepest;
    for (const ast::Selection& selection : selections) {
      CPC_TRY(const Depth depth, measure_one(selection, level + 1));
      deepest.include(depth);
    }
    return deepest;
  }

 private:
  Checked<Depth> measure_one(const ast::Selection& selection, std::size_t level) {
    if (level > limits_.nesting_max) return too_deep("document", limits_.nesting_max);
    Depth depth;
    if (selection.kind == ast::Selection::Kind::spread) {
      CPC_TRY(depth, measure_fragment(*fragments_.at(selection.name.text), level));
    } else {
      CPC_TRY(depth, measure(selection.selections, level));
    }
    ++depth.nesting;
    if (level + depth.nesting > limits_.nesting_max + 1) {
      return too_deep("document", limits_.nesting_max);
    }
    if (selection.kind != ast::Selection::Kind::field) return depth;
    ++depth.fields;
    if (std::ranges::count(type_lists, selection.name.text) > 0) ++depth.type_lists;
    if (!is_meta_root(selection)) return depth;
    if (depth.fields > limits_.introspection_depth_max ||
        depth.type_lists > limits_.introspection_lists_max) {
      return too_deep("introspection", limits_.introspection_depth_max);
    }
    return Depth{1, depth.nesting, 0};
  }

  Checked<Depth> measure_fragment(const ast::Fragment& fragment, std::size_t level) {
    const auto known = measured_.find(&fragment);
    if (known != measured_.end()) return known->second;
    CPC_TRY(const Depth depth, measure(fragment.selections, level));
    measured_.emplace(&fragment, depth);
    return depth;
  }

  const ast::Fragments& fragments_;
  const Limits& limits_;
  std::unordered_map<const ast::Fragment*, Depth> measured_;
};

class CostMeter {
 public:
  CostMeter(const Schema& schema, const ast::Fragments& fragments, const Json& variables,
            const Limits& limits)
      : schema_(schema), fragments_(fragments), variables_(variables), limits_(limits) {}

  std::uint64_t measure(const Type& parent, const std::vector<ast::Selection>& selections) {
    std::uint64_t sum = 0;
    for (const ast::Selection& selection : selections) sum = add(sum, cost(parent, selection));
    return sum;
  }

  /// "users.edges.node": always down where it is dearest.
  std::string dearest_path(const Type& parent, const std::vector<ast::Selection>& selections) {
    if (selections.empty()) return {};
    const auto& dearest = *std::ranges::max_element(
        selections, {}, [&](const ast::Selection& one) { return cost(parent, one); });
    const Type& type = type_below(parent, dearest);
    if (dearest.kind == ast::Selection::Kind::spread) {
      return dearest_path(type, fragments_.at(dearest.name.text)->selections);
    }
    std::string rest = dearest_path(type, dearest.selections);
    if (dearest.kind == ast::Selection::Kind::inline_fragment) return rest;
    return std::string{dearest.response_name()} + (rest.empty() ? "" : "." + rest);
  }

 private:
  const Type& type_below(const Type& parent, const ast::Selection& selection) const {
    switch (selection.kind) {
      case ast::Selection::Kind::field:
        return *schema_.field_of(parent, selection.name.text)->use.type;
      case ast::Selection::Kind::inline_fragment:
        return selection.on ? *schema_.find(selection.on->text) : parent;
      case ast::Selection::Kind::spread:
        break;
    }
    return *schema_.find(fragments_.at(selection.name.text)->on.text);
  }

  std::uint64_t cost(const Type& parent, const ast::Selection& selection) {
    const Type& type = type_below(parent, selection);
    if (selection.kind == ast::Selection::Kind::spread) {
      return fragment_cost(type, *fragments_.at(selection.name.text));
    }
    const std::uint64_t below = measure(type, selection.selections);
    if (selection.kind == ast::Selection::Kind::inline_fragment) return below;
    return add(1, multiply(factor(parent, selection), below));
  }

  std::uint64_t fragment_cost(const Type& type, const ast::Fragment& fragment) {
    const auto known = measured_.find(&fragment);
    if (known != measured_.end()) return known->second;
    const std::uint64_t cost = measure(type, fragment.selections);
    measured_.emplace(&fragment, cost);
    return cost;
  }

  // How many objects the field may lead to, as far as its arguments tell.
  std::uint64_t factor(const Type& parent, const ast::Selection& selection) const {
    const Field& field = *schema_.field_of(parent, selection.name.text);
    bool is_page = false;
    std::optional<std::uint64_t> count;
    for (const std::string_view name : multipliers) {
      const Input* input = field.arguments.find(name);
      if (input == nullptr || input->use.type->name != "Int") continue;
      is_page = true;
      const Json asked = count_asked(*input, ast::find(selection.arguments, name));
      if (!asked.is_number_integer()) continue;
      const auto at_least_one = std::max<std::int64_t>(asked.get<std::int64_t>(), 1);
      count = std::max(count.value_or(1), static_cast<std::uint64_t>(at_least_one));
    }
    if (!is_page) return 1;
    return count.value_or(limits_.page_default);
  }

  // What the argument or its default says; null when that is left to the resolver.
  Json count_asked(const Input& input, const ast::Argument* given) const {
    const bool is_absent = given == nullptr || (given->value.kind == ast::Value::Kind::variable &&
                                                !variables_.contains(given->value.text));
    Json otherwise = input.default_value.value_or(Json{});
    if (is_absent) return otherwise;
    Json count = coerce_literal(input.use, given->value, variables_).value_or(Json{});
    return count.is_null() ? otherwise : count;
  }

  const Schema& schema_;
  const ast::Fragments& fragments_;
  const Json& variables_;
  const Limits& limits_;
  std::unordered_map<const ast::Fragment*, std::uint64_t> measured_;
};

bool asks_for_schema(const std::vector<ast::Selection>& selections) {
  return std::ranges::any_of(selections, [](const ast::Selection& selection) {
    return is_meta_root(selection) || asks_for_schema(selection.selections);
  });
}

}  // namespace

Checked<> check_depth(const ast::Document& document, const ast::Fragments& fragments,
                      const Limits& limits) {
  DepthMeter meter{fragments, limits};
  for (const ast::Operation& operation : document.operations) {
    CPC_TRY(const Depth depth, meter.measure(operation.selections, 0));
    if (depth.fields > limits.depth_max) return too_deep("operation", limits.depth_max);
  }
  return success();
}

Checked<std::uint64_t> check_cost(const Schema& schema, const ast::Fragments& fragments,
                                  const ast::Operation& operation, const Json& variables,
                                  const Limits& limits) {
  CostMeter meter{schema, fragments, variables, limits};
  const Type& root = *schema.root(operation.kind);
  const std::uint64_t cost = meter.measure(root, operation.selections);
  if (cost <= limits.cost_max) return cost;
  Refusal refusal =
      refuse(code::too_complex, "the operation costs more than " + std::to_string(limits.cost_max));
  refusal.problems.front().extensions = {{"cost", cost},
                                         {"costMax", limits.cost_max},
                                         {"path", meter.dearest_path(root, operation.selections)}};
  return refusal;
}

bool asks_for_schema(const ast::Document& document) {
  const auto asks = [](const auto& definition) { return asks_for_schema(definition.selections); };
  return std::ranges::any_of(document.operations, asks) ||
         std::ranges::any_of(document.fragments, asks);
}

}  // namespace cpc::graphql
