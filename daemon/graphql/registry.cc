#include "daemon/graphql/registry.h"

#include <utility>

namespace cpc::graphql {

template <class Map, class Worker>
void Registry::put(Map& map, const Type* type, std::string_view name, Worker worker) {
  const bool is_object = type != nullptr && type->kind == TypeKind::object && !type->is_meta();
  const Field* field = is_object ? type->fields.find(name) : nullptr;
  const bool is_kept = field != nullptr && worker && map.emplace(field, std::move(worker)).second;
  if (is_kept || !mistake_.empty()) return;
  mistake_ = std::string{type != nullptr ? type->name : "?"} + "." + std::string{name} +
             " is no field of an object type, or was given twice or nobody";
}

void Registry::add(const Schema& schema, std::string_view type, std::string_view field,
                   Resolver resolver) {
  put(resolvers_, schema.find(type), field, std::move(resolver));
}

void Registry::add(const Schema& schema, std::string_view field, Source source) {
  put(sources_, schema.root(OperationKind::subscription), field, std::move(source));
}

Result<> Registry::check(const Schema& schema) const {
  if (!mistake_.empty()) return fail(ErrorCode::invalid, mistake_);
  for (const OperationKind kind :
       {OperationKind::query, OperationKind::mutation, OperationKind::subscription}) {
    const Type* root = schema.root(kind);
    if (root == nullptr) continue;
    for (const Field& field : root->fields) {
      const bool is_served = kind == OperationKind::subscription ? source(field) != nullptr
                                                                 : resolver(field) != nullptr;
      if (!is_served) {
        return fail(ErrorCode::invalid,
                    "nobody works for " + std::string{root->name} + "." + std::string{field.name});
      }
    }
  }
  return success();
}

}  // namespace cpc::graphql
