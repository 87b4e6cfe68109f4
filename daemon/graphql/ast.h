// A document as it was written: what the parser makes and everything else reads (appendix B.4).
// Names point into Document::text; places are offsets into it, see locate().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "daemon/graphql/operation_kind.h"

namespace cpc::graphql {

/// The lists and exclamation marks around a named type (section 3.4.1): `[X!]` is one list,
/// non-null at level 1. Level 0 is the outermost. A plain value, because types are compared all the
/// time.
struct Wrapping {
  static constexpr std::uint8_t lists_max = 16;
  std::uint8_t lists = 0;
  std::uint32_t non_null_levels = 0;  ///< Bit i: level i is non-null.

  bool operator==(const Wrapping&) const = default;
  [[nodiscard]] bool is_list() const { return lists > 0; }
  [[nodiscard]] bool is_non_null() const { return (non_null_levels & 1U) != 0; }
  [[nodiscard]] Wrapping nullable() const { return {lists, non_null_levels & ~1U}; }
  [[nodiscard]] Wrapping non_null() const { return {lists, non_null_levels | 1U}; }
  /// What is in the list. Only for lists.
  [[nodiscard]] Wrapping item() const {
    return {static_cast<std::uint8_t>(lists - 1), non_null_levels >> 1};
  }
  [[nodiscard]] std::string around(std::string_view name) const;
};

namespace ast {

struct Name {
  std::string_view text;
  std::uint32_t at = 0;
};

struct Argument;

/// Section 2.9.
struct Value {
  enum class Kind { variable, integer, floating, string, boolean, null, enumeration, list, object };
  Kind kind = Kind::null;
  std::uint32_t at = 0;
  std::string text;              ///< Name of a variable, number as written, meaning of a string ...
  std::vector<Value> items;      ///< Of a list.
  std::vector<Argument> fields;  ///< Of an object.
};

/// `name: value`, in arguments and in object values.
struct Argument {
  Name name;
  Value value;
};

struct Directive {
  Name name;
  std::vector<Argument> arguments;
};
using Directives = std::vector<Directive>;

struct TypeRef {
  Name name;
  Wrapping wrapping;
};

struct Selection {
  enum class Kind { field, spread, inline_fragment };
  Kind kind = Kind::field;
  std::uint32_t at = 0;
  std::string_view alias;  ///< Empty if none.
  Name name;               ///< Of the field, or of the fragment spread.
  std::optional<Name> on;  ///< Type condition of an inline fragment.
  std::vector<Argument> arguments;
  Directives directives;
  std::vector<Selection> selections;  ///< Empty if there is no selection set.

  [[nodiscard]] std::string_view response_name() const { return alias.empty() ? name.text : alias; }
};

struct VariableDefinition {
  Name name;
  TypeRef type;
  std::optional<Value> default_value;
  Directives directives;
};

struct Operation {
  OperationKind kind = OperationKind::query;
  Name name;  ///< Empty text if anonymous; `at` is then where the operation starts.
  std::vector<VariableDefinition> variables;
  Directives directives;
  std::vector<Selection> selections;
};

struct Fragment {
  Name name;
  Name on;
  Directives directives;
  std::vector<Selection> selections;
};

/// An argument or an input field (section 3.6.1, 3.10).
struct InputDefinition {
  std::string description;
  Name name;
  TypeRef type;
  std::optional<Value> default_value;
  Directives directives;
};

struct FieldDefinition {
  std::string description;
  Name name;
  std::vector<InputDefinition> arguments;
  TypeRef type;
  Directives directives;
};

struct EnumValueDefinition {
  std::string description;
  Name name;
  Directives directives;
};

enum class TypeKind { scalar, object, interface, union_of, enumeration, input };

/// A type, or with `extends` an addition to one (section 3.4.3).
struct TypeDefinition {
  TypeKind kind = TypeKind::scalar;
  bool extends = false;
  std::string description;
  Name name;
  std::vector<Name> interfaces;
  Directives directives;
  std::vector<FieldDefinition> fields;      ///< Of objects and interfaces.
  std::vector<Name> members;                ///< Of unions.
  std::vector<EnumValueDefinition> values;  ///< Of enums.
  std::vector<InputDefinition> inputs;      ///< Of input objects.
};

struct DirectiveDefinition {
  std::string description;
  Name name;
  std::vector<InputDefinition> arguments;
  bool repeatable = false;
  std::vector<Name> locations;
};

struct RootDefinition {
  OperationKind kind = OperationKind::query;
  Name type;
};

struct SchemaDefinition {
  bool extends = false;
  std::uint32_t at = 0;
  std::string description;
  Directives directives;
  std::vector<RootDefinition> roots;
};

/// Not to be copied or moved: the names point into `text`.
struct Document {
  explicit Document(std::string source) : text(std::move(source)) {}
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  const std::string text;
  std::vector<Operation> operations;
  std::vector<Fragment> fragments;
  std::vector<SchemaDefinition> schemas;
  std::vector<TypeDefinition> types;
  std::vector<DirectiveDefinition> directives;
};

using Fragments = std::unordered_map<std::string_view, const Fragment*>;
/// The fragments of `document` by name; the first of each.
[[nodiscard]] Fragments fragments_of(const Document& document);

/// `value` as GraphQL text, as introspection shows defaults.
[[nodiscard]] std::string to_text(const Value& value);

/// Whether both mean the same text; the order of object fields does not matter.
[[nodiscard]] bool same(const Value& left, const Value& right);
[[nodiscard]] bool same(const std::vector<Argument>& left, const std::vector<Argument>& right);

/// The argument of that name, or null.
[[nodiscard]] const Argument* find(const std::vector<Argument>& arguments, std::string_view name);

}  // namespace ast
}  // namespace cpc::graphql
