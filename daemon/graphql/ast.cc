#include "daemon/graphql/ast.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace cpc::graphql {

std::string Wrapping::around(std::string_view name) const {
  std::string text(lists, '[');
  text += name;
  for (unsigned level = lists;; --level) {
    if ((non_null_levels >> level & 1U) != 0) text += '!';
    if (level == 0) return text;
    text += ']';
  }
}

namespace ast {
namespace {

template <class Items, class Print>
std::string joined(const Items& items, Print print) {
  std::string text;
  for (const auto& item : items) {
    if (!text.empty()) text += ", ";
    text += print(item);
  }
  return text;
}

}  // namespace

Fragments fragments_of(const Document& document) {
  Fragments fragments;
  for (const Fragment& fragment : document.fragments) {
    fragments.emplace(fragment.name.text, &fragment);
  }
  return fragments;
}

std::string to_text(const Value& value) {
  switch (value.kind) {
    case Value::Kind::variable:
      return "$" + value.text;
    case Value::Kind::string:  // JSON's escapes are all escapes of GraphQL.
      return nlohmann::json(value.text).dump();
    case Value::Kind::list:
      return "[" + joined(value.items, [](const Value& item) { return to_text(item); }) + "]";
    case Value::Kind::object:
      return "{" +
             joined(value.fields,
                    [](const Argument& field) {
                      return std::string{field.name.text} + ": " + to_text(field.value);
                    }) +
             "}";
    default:
      return value.text;
  }
}

const Argument* find(const std::vector<Argument>& arguments, std::string_view name) {
  const auto found = std::find_if(arguments.begin(), arguments.end(),
                                  [&](const Argument& one) { return one.name.text == name; });
  return found == arguments.end() ? nullptr : &*found;
}

bool same(const Value& left, const Value& right) {
  return left.kind == right.kind && left.text == right.text &&
         std::equal(left.items.begin(), left.items.end(), right.items.begin(), right.items.end(),
                    [](const Value& one, const Value& other) { return same(one, other); }) &&
         same(left.fields, right.fields);
}

// Sorted by name first: an attacker may send two thousand fields, and compare them again and again.
bool same(const std::vector<Argument>& left, const std::vector<Argument>& right) {
  if (left.size() != right.size()) return false;
  const auto sorted = [](const std::vector<Argument>& arguments) {
    std::vector<const Argument*> order;
    for (const Argument& argument : arguments) order.push_back(&argument);
    std::stable_sort(order.begin(), order.end(), [](const Argument* one, const Argument* other) {
      return one->name.text < other->name.text;
    });
    return order;
  };
  const std::vector<const Argument*> ours = sorted(left);
  const std::vector<const Argument*> theirs = sorted(right);
  return std::equal(ours.begin(), ours.end(), theirs.begin(),
                    [](const Argument* one, const Argument* other) {
                      return one->name.text == other->name.text && same(one->value, other->value);
                    });
}

}  // namespace ast
}  // namespace cpc::graphql
