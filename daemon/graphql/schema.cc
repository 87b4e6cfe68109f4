#include "daemon/graphql/schema.h"

#include <algorithm>

namespace cpc::graphql {

std::string TypeUse::text() const {
  return wrapping.around(type->name);
}

bool Type::can_be(const Type& object) const {
  return std::ranges::find(possible, &object) != possible.end();
}

bool Directive::may_stand_on(std::string_view location) const {
  return std::ranges::find(locations, location) != locations.end();
}

const Type* Schema::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

const Field* Schema::field_of(const Type& parent, std::string_view name) const {
  if (!name.starts_with("__")) return parent.fields.find(name);
  const bool is_everywhere = name == "__typename";
  if (!is_everywhere && &parent != root(OperationKind::query)) return nullptr;
  return meta_fields_.find(name);
}

bool is_subtype(const TypeUse& use, const TypeUse& wanted) {
  if (wanted.is_non_null()) {
    return use.is_non_null() && is_subtype(use.nullable(), wanted.nullable());
  }
  if (use.is_non_null()) return is_subtype(use.nullable(), wanted);
  if (use.is_list() || wanted.is_list()) {
    return use.is_list() && wanted.is_list() && is_subtype(use.item(), wanted.item());
  }
  if (use.type == wanted.type) return true;
  if (wanted.type->kind == TypeKind::union_of) return wanted.type->can_be(*use.type);
  return std::ranges::find(use.type->interfaces, wanted.type) != use.type->interfaces.end();
}

bool overlap(const Type& left, const Type& right) {
  return &left == &right || std::ranges::any_of(left.possible, [&](const Type* object) {
    return right.can_be(*object);
  });
}

}  // namespace cpc::graphql
