#include "daemon/graphql/plan.h"

#include <unordered_set>
#include <utility>

#include "daemon/graphql/coerce.h"

namespace cpc::graphql {

// CollectFields() (section 6.3.2) for one plan.
class Planner::Collector {
 public:
  Collector(const Planner& self, Plan& plan) : self_(self), plan_(plan) {}

  void collect(const std::vector<ast::Selection>& selections) {
    for (const ast::Selection& selection : selections) {
      if (is_left_out(selection.directives)) continue;
      switch (selection.kind) {
        case ast::Selection::Kind::field:
          add(selection);
          break;
        case ast::Selection::Kind::inline_fragment:
          if (!selection.on || applies(selection.on->text)) collect(selection.selections);
          break;
        case ast::Selection::Kind::spread: {
          const ast::Fragment& fragment = *self_.fragments_.at(selection.name.text);
          if (spread_.insert(&fragment).second && applies(fragment.on.text)) {
            collect(fragment.selections);
          }
          break;
        }
      }
    }
  }

 private:
  void add(const ast::Selection& selection) {
    const auto [known, is_new] = index_.emplace(selection.response_name(), plan_.fields.size());
    if (is_new) {
      PlannedField field;
      field.response_name = selection.response_name();
      field.field = self_.schema_.field_of(*plan_.type, selection.name.text);
      plan_.fields.push_back(std::move(field));
    }
    plan_.fields[known->second].nodes.push_back(&selection);
  }

  [[nodiscard]] bool applies(std::string_view condition) const {
    return self_.schema_.find(condition)->can_be(*plan_.type);
  }

  [[nodiscard]] bool is_left_out(const ast::Directives& directives) const {
    for (const ast::Directive& directive : directives) {
      const bool is_skip = directive.name.text == "skip";
      if (!is_skip && directive.name.text != "include") continue;
      if (condition(directive) == is_skip) return true;
    }
    return false;
  }

  [[nodiscard]] bool condition(const ast::Directive& directive) const {
    const ast::Value& value = ast::find(directive.arguments, "if")->value;
    if (value.kind != ast::Value::Kind::variable) return value.text == "true";
    const auto variable = self_.variables_.find(value.text);
    return variable != self_.variables_.end() && *variable == true;
  }

  const Planner& self_;
  Plan& plan_;
  std::unordered_map<std::string_view, std::size_t> index_;
  std::unordered_set<const ast::Fragment*> spread_;
};

std::unique_ptr<Plan> Planner::root(const Type& type,
                                    const std::vector<ast::Selection>& selections) {
  auto plan = std::make_unique<Plan>();
  plan->type = &type;
  Collector{*this, *plan}.collect(selections);
  take_arguments(*plan);
  return plan;
}

Plan& Planner::below(PlannedField& field, const Type& type) {
  std::unique_ptr<Plan>& plan = field.below[&type];
  if (plan == nullptr) {
    plan = std::make_unique<Plan>();
    plan->type = &type;
    Collector collector{*this, *plan};
    for (const ast::Selection* node : field.nodes) collector.collect(node->selections);
    take_arguments(*plan);
  }
  return *plan;
}

void Planner::take_arguments(Plan& plan) const {
  for (PlannedField& field : plan.fields) {
    Checked<Json> args =
        coerce_arguments(field.field->arguments, field.nodes.front()->arguments, variables_);
    if (args) {
      field.args = std::move(args).value();
    } else {
      field.args_refusal = std::move(args).error();
    }
  }
}

}  // namespace cpc::graphql
