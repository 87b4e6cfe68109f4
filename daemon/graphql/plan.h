// What is to be done for the objects of one type below one field: CollectFields and the arguments
// (sections 6.3.2, 6.4.1). The same for all items of a list, so it is made once and kept.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "daemon/graphql/ast.h"
#include "daemon/graphql/schema.h"

namespace cpc::graphql {

struct Plan;

struct PlannedField {
  std::string_view response_name;
  std::vector<const ast::Selection*> nodes;  ///< All that were merged; the first has the arguments.
  const Field* field = nullptr;
  Json args;
  std::optional<Refusal> args_refusal;
  std::unordered_map<const Type*, std::unique_ptr<Plan>>
      below;  ///< By type of the field's objects.
};

struct Plan {
  const Type* type = nullptr;
  std::vector<PlannedField> fields;  ///< In the order of the document.
};

/// Makes the plans of one execution.
class Planner {
 public:
  /// All must outlive the planner and its plans.
  Planner(const Schema& schema, const ast::Fragments& fragments, const Json& variables)
      : schema_(schema), fragments_(fragments), variables_(variables) {}

  /// For objects of `type` at the root. A null in the condition of @skip or @include is false.
  [[nodiscard]] std::unique_ptr<Plan> root(const Type& type,
                                           const std::vector<ast::Selection>& selections);

  /// For objects of `type` that `field` leads to.
  [[nodiscard]] Plan& below(PlannedField& field, const Type& type);

 private:
  class Collector;
  void take_arguments(Plan& plan) const;

  const Schema& schema_;
  const ast::Fragments& fragments_;
  const Json& variables_;
};

/// One operation with its variables, ready to be run: once, or for each event of a subscription,
/// which then plans nothing anew.
struct PlannedOperation {
  /// What the planner needs outlives this.
  PlannedOperation(Planner made, const Type& type, const std::vector<ast::Selection>& selections)
      : planner(made), root(planner.root(type, selections)) {}
  Planner planner;
  std::unique_ptr<Plan> root;
};

}  // namespace cpc::graphql
