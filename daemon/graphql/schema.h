// The types that can be asked for (section 3), proved consistent by schema_build, read by
// everything.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/result.h"
#include "daemon/graphql/ast.h"
#include "daemon/graphql/problem.h"
#include "daemon/graphql/scalar.h"

namespace cpc::graphql {

using ast::TypeKind;
struct Type;

/// A type as used by a field, an argument or a variable: `[User!]!`.
struct TypeUse {
  const Type* type = nullptr;  ///< Never null once the schema is built.
  Wrapping wrapping;

  bool operator==(const TypeUse&) const = default;
  [[nodiscard]] bool is_list() const { return wrapping.is_list(); }
  [[nodiscard]] bool is_non_null() const { return wrapping.is_non_null(); }
  [[nodiscard]] TypeUse nullable() const { return {type, wrapping.nullable()}; }
  [[nodiscard]] TypeUse item() const { return {type, wrapping.item()}; }
  [[nodiscard]] std::string text() const;
};

/// Things with a `name`, in the order of the SDL, found by name.
template <class Item>
class Table {
 public:
  /// Keeps `item`, unless there is one of that name already: then null.
  Item* add(Item item) {
    if (!index_.emplace(item.name, items_.size()).second) return nullptr;
    items_.push_back(std::move(item));
    return &items_.back();
  }
  [[nodiscard]] const Item* find(std::string_view name) const {
    const auto found = index_.find(name);
    return found == index_.end() ? nullptr : &items_[found->second];
  }
  [[nodiscard]] auto begin() const { return items_.begin(); }
  [[nodiscard]] auto end() const { return items_.end(); }
  [[nodiscard]] auto begin() { return items_.begin(); }
  [[nodiscard]] auto end() { return items_.end(); }
  [[nodiscard]] bool empty() const { return items_.empty(); }
  [[nodiscard]] std::size_t size() const { return items_.size(); }

 private:
  std::vector<Item> items_;
  std::unordered_map<std::string_view, std::size_t> index_;
};

/// An argument or an input field.
struct Input {
  std::string_view name;
  std::string description;
  TypeUse use;
  const ast::Value* default_literal = nullptr;  ///< As written; null if there is none.
  std::optional<Json> default_value;            ///< Coerced.
  std::optional<std::string> deprecation;       ///< The reason, if deprecated.
  std::uint32_t at = 0;                         ///< In the SDL.

  /// Must be given, and not as null (section 5.4.2.1).
  [[nodiscard]] bool is_required() const { return use.is_non_null() && !default_literal; }
};

struct Field {
  std::string_view name;
  std::string description;
  Table<Input> arguments;
  TypeUse use;
  std::optional<std::string> deprecation;
  std::uint32_t at = 0;
};

struct EnumValue {
  std::string_view name;
  std::string description;
  std::optional<std::string> deprecation;
};

struct Type {
  std::string_view name;
  TypeKind kind = TypeKind::scalar;
  std::string description;
  std::optional<std::string> specified_by;
  const Scalar* scalar = nullptr;       ///< Of scalars.
  Table<Field> fields;                  ///< Of objects and interfaces.
  Table<EnumValue> values;              ///< Of enums.
  Table<Input> inputs;                  ///< Of input objects.
  std::vector<const Type*> interfaces;  ///< Of objects and interfaces.
  std::vector<const Type*> possible;    ///< Objects: of unions and interfaces; of objects itself.
  std::uint32_t at = 0;

  [[nodiscard]] bool is_leaf() const {
    return kind == TypeKind::scalar || kind == TypeKind::enumeration;
  }
  [[nodiscard]] bool is_composite() const { return kind == TypeKind::object || is_abstract(); }
  [[nodiscard]] bool is_abstract() const {
    return kind == TypeKind::interface || kind == TypeKind::union_of;
  }
  [[nodiscard]] bool is_input() const { return is_leaf() || kind == TypeKind::input; }
  [[nodiscard]] bool is_output() const { return kind != TypeKind::input; }
  /// Belongs to introspection (section 4).
  [[nodiscard]] bool is_meta() const { return name.starts_with("__"); }
  [[nodiscard]] bool can_be(const Type& object) const;
};

struct Directive {
  std::string_view name;
  std::string description;
  Table<Input> arguments;
  std::vector<std::string_view> locations;
  bool is_repeatable = false;

  [[nodiscard]] bool may_stand_on(std::string_view location) const;
};

class Schema {
 public:
  /// Builds and checks (section 3, "Type Validation" of each kind). Fails with invalid; the detail
  /// begins with `line:column:` in `sdl`. Every scalar that is not built in must be in `scalars`,
  /// and all of `scalars` in `sdl`.
  [[nodiscard]] static Result<std::unique_ptr<Schema>> build(std::string sdl, Scalars scalars);

  [[nodiscard]] const Type* find(std::string_view name) const;
  [[nodiscard]] const Directive* find_directive(std::string_view name) const {
    return directives_.find(name);
  }
  /// The root type of that kind of operation, or null if it is not supported.
  [[nodiscard]] const Type* root(OperationKind kind) const {
    return roots_[static_cast<std::size_t>(kind)];
  }
  /// The field `name` of a composite type, with __typename everywhere and __schema and __type at
  /// the query root (section 4.1, 4.2); else null.
  [[nodiscard]] const Field* field_of(const Type& parent, std::string_view name) const;
  /// The use that `ref` means; its type is null if there is no such type.
  [[nodiscard]] TypeUse use_of(const ast::TypeRef& ref) const {
    return {find(ref.name.text), ref.wrapping};
  }

  [[nodiscard]] const std::vector<std::unique_ptr<Type>>& types() const { return types_; }
  [[nodiscard]] const Table<Directive>& directives() const { return directives_; }
  [[nodiscard]] const std::string& description() const { return description_; }

 private:
  friend class SchemaBuilder;
  Schema() = default;

  std::shared_ptr<const ast::Document> document_;  ///< Owns every name.
  Scalars scalars_;
  std::string description_;
  std::vector<std::unique_ptr<Type>> types_;
  std::unordered_map<std::string_view, Type*> by_name_;
  Table<Directive> directives_;
  const Type* roots_[3] = {};
  Table<Field> meta_fields_;  ///< __typename, __schema, __type.
};

/// Whether a value of `use` may stand where `wanted` is expected: equal, or a narrower type
/// (IsValidImplementationFieldType, section 3.6.1).
[[nodiscard]] bool is_subtype(const TypeUse& use, const TypeUse& wanted);

/// Whether some object can be both (GetPossibleTypes, section 5.5.2.3).
[[nodiscard]] bool overlap(const Type& left, const Type& right);

}  // namespace cpc::graphql
